"""What a run has brought: counted as it passes, said in a few lines or as one object."""

from pathlib import Path

import pytest

from addons import summary
from addons.tally import Histogram, Kind, Tally
from contract.events import Side
from contract.findings import Finding, Output, Severity, StreamVerdict, Verdict
from recordings.drained import Drained, Ended


def ended(
    number: int, outcome: str = "complete", *, role: str | None = "issue", stream: bool = True
) -> Ended:
    return Ended(
        *(number, 0, 0, "http", "POST", "http", "localhost", 3002, "/a", "127.0.0.1:1", None, 200),
        *(role, "stream-1", "s", outcome, 500, 100, 3, 20, 5, 60, stream),
    )


def finding(code: str, name: str, severity: Severity, verdict: Verdict = Verdict.FAIL) -> Finding:
    return Finding(code, name, severity, verdict, "A sentence.", 1, "", "", Side.CLIENT, 5)


def verdict(*, echoed: int | None = None, accepted: bool | None = None) -> StreamVerdict:
    return StreamVerdict("stream-1", "s", 1, True, echoed, accepted, 200, 7)


def tally(outputs: list[Output], over: list[Ended], *, streams: int = 0) -> Tally:
    counted = Tally()
    counted.add(Drained(outputs, {}, over, streams, streams, [], []))
    return counted


EC203 = finding("EC203", "echo-fabricated", Severity.ERROR)
CO408 = finding("CO408", "vary-origin", Severity.WARNING)
CO402 = finding("CO402", "id-not-exposed", Severity.ERROR, Verdict.INCONCLUSIVE)
ECHOES = [verdict(), verdict(echoed=2, accepted=True), verdict(echoed=3, accepted=False), verdict(echoed=4)]
OVER = [ended(1), ended(2, "client-abort"), ended(3, "complete", role=None, stream=False)]
BUSY = tally([*ECHOES, CO402, CO408, CO408, EC203], OVER, streams=1)


def test_exchanges_streams_ids_and_findings_are_counted_apart() -> None:
    assert BUSY.exchanges == {
        ("issue", "complete"): 1,
        ("issue", "client-abort"): 1,
        ("other", "complete"): 1,
    }
    assert BUSY.streams == {"complete": 1, "client-abort": 1}
    assert (BUSY.open_exchanges, BUSY.open_streams) == (1, 1)
    assert BUSY.issued == 1
    assert BUSY.echoes == {"accepted": 1, "refused": 1, "undecided": 1}
    assert BUSY.findings[Kind("CO408", "vary-origin", Severity.WARNING, Verdict.FAIL)] == 2


def test_the_summary_says_it_in_a_few_lines_the_worst_first_and_the_undecided_apart() -> None:
    found = summary.summary(BUSY, 4, (3, 700), Path("run.db"))
    assert summary.lines(found) == [
        "streamid: 4 exchanges, 3 streams, 1 error, 2 warnings",
        "  streams: 1 client-abort, 1 complete, 1 open",
        "  IDs: 1 issued; sent back: 1 accepted, 1 refused, 1 undecided",
        "  error: EC203 echo-fabricated ×1",
        "  warning: CO408 vary-origin ×2",
        "  undecided: CO402 id-not-exposed ×1",
        "  NOT recorded: 3 events, 700 bytes",
        "  recording: run.db",
    ]


def test_a_quiet_run_is_one_line() -> None:
    assert summary.lines(summary.summary(Tally(), 0, (0, 0), None)) == [
        "streamid: 0 exchanges, 0 streams, no findings"
    ]


def test_the_summary_as_an_object_has_the_same_figures() -> None:
    fields = summary.fields(summary.summary(BUSY, 4, (3, 700), None))
    assert fields["streams"] == {"client-abort": 1, "complete": 1, "open": 1}
    assert [(each["code"], each["verdict"], each["count"]) for each in fields["findings"]] == [
        ("CO402", "inconclusive", 1),
        ("EC203", "fail", 1),
        ("CO408", "fail", 2),
    ]
    assert (fields["lost_events"], fields["lost_bytes"], fields["recording"]) == (3, 700, None)


def test_a_histogram_counts_a_bound_itself_as_below_it() -> None:
    histogram = Histogram((0.001, 0.5))
    histogram.add([1001, 0, 1000])
    histogram.add([500_000, 500_001])
    at_most, total = histogram.distribution
    assert at_most == (2, 4, 5)
    assert total == pytest.approx(1.002002)


def test_a_scrape_never_sees_half_of_what_a_drain_adds() -> None:
    histogram = Histogram((1.0,))
    before = histogram.distribution
    histogram.add([5] * 1000)
    assert before == ((0, 0), 0.0)
    assert histogram.distribution.at_most == (1000, 1000)
