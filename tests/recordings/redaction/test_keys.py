import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recordings.redaction.keys import key_file, load_key


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return key_file()


def test_a_key_can_be_given_as_digits_base64_or_a_passphrase() -> None:
    key = bytes(range(200, 232))
    assert load_key(key.hex()) == key
    assert load_key(base64.b64encode(key).decode()) == key
    assert load_key(base64.urlsafe_b64encode(key).decode().rstrip("=")) == key
    assert load_key("correct horse battery staple") == b"correct horse battery staple"
    assert load_key("z" * 64) == b"z" * 64


def test_a_short_key_is_refused_in_one_line(config: Path) -> None:
    with pytest.raises(ValueError, match="at least 16 characters") as refused:
        load_key("short")
    assert "\n" not in str(refused.value)
    assert not config.exists()


@pytest.mark.parametrize("option", [None, ""])
def test_the_key_file_is_made_once_for_its_owner_alone(config: Path, option: str | None) -> None:
    key = load_key(option)
    assert len(key) == 32
    assert load_key(option) == key
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert [path.name for path in config.parent.iterdir()] == [config.name]


def test_all_who_make_it_at_once_get_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(load_key, [None] * 32))) == 1


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff\xfe", b"z" * 64])
def test_a_damaged_key_file_is_named(config: Path, content: bytes) -> None:
    config.parent.mkdir(parents=True)
    config.write_bytes(content)
    with pytest.raises(ValueError, match=r"redact\.key is damaged"):
        load_key(None)
    assert config.read_bytes() == content


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, config: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    with pytest.raises(ValueError, match="cannot be used") as refused:
        load_key(None)
    assert "\n" not in str(refused.value)
    assert str(config) in str(refused.value)
