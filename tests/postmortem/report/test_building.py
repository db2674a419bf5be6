import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, Deed, Event, Injection, Message, Side
from contract.incidents import Incident
from postmortem.diagnosing import Group
from postmortem.report.building import build
from postmortem.report.html import page
from postmortem.report.model import Report, Section, Source
from postmortem.report.rows import COLUMNS, rows_json
from postmortem.report.verdict import verdict
from recordings.reader import Recording
from recordings.rows import ExchangeRow, Run
from tests.cli.recorded import record, run_info
from tests.contract.build import CHUNK, FIRST, Talk
from tests.support.reports import diagnosed, fabricated, undecided

SAMPLES = Path(__file__).resolve().parents[3] / "recordings" / "samples"
MADE = datetime(2025, 1, 31, tzinfo=UTC)


@contextmanager
def source(path: Path, *incidents: Incident) -> Iterator[Source]:
    with Recording(path) as recording:
        yield Source(path.name, recording, diagnosed(path.name, *incidents))


def report_of(path: Path, *incidents: Incident, limit: int | None = 40) -> Report:
    with source(path, *incidents) as given_source:
        return build([given_source], version="1", made=MADE, limit=limit)


def test_the_verdict_counts_incidents_causes_and_what_could_not_be_decided() -> None:
    sample = SAMPLES / "echo-fabricated.db"
    race = fabricated(cause="server-race")
    for incidents, said in (
        ([], "No incident in 4 exchanges; rules found 2 errors and 1 warning."),
        ([fabricated(cause="other")], "1 incident in 4 exchanges: other."),
        (
            [fabricated(), race, race],
            "3 incidents of 2 causes in 4 exchanges: server-race (2), client-fabricated-id.",
        ),
        (
            [fabricated(cause="other"), undecided()],
            "2 incidents in 4 exchanges: other; 1 could not be decided.",
        ),
        ([undecided()], "1 incident in 4 exchanges, and what caused it could not be decided."),
        (
            [fabricated(cause="other", injected="strip-id")],
            "1 incident in 4 exchanges: other. It was made on purpose, by an injected fault.",
        ),
    ):
        assert verdict(report_of(sample, *incidents)) == said


def test_incidents_that_were_counted_but_not_listed_are_counted_in_the_report() -> None:
    with source(SAMPLES / "echo-fabricated.db", fabricated(cause="other")) as given_source:
        given_source.diagnosed.groups.append(Group("other", 4, 0, count=12_345))
        given_source.diagnosed.left_out = 12_344
        report = build([given_source], version="1", made=MADE)
    assert verdict(report) == "12,345 incidents in 4 exchanges: other (12,345)."
    assert "12,344 more like these are not shown" in page(report)


def test_an_incident_that_a_fault_made_says_which() -> None:
    report = report_of(SAMPLES / "echo-fabricated.db", fabricated(injected="strip-id"))
    assert 'made on purpose by the fault <b class="v">strip-id</b>' in page(report)


def test_an_undecided_incident_says_what_is_possible_and_what_would_decide() -> None:
    text = page(report_of(SAMPLES / "echo-fabricated.db", undecided()))
    assert "<b>Still possible</b>" in text
    assert ">network-request-rewritten</code>" in text
    assert "A recording between the gateway and the service." in text


def test_events_that_the_client_did_not_get_are_told_and_have_no_time_there(tmp_path: Path) -> None:
    events = Talk().stream(FIRST, answer=CHUNK * 4, size=len(CHUNK))
    chunks = [each for each in events if isinstance(each, Chunk) and each.message is Message.RESPONSE]
    only_sent = chunks[2]
    events[events.index(only_sent)] = Chunk(
        1, Message.RESPONSE, Side.SERVER, only_sent.at, only_sent.data, only_sent.size
    )
    (section,) = report_of(record(tmp_path / "lost.db", events)).sections
    stream = section.stories[0].details[0].stream
    assert stream is not None
    assert (stream.sent, stream.got) == (4, 3)
    assert stream.note == (
        "The service sent 4 events, the client got 3; from event 4 on they are not the same."
    )
    assert "service sent 4 events" in page(report_of(tmp_path / "lost.db"))


def test_what_a_fault_changed_is_told_with_the_exchange(tmp_path: Path) -> None:
    events: list[Event] = Talk().stream(FIRST)
    fault = "no-id", "strip-header", Message.RESPONSE
    events.insert(4, Injection(1, events[3].at, *fault, Deed.HEADER, "", 1, "X-A", b"one", None))
    (section,) = report_of(record(tmp_path / "struck.db", events)).sections
    assert section.stories[0].details[0].journal == ("no-id (strip-header): header X-A: one → nothing",)


def test_a_rule_that_is_not_known_here_has_findings_and_no_explanation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(code: str) -> None:
        raise KeyError(code)

    monkeypatch.setattr("postmortem.report.html.explanation", unknown)
    text = page(report_of(SAMPLES / "echo-fabricated.db"))
    assert 'id="rule-EC203"' in text
    assert "What EC203 means" not in text


texts = st.text(st.characters(), max_size=30)


@given(st.lists(st.tuples(texts, texts, texts, texts), max_size=5))
def test_any_text_comes_out_of_the_pages_json_as_it_went_in(
    values: list[tuple[str, str, str, str]],
) -> None:
    rows = [
        ExchangeRow(
            n,
            n,
            n,
            "http",
            method,
            url,
            None,
            "issue",
            stream,
            scope,
            "open",
            0,
            None,
            None,
            None,
            None,
            0,
            0,
        )
        for n, (method, url, stream, scope) in enumerate(values)
    ]
    run = Run(run_info(), 0, 0, 0, 0, 0, True, 0)
    section = Section(1, "<b>", run, diagnosed("<b>"), rows)
    made = rows_json(Report([section], "1", MADE, 40))
    assert made.isascii()
    assert not set("<>&") & set(made)
    found = json.loads(made)
    columns = [COLUMNS.index(name) for name in ("method", "url", "stream", "scope")]
    back = [tuple(found["texts"][line[c]] for c in columns) for line in found["sections"][0]["rows"]]
    assert back == values
