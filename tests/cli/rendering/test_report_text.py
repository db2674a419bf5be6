from cli.rendering.report_text import counts_line, exchange_line, report_lines
from replay.baseline import Defect
from tests.cli.rendering.reports import NASTY, finding, hostile, report


def test_findings_of_one_exchange_stand_under_its_line_with_their_evidence() -> None:
    one = finding("One.").model_copy(
        update={"method": "POST", "url": "http://h/p?q", "evidence": {"sent": "x"}}
    )
    two = one.model_copy(update={"message": "Two.", "evidence": {}})
    lines = list(report_lines(report(one, two)))
    assert lines[0].endswith("s\x1b[0m")
    assert [line.split("\x1b")[0] for line in lines[1:2]] == ["  #4  POST /p?q → "]
    assert [line.split()[-1] for line in lines[2:5]] == ["One.", "x", "Two."]
    assert lines[3].strip() == "sent: x"


def test_what_the_baseline_knows_and_what_is_gone_is_told() -> None:
    made = report().model_copy(
        update={
            "known": 3,
            "left_out": 1,
            "gone": [Defect("EC203", "client", "POST /p", "The ID # is \x1b.")],
        }
    )
    assert list(report_lines(made))[:-1] == [
        "1 more finding not listed; --limit 0 lists all",
        "3 findings known by the baseline, not counted",
        "in the baseline, but not found any more: EC203 at POST /p: The ID # is \\x1b.",
    ]


def test_an_exchange_without_a_line_in_the_recording_is_only_a_number() -> None:
    assert exchange_line(finding().model_copy(update={"method": ""})) == ""
    assert exchange_line(finding().model_copy(update={"status": None})).endswith("→ no answer")


def test_hostile_values_neither_move_the_cursor_nor_begin_a_line() -> None:
    for line in report_lines(hostile()):
        plain = line
        for code in ("\x1b[1m", "\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"):
            plain = plain.replace(code, "")
        assert plain.isprintable(), line
    assert counts_line(report(profile="".join(NASTY))).isprintable()
