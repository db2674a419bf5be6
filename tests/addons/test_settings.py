"""Options: parsed with one clear line for what is wrong, layered over `streamid.toml`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from addons import settings

STARTED = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)


def values(**changed: str) -> dict[str, str]:
    return {name: option.default for name, option in settings.OPTIONS.items()} | changed


def test_the_defaults_record_verify_and_redact() -> None:
    parsed = settings.parse(values(), STARTED)
    assert parsed.record == Path("recordings/2026-11-23T10-00-00Z.db")
    assert parsed.profile.name == "chat"
    assert 'name = "chat"' in parsed.profile_toml
    assert (parsed.redact, parsed.json_log, parsed.log_headers, parsed.redact_key) == (
        True,
        False,
        False,
        None,
    )


def test_recording_can_be_off() -> None:
    assert settings.parse(values(record="off"), STARTED).record is None


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("", None),
        ("off", None),
        ("9464", ("127.0.0.1", 9464)),
        ("0", ("127.0.0.1", 0)),
        ("localhost:9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_metrics_are_for_this_machine_unless_an_address_is_written(
    value: str, address: tuple[str, int] | None
) -> None:
    assert settings.parse(values(metrics=value), STARTED).metrics == address


@pytest.mark.parametrize(
    ("value", "size"),
    [("1m", 1 << 20), ("off", 0), ("OFF", 0), ("512k", 512 * 1024), ("100", 100), (" 64M ", 64 << 20)],
)
def test_how_much_content_is_kept_is_a_size_or_off(value: str, size: int) -> None:
    assert settings.parse(values(content=value), STARTED).content == size


def test_two_starts_in_one_second_do_not_share_a_name(tmp_path: Path) -> None:
    template = str(tmp_path / "{time}.db")
    first = settings.parse(values(record=template), STARTED).record
    assert first is not None
    first.touch()
    assert settings.parse(values(record=template), STARTED).record == tmp_path / "2026-11-23T10-00-00Z-2.db"


def test_a_path_that_was_named_is_taken_as_it_is(tmp_path: Path) -> None:
    taken = tmp_path / "run.db"
    taken.touch()
    assert settings.parse(values(record=str(taken)), STARTED).record == taken


def test_redact_takes_more_names() -> None:
    parsed = settings.parse(values(redact="on, pin ,answer"), STARTED)
    assert parsed.redact is True
    assert parsed.secret_names == ("pin", "answer")
    assert settings.parse(values(redact="off"), STARTED).redact is False


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("log", "xml", "streamid_log: 'xml' is none of text, json"),
        ("log_headers", "maybe", "streamid_log_headers: 'maybe' is none of true, false"),
        ("profile", "chatt", "streamid_profile: no profile 'chatt' (built in: "),
        ("profile", "missing.toml", "streamid_profile: cannot read missing.toml"),
        *[
            ("content", bad, f"streamid_content: '{bad}' is neither 'off' nor a size up to 64m, such as 512k")
            for bad in ("", "0", "k", "-1", "1g", "65m", "1.5m", "9" * 5000)
        ],
        ("redact_key", "short", "streamid_redact_key: too short"),
        ("record", "", "streamid_record: empty"),
        ("metrics", "nine", "streamid_metrics: 'nine' is no PORT (0 to 65535) or ADDRESS:PORT"),
        ("metrics", "65536", "streamid_metrics: '65536' is no PORT"),
        ("metrics", "²", "streamid_metrics: '²' is no PORT"),
        ("metrics", ":9464", "streamid_metrics: ':9464' names no IP address"),
        ("metrics", "::1:9464", "streamid_metrics: '::1:9464' names no IP address"),
        ("metrics", "[127.0.0.1]:9464", "streamid_metrics: '[127.0.0.1]:9464' names no IP address"),
        ("metrics", "metrics.example:9464", "streamid_metrics: 'metrics.example:9464' names no IP address"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_option(option: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^streamid_") as caught:
        settings.parse(values(**{option: value}), STARTED)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_bad_profile_file_is_named_with_its_line(tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text('name = "mine"\nsummery = "no such key"\n')
    with pytest.raises(ValueError, match=r"mine\.toml:\d+: summery"):
        settings.parse(values(profile=str(profile)), STARTED)


def test_the_file_in_the_folder_changes_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "streamid.toml"
    file.write_text(
        'log = "json"\nlog_headers = true\nredact = ["on", "pin"]\n[validate]\nfail-on = "error"\n'
    )
    found = settings.defaults(file)
    assert (found["log"], found["log_headers"], found["redact"]) == ("json", "true", "on,pin")
    assert found["profile"] == "chat"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('recrod = "x.db"\n', "streamid.toml:1: recrod: unknown key; did you mean record?"),
        ("log = 3\n", "log must be a string or true/false, not 3"),
        ("log = \n", "Invalid value"),
    ],
)
def test_a_bad_file_is_one_line_that_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "streamid.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"streamid\.toml") as caught:
        settings.defaults(file)
    assert said in str(caught.value)


def test_pyproject_gives_the_options_too_and_the_own_file_wins(tmp_path: Path) -> None:
    shared = '[project]\nname = "other"\n[tool.streamid]\nlog = "json"\nlog_headers = true\n'
    (tmp_path / "pyproject.toml").write_text(shared + '[tool.streamid.validate]\nfail-on = "never"\n')
    alone = settings.defaults(tmp_path / "streamid.toml")
    assert (alone["log"], alone["log_headers"]) == ("json", "true")
    (tmp_path / "streamid.toml").write_text('log = "text"\n')
    both = settings.defaults(tmp_path / "streamid.toml")
    assert (both["log"], both["log_headers"]) == ("text", "true")


def test_a_bad_key_in_pyproject_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.streamid]\nlog = "json"\nrecrod = "x"\n')
    with pytest.raises(ValueError, match=r"pyproject\.toml:3: tool\.streamid\.recrod: unknown key; did you"):
        settings.defaults(tmp_path / "streamid.toml")


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    assert (
        settings.unknown_option("streamid_recrod")
        == "unknown option streamid_recrod; did you mean streamid_record?"
    )
    assert "there are: streamid_profile" in settings.unknown_option("streamid_zzz")


def test_the_command_line_gives_our_options_and_no_others() -> None:
    line = "mitmdump -s x.py --set streamid_log=json --set anticache=true --set=streamid_record=a=b.db"
    assert settings.on_command_line(line.split()) == {"streamid_log": "json", "streamid_record": "a=b.db"}
