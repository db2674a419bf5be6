"""`streamid cause`: which causes are explained, and how they are printed."""

import json

import pytest

from contract.causes import CAUSES
from contract.vantage import ALIKE, ALIKE_BEHIND
from tests.cli.streamid import streamid


def test_a_cause_is_explained_with_what_looks_like_it() -> None:
    result = streamid("cause", "server-race")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "server-race (service)"
    assert lines[1] == "  The service sends the ID before it has stored it."
    assert lines[2].startswith("  told by: the right ID is refused soon")
    assert "server-not-stored" in lines[3]


def test_case_does_not_matter_and_a_beginning_will_do() -> None:
    assert streamid("cause", "Server-RACE").stdout == streamid("cause", "server-race").stdout
    named = json.loads(streamid("cause", "cors-pre", "cors", "--format", "json").stdout)
    codes = [each["code"] for each in named]
    assert codes[:3] == ["cors-preflight-only", "cors-preflight-refused", "cors-preflight-incomplete"]
    assert sorted(codes) == sorted(code for code in CAUSES if code.startswith("cors"))


def test_the_table_has_all_of_them() -> None:
    result = streamid("cause", "--all")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["cause", *CAUSES]


def test_json_has_all_that_is_known_of_each() -> None:
    found = json.loads(streamid("cause", "--all", "--format", "json").stdout)
    for fields, cause in zip(found, CAUSES.values(), strict=True):
        assert fields["code"] == cause.code
        assert (fields["party"], fields["means"], fields["told_by"]) == (
            cause.party.value,
            cause.means,
            cause.told_by,
        )
        assert set(fields["alike_from_client"]) == set(ALIKE.get(cause.code, ())) - {cause.code}
        assert set(fields["alike_from_server"]) == set(ALIKE_BEHIND.get(cause.code, ()))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("serverrace", "did you mean server-race?"),
        ("nothing-of-the-sort", "streamid cause --all lists them"),
        ("", "streamid cause --all lists them"),
        ("a\x1b[31m\n", r"a\x1b[31m\n: there is no such cause"),
    ],
)
def test_a_cause_that_there_is_not_is_one_line(asked: str, told: str) -> None:
    result = streamid("cause", asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [(), ("--all", "server-race")])
def test_either_causes_or_all_of_them(arguments: tuple[str, ...]) -> None:
    result = streamid("cause", *arguments)
    assert result.exit_code == 2
    assert "Name one or more causes, or give --all." in result.stderr
