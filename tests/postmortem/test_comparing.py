"""What became of a message between two taps: each kind of difference, from events made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import Abort, Breaker, Event, Headers, Manner, Message, RequestHead, ResponseHead, Side
from contract.profile import builtin
from postmortem.comparing import Comparison
from postmortem.differences import Difference, Kind, of_heads
from postmortem.taps import Done, Tally, Taps, quantiles
from recordings.reader import Recording
from recordings.redaction import Redactor
from tests.contract.build import CHUNK, DONE, FIRST, SECOND, Talk
from tests.postmortem.two_taps import taken_apart, written, written_elsewhere

ASKED, ANSWER = Message.REQUEST, Message.RESPONSE


def compared(folder: Path, ours: list[Event], theirs: list[Event]) -> list[Comparison]:
    a = written(folder / "a.db", ours)
    b = written_elsewhere(folder / "b.db", theirs, 3e6, 50e-6)
    with Recording(a) as first, Recording(b) as second:
        return list(Taps(first, second).comparisons(builtin("chat")))


def differences(folder: Path, ours: list[Event], theirs: list[Event]) -> tuple[Difference, ...]:
    (comparison,) = compared(folder, ours, theirs)
    return comparison.differences


def test_what_passed_as_it_was_has_no_difference(tmp_path: Path) -> None:
    talk = Talk()
    ours, theirs = taken_apart([*talk.stream(), *talk.update()], delay=400)
    for comparison in compared(tmp_path, ours, theirs):
        assert comparison.differences == ()
        assert comparison.findings == ()
        latency = comparison.latency
        for added in (latency.request, latency.first_byte, latency.end, *latency.events):
            assert added is not None
            assert abs(added - 400) <= 1


def test_names_values_and_letters_of_fields() -> None:
    entered: Headers = ((b"X-Id", b"1"), (b"X-Old", b"unlike"), (b"X-Trace", b"a"), (b"Connection", b"close"))
    left: Headers = ((b"x-id", b"2"), (b"X-New", b"unlike"), (b"X-Via", b"edge"), (b"Via", b"1.1 hop"))
    assert list(of_heads(ANSWER, entered, left)) == [
        Difference(Kind.CHANGED, ANSWER, "X-Id", "1", "2"),
        Difference(Kind.RENAMED, ANSWER, "X-Old", "unlike", "X-New"),
        Difference(Kind.DROPPED, ANSWER, "X-Trace", "a"),
        Difference(Kind.ADDED, ANSWER, "X-Via", "", "edge"),
        Difference(Kind.CASE, ANSWER, "", "X-Id", "x-id"),
    ]


def test_another_path_and_another_status(tmp_path: Path) -> None:
    ours, theirs = taken_apart(Talk().stream())
    theirs = [
        replace(event, target=b"/v2" + event.target) if isinstance(event, RequestHead) else event
        for event in theirs
    ]
    ours = [replace(event, status=203) if isinstance(event, ResponseHead) else event for event in ours]
    path = "/api/chat/sessions/s1/stream"
    assert differences(tmp_path, ours, theirs) == (
        Difference(Kind.TARGET, ASKED, "", path, f"/v2{path}"),
        Difference(Kind.STATUS, ANSWER, "", "200", "203"),
    )


@pytest.mark.parametrize(
    ("left", "first", "count"), [(DONE, 1, 1), (CHUNK + CHUNK, 2, 2), (CHUNK + CHUNK + DONE, 2, 3)]
)
def test_other_events(left: bytes, first: int, count: int, tmp_path: Path) -> None:
    """One is missing, one is another, one is there twice."""
    ours, _ = taken_apart(Talk().stream(answer=left))
    _, theirs = taken_apart(Talk().stream())
    body, events = differences(tmp_path, ours, theirs)
    assert body == Difference(Kind.BODY, ANSWER, "", f"{len(CHUNK + DONE)} bytes", f"{len(left)} bytes")
    assert events == Difference(Kind.EVENTS, ANSWER, str(first), "2 events", f"{count} events")


def test_other_chunks_are_no_difference(tmp_path: Path) -> None:
    ours, _ = taken_apart(Talk().stream(size=7))
    _, theirs = taken_apart(Talk().stream())
    (comparison,) = compared(tmp_path, ours, theirs)
    assert comparison.differences == ()
    assert comparison.counted.chunks == (1, 15)


@pytest.mark.parametrize(
    ("at_a", "at_b", "told"),
    [
        (Breaker.SERVER, None, ("complete after 102 bytes", "broken off by the hop after 102 bytes")),
        (Breaker.SERVER, Breaker.CLIENT, ("broken off by the hop after 102 bytes",) * 2),
        (
            None,
            Breaker.SERVER,
            ("broken off by the server's side after 102 bytes", "complete after 102 bytes"),
        ),
        (Breaker.SERVER, Breaker.SERVER, None),
        (Breaker.CLIENT, Breaker.CLIENT, None),
        (Breaker.CLIENT, None, None),
    ],
)
def test_an_answer_that_ended_otherwise(
    at_a: Breaker | None, at_b: Breaker | None, told: tuple[str, str] | None, tmp_path: Path
) -> None:
    ours, theirs = taken_apart(Talk().stream())
    for events, by in ((ours, at_a), (theirs, at_b)):
        if by is not None:
            events[-1] = Abort(1, Side.BOTH, events[-1].at, by, Manner.CLOSED, "")
    expected = () if told is None else (Difference(Kind.ENDING, ANSWER, "", *told),)
    assert differences(tmp_path, ours, theirs) == expected


def test_secrets_under_two_keys_are_not_compared_but_other_values_beside_them_are(tmp_path: Path) -> None:
    talk = Talk(token="Bearer a-token-that-is-a-secret")
    ours, theirs = taken_apart([*talk.stream(FIRST), *talk.update(FIRST)])
    other = taken_apart(
        Talk(token="Bearer a-token-that-is-a-secret", extra=(("X-Tenant", "b"),)).stream(FIRST)
    )[1]
    theirs = [*other, *theirs[len(other) :]]
    a = written(tmp_path / "a.db", ours, redactor=Redactor(b"the key of one machine"))
    b = written(tmp_path / "b.db", theirs, redactor=Redactor(b"the key of the other"))
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
        found = [comparison.differences for comparison in taps.comparisons(builtin("chat"))]
        assert taps.masks
    assert found == [(Difference(Kind.ADDED, ASKED, "X-Tenant", "", "b"),), ()]


def test_a_credential_that_the_hop_replaced_by_its_own_shows_under_two_keys_too(tmp_path: Path) -> None:
    users = [Talk(token=f"Bearer the-secret-of-user-{n}", session=f"s{n}", number=n) for n in range(3)]
    ours = [event for talk in users for event in taken_apart(talk.stream(SECOND))[0]]
    hop = [replace(talk, token="Bearer the-secret-of-hop--0", number=n, at=0) for n, talk in enumerate(users)]
    theirs = [event for talk in hop for event in taken_apart(talk.stream(SECOND))[1]]
    a = written(tmp_path / "a.db", ours, redactor=Redactor(b"the key of one machine"))
    b = written(tmp_path / "b.db", theirs, redactor=Redactor(b"the key of the other"))
    with Recording(a) as first, Recording(b) as second:
        found = [comparison.differences for comparison in Taps(first, second).comparisons(builtin("chat"))]
    assert [[(each.kind, each.name) for each in some] for some in found] == [
        [(Kind.CHANGED, "Authorization")]
    ] * 3


def test_what_was_done_is_counted_with_how_often_it_could_have_been() -> None:
    tally = Tally()
    dropped = Difference(Kind.DROPPED, ANSWER, "X-Id", "1")
    for number in range(4):
        entered = ((ANSWER, ""), (ANSWER, "x-id")) if number < 3 else ((ANSWER, ""),)
        done = (dropped, dropped) if number < 2 else ()
        tally.add(Comparison(number, 0, b"GET", b"/", 200, done, entered=entered))
    assert tally.done() == [Done(dropped, 2, 3)]
    assert (tally.pairs, tally.differing) == (4, 2)


def test_quantiles_are_values_that_were_there() -> None:
    assert quantiles([]) is None
    found = quantiles(list(range(100, 0, -1)))
    assert found is not None
    assert (found.median, found.p95, found.most) == (51, 96, 100)
