from pathlib import Path

import pytest

from recordings.configuration import sources, suggestion


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert sources(tmp_path / "streamid.toml") == []
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.other]\nvalidate = 1\n')
    assert sources(tmp_path / "streamid.toml") == []


def test_the_own_file_comes_first_and_each_key_has_its_place(tmp_path: Path) -> None:
    own, shared = tmp_path / "streamid.toml", tmp_path / "pyproject.toml"
    own.write_text('log = "json"\n\n[validate]\nselect = "ID"\n')
    shared.write_text('[tool.streamid.validate]\nignore = ["EC"]\n')
    first, second = sources(own)
    assert first.table("validate") == {"select": "ID"}
    assert first.table("other") == {}
    assert first.where("validate", "select") == f"{own}:4: validate.select"
    assert second.table("validate") == {"ignore": ["EC"]}
    assert second.where("validate", "ignore") == f"{shared}:2: tool.streamid.validate.ignore"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("streamid.toml", b"a = 1\nb = \n", "streamid.toml:2: not TOML: "),
        ("pyproject.toml", b"[tool", "pyproject.toml:1: not TOML: "),
        ("streamid.toml", b'a = "\xff"', "streamid.toml: is no text in UTF-8"),
        (
            "pyproject.toml",
            b"[tool]\nstreamid = 3\n",
            "pyproject.toml: tool.streamid: must be a table, not 3",
        ),
        ("pyproject.toml", b"tool = 3\n", "pyproject.toml: tool: must be a table, not 3"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(ValueError, match="toml") as caught:
        sources(tmp_path / "streamid.toml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "streamid.toml").mkdir()
    with pytest.raises(ValueError, match=r"streamid\.toml: cannot read: Is a directory"):
        sources(tmp_path / "streamid.toml")


def test_a_table_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "streamid.toml").write_text("validate = 3\n")
    (source,) = sources(tmp_path / "streamid.toml")
    with pytest.raises(ValueError, match=r"streamid\.toml:1: validate: must be a table, not 3"):
        source.table("validate")


def test_what_was_perhaps_meant_is_suggested() -> None:
    assert suggestion("selcet", ["select", "ignore"]) == "; did you mean select?"
    assert suggestion("zzz", ["select", "ignore"]) == " (there are: select, ignore)"
