import json

from cli.rendering.report_json import report_json
from tests.cli.rendering.reports import FILES, NASTY, finding, hostile, report

KEYS = ["code", "name", "severity", "verdict", "message", "exchange", "stream", "side", "at", "evidence"]


def test_the_keys_are_the_documented_ones_whatever_else_the_report_knows() -> None:
    one = json.loads(report_json(report(finding())))
    assert list(one) == ["recordings", "profile", "exchanges", "streams", "findings", "summary"]
    assert [list(each) for each in one["findings"]] == [KEYS]
    several = json.loads(report_json(report(finding(recording="a.db"))))
    assert [list(each) for each in several["findings"]] == [["recording", *KEYS]]


def test_hostile_values_come_back_as_they_were_from_pure_ascii() -> None:
    text = report_json(hostile())
    assert text.isascii()
    assert all(line.isprintable() for line in text.splitlines())
    found = json.loads(text)
    assert found["recordings"] == list(FILES)
    assert {each["message"] for each in found["findings"]} == set(NASTY)
