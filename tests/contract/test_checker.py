"""The checker as a whole: what it hands out and when, whatever the chunks, the order, or the traffic."""

import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.checker import Checker
from contract.events import (
    Chunk,
    Event,
    Form,
    Gap,
    Injection,
    Kind,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.findings import ExchangeFacts, Output, Role, StreamVerdict
from tests.contract.build import CHUNK, FIRST, ID_HEADER, SECOND, Talk, cut, joined, lost
from tests.contract.case import Case
from tests.contract.cases import catalogue
from tests.contract.judge import CHAT, findings, labels, outputs

CASES = catalogue()


def timeless(outs: list[Output]) -> list[Output]:
    return [out if isinstance(out, ExchangeFacts) else replace(out, at=0) for out in outs]


def rechunked(events: list[Event], size: int) -> list[Event]:
    """The same messages, each chunk cut into pieces of `size` bytes."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, Chunk) and event.form is Form.WIRE:
            for start in range(0, len(event.data), size):
                piece = event.data[start : start + size]
                out.append(replace(event, data=piece, size=len(piece)))
        else:
            out.append(event)
    return out


def on_two_sides(events: list[Event]) -> list[Event]:
    """The same traffic, seen on each side by itself."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, Gap | Injection) or event.side is not Side.BOTH:
            out.append(event)
            continue
        is_request = isinstance(event, RequestHead) or getattr(event, "message", None) is Message.REQUEST
        order = (Side.CLIENT, Side.SERVER) if is_request else (Side.SERVER, Side.CLIENT)
        out += [replace(event, side=side) for side in order]
    return out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("size", [1, 7])
def test_chunk_boundaries_change_nothing(case: Case, size: int) -> None:
    assert timeless(outputs(rechunked(case.events, size))) == timeless(outputs(case.events))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sides_seen_apart_give_the_same_findings(case: Case) -> None:
    # Of bodies that were not kept it cannot be said any more whether both sides were alike.
    expected = [*case.expected, *(["HP704?:info"] if is_lossy(case) else [])]
    assert labels(on_two_sides(case.events)) == tuple(sorted(expected))


def is_lossy(case: Case) -> bool:
    return any(isinstance(event, Chunk) and event.form is Form.LOST for event in case.events)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_exchange_has_its_facts_once(case: Case) -> None:
    facts = [out.exchange for out in outputs(case.events) if isinstance(out, ExchangeFacts)]
    assert sorted(facts) == sorted({event.exchange for event in case.events})


def in_scope(case: Case, number: int) -> list[Event]:
    """The case as traffic of its own: other exchange numbers, other scopes, other IDs."""

    def renamed(raw: bytes) -> bytes:
        for name in (b"s1", b"s2"):
            raw = raw.replace(b"/sessions/" + name, b"/sessions/%d-%s" % (number, name))
        return raw

    def marked(raw: bytes) -> bytes:
        return raw.replace(b"17323", b"1%04d" % number)

    out: list[Event] = []
    for event in case.events:
        moved = replace(event, exchange=event.exchange + number * 10_000)
        if isinstance(moved, RequestHead):
            moved = replace(moved, target=renamed(moved.target))
        elif isinstance(moved, ResponseHead):
            moved = replace(moved, headers=tuple((name, marked(value)) for name, value in moved.headers))
        elif isinstance(moved, Chunk):
            moved = replace(moved, data=marked(moved.data))
        out.append(moved)
    return out


def interleaved(groups: list[list[Event]], choose: random.Random) -> Iterator[Event]:
    waiting = [iter(group) for group in groups]
    while waiting:
        one = choose.choice(waiting)
        event = next(one, None)
        if event is None:
            waiting.remove(one)
        else:
            yield event


def by_exchange(found: list[Output]) -> list[str]:
    return sorted(repr(out) for out in found)


@given(st.lists(st.sampled_from(CASES), min_size=2, max_size=6), st.integers(0, 2**32))
def test_interleaving_unrelated_traffic_changes_nothing(cases: list[Case], seed: int) -> None:
    groups = [in_scope(case, number) for number, case in enumerate(cases, start=1)]
    alone = [out for group in groups for out in outputs(group)]
    together = outputs(interleaved(groups, random.Random(seed)))
    assert by_exchange(together) == by_exchange(alone)


def test_overlapping_exchanges_of_a_scope_are_judged_by_what_came_before_what() -> None:
    t = Talk()
    first, second, echo = t.stream(), t.stream(SECOND), t.update(FIRST)
    # The echo began before the second ID was issued: it is not stale, wherever the rest of it lies.
    assert labels([*first, *second[:3], echo[0], *second[3:], *echo[1:]]) == ()
    assert labels([*first, *second[:3], *echo, *second[3:]]) == ()
    assert labels([*first, *second[:4], *echo, *second[4:]]) == ("EC204:error", "SV302:error")


def test_two_updates_at_once_are_no_second_update() -> None:
    t = Talk()
    stream, one, two = t.stream(), t.update(), t.update()
    assert labels([*stream, one[0], two[0], *one[1:], *two[1:]]) == ()


class Failing:
    def feed(self, data: bytes, /) -> bytes:
        raise ValueError("not gzip")

    def end(self) -> bytes:
        raise ValueError("not gzip")


class Reversing:
    """A coding for tests: every byte but one is turned round."""

    def feed(self, data: bytes, /) -> bytes:
        return bytes(255 - byte for byte in data)

    def end(self) -> bytes:
        return b""


def coded(events: list[Event], message: Message) -> list[Event]:
    return [
        replace(event, data=Reversing().feed(event.data))
        if isinstance(event, Chunk) and event.message is message
        else event
        for event in events
    ]


def test_encoded_requests_are_decoded() -> None:
    t = Talk()
    events = t.stream() + coded(t.update(request=(("Content-Encoding", "rev"),)), Message.REQUEST)
    assert labels(events, decoders={"rev": Reversing}) == ()
    assert labels(events, decoders={"rev": Failing}) == ("EC201?:info", "SV302?:info")
    assert labels(events) == ("EC201?:info", "SV302?:info")


def test_bodies_that_redaction_decoded_are_read_as_they_are() -> None:
    t = Talk()
    update = t.update(request=(("Content-Encoding", "br"),))
    plain = [replace(e, form=Form.DECODED) if isinstance(e, Chunk) else e for e in update]
    assert labels(t.stream() + plain) == ()


def test_a_body_beyond_the_limit_is_inconclusive() -> None:
    t = Talk()
    body = b'{"completeResponse":"' + b"x" * (1 << 20) + b'","streamingSessionId":"' + FIRST.encode() + b'"}'
    found = findings(t.stream() + t.update(body=body, size=65536), select=["EC"])
    assert [(f.code, f.message) for f in found] == [
        ("EC201", "The ID belongs in JSON streamingSessionId, but the body is longer than 1048576 bytes.")
    ]


def test_an_answer_whose_body_was_not_kept_leaves_the_refusal_open() -> None:
    t = Talk()
    verdicts = [
        out
        for out in outputs(t.stream() + lost(t.update(), Message.RESPONSE))
        if isinstance(out, StreamVerdict)
    ]
    assert verdicts[-1].accepted is True  # nothing that the profile calls a mismatch has status 200
    events = t.stream(SECOND) + lost(t.refused("incorrect-id-1"), Message.RESPONSE)
    assert labels(events) == ("EC202:info",)


def test_a_gap_since_the_newest_issue_makes_unknown_ids_inconclusive() -> None:
    t = Talk()
    issue, echo = t.stream(), t.refused("whatever")
    gap: list[Event] = [Gap(0, t.tick(), 10, 1000, "overload")]
    assert labels(issue + gap + echo) == ("EC202?:info",)
    assert labels(gap + issue + echo) == ("EC202:error",)


def test_a_gap_in_another_known_exchange_does_not() -> None:
    t = Talk()
    other, issue, echo = t.exchange("GET", "/"), t.stream(), t.refused("whatever")
    gap: list[Event] = [Gap(other[0].exchange, t.tick(), 10, 1000, "overload")]
    assert labels(issue + other[:1] + gap + other[1:] + echo) == ("EC202:error",)


def test_what_fell_out_of_the_window_is_inconclusive() -> None:
    t = Talk()
    streams = joined(*(t.stream(f"stream-1732312345678-{n:08x}") for n in range(5)))
    stale = t.refused("stream-1732312345678-00000000")
    assert labels(streams + stale) == ("EC204:error",)
    (found,) = findings(streams + stale, window=3)
    assert (found.code, found.message) == (
        "EC202",
        "Whether 'stream-1732312345678-00000000' was issued cannot be told: "
        "earlier IDs of this scope fell out of the window.",
    )


def test_memory_is_bounded_by_what_is_open_and_the_window() -> None:
    checker = Checker(CHAT, window=10)
    t = Talk()
    for number in range(500):
        t.session = f"s{number}"
        id_ = f"stream-1732312345678-{number:08x}"
        for event in t.stream(id_) + t.update(id_) + t.exchange("GET", "/api/models") + t.refused("x"):
            checker.feed(event)
        assert len(checker) == 0
        assert len(checker.window) <= 10
        assert checker.window.scopes <= 10


def test_of_a_stream_nothing_is_kept_but_the_event_that_is_not_complete() -> None:
    t = Talk()
    checker = Checker(CHAT)
    for event in t.stream()[:4]:
        checker.feed(event)
    (exchange,) = checker._open.values()
    assert exchange.request_body is None
    assert exchange.answer_body is None
    assert exchange.answer_sides is None
    body = Chunk(1, Message.RESPONSE, Side.BOTH, 0, CHUNK, len(CHUNK))
    tracemalloc.start()
    for _ in range(100):
        checker.feed(body)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(20_000):
        checker.feed(body)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 16 * 1024


def test_facts_come_as_soon_as_they_are_known() -> None:
    t = Talk()
    checker = Checker(CHAT)
    when = {}
    for place, event in enumerate(t.stream() + t.update() + t.exchange("GET", "/") + t.delete()):
        for out in checker.feed(event):
            if isinstance(out, ExchangeFacts):
                when[place] = (out.role, out.stream, out.scope)
    assert when == {
        3: (Role.ISSUE, FIRST, "s1"),
        8: (Role.ECHO, FIRST, "s1"),
        12: (Role.OTHER, "", ""),
        16: (Role.CLOSE, "", "s1"),
    }


def test_a_preflight_is_told_from_a_plain_options() -> None:
    t = Talk()
    asking = (("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"))
    events = t.exchange("OPTIONS", t.path("/stream"), request=asking, status=204)
    events += t.exchange("OPTIONS", t.path("/stream"), status=204)
    assert [out.role for out in outputs(events) if isinstance(out, ExchangeFacts)] == [
        Role.PREFLIGHT,
        Role.OTHER,
    ]


def test_verdicts_follow_a_stream_from_issue_to_answer() -> None:
    t = Talk()
    told = [
        (v.stream, v.issued, v.exposed, v.echoed, v.accepted, v.status)
        for v in outputs(t.stream() + t.refused(FIRST) + t.update(status=503) + t.update())
        if isinstance(v, StreamVerdict)
    ]
    assert told == [
        (FIRST, 1, True, None, None, None),
        (FIRST, 1, True, 2, False, 400),
        (FIRST, 1, True, 3, None, 503),
        (FIRST, 1, True, 4, True, 200),
    ]


def test_a_stream_whose_id_was_stripped_is_known_and_not_exposed() -> None:
    (verdict,) = [
        out
        for out in outputs(Talk().stream(None, server=((ID_HEADER, FIRST),)))
        if isinstance(out, StreamVerdict)
    ]
    assert (verdict.stream, verdict.issued, verdict.exposed) == (FIRST, 1, False)


def test_an_open_exchange_is_told_at_the_end_of_the_run() -> None:
    t = Talk()
    checker = Checker(CHAT)
    for event in islice(t.stream() + t.update(), 9):
        checker.feed(event)
    assert checker.end() == [
        StreamVerdict(FIRST, "s1", 1, True, 2, None, None, 9000),
    ]
    assert checker.end() == []


def test_other_kinds_of_traffic_are_other() -> None:
    head = Talk().stream()[0]
    assert isinstance(head, RequestHead)
    for kind in (Kind.CONNECT, Kind.WEBSOCKET, Kind.TCP, Kind.UDP, Kind.DNS):
        assert outputs([replace(head, kind=kind)]) == [ExchangeFacts(1, Role.OTHER, "", "")]


def test_select_and_ignore_take_codes_and_their_beginnings() -> None:
    t = Talk()
    events = t.stream(None, more=()) + t.stream(more=()) + t.refused("stream-1")
    assert labels(events) == (
        *("CO401:error", "CO401:error", "CO402:error"),
        *("EC202:error", "EC203:error", "ID101:error"),
    )
    assert labels(events, select=["EC"]) == ("EC202:error", "EC203:error")
    assert labels(events, select=["EC", "ID101"], ignore=["EC2"]) == ("ID101:error",)
    assert labels(events, ignore=["EC", "ID101", "CO401"]) == ("CO402:error",)
    assert labels(events, select=["EC203"], ignore=["EC"]) == ("EC203:error",)


def test_an_answer_cut_off_by_the_client_leaves_the_echo_unanswered() -> None:
    t = Talk()
    events = t.stream() + cut(t.refused(FIRST), 4)
    verdict = [out for out in outputs(events) if isinstance(out, StreamVerdict)][-1]
    assert (verdict.echoed, verdict.accepted, verdict.status) == (2, False, 400)


def test_an_id_that_is_no_text_can_still_be_told() -> None:
    t = Talk()
    for out in outputs(t.stream() + t.update(body=b'{"streamingSessionId":"\\ud800"}', status=400)):
        repr(out).encode()
        assert "\ud800" not in str(getattr(out, "stream", ""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_events_judged_some_at_a_time_give_what_they_give_one_by_one(case: Case, size: int) -> None:
    checker, together = Checker(CHAT), list[Output]()
    for start in range(0, len(case.events), size):
        checker.feed_all(case.events[start : start + size], together)
    assert [*together, *checker.end()] == outputs(case.events)
