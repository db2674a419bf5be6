"""Comparing two event streams: which events came, in which order, and what each said."""

from collections.abc import Iterator
from dataclasses import dataclass

from contract.sse import SseEvent, SseParser
from replay.resending.bodies import compare_json, key_of, parsed
from replay.resending.differences import Difference
from replay.resending.likeness import Likeness, Marks
from replay.resending.sequence import Change, Item, Way, changes


@dataclass(frozen=True, slots=True)
class Read:
    """The events of a stream, and what stood at its end without ever becoming one."""

    events: tuple[SseEvent, ...]
    rest: str = ""


def read_events(text: bytes) -> Read:
    """Parse a whole stream, as a browser does."""
    parser = SseParser()
    events = tuple(parser.feed(text))
    tail = parser.end()
    if tail is None:
        return Read(events)
    return Read(events, (tail.data or "") + tail.unfinished.decode("utf-8", "replace"))


def compare_events(
    recorded: Read, new: Read, likeness: Likeness, marks: Marks, *, is_part: bool
) -> Iterator[Difference]:
    """The differences, event by event; events are counted from 1.

    `is_part`: the recorded stream was left by its client, so what follows in the new one is no difference.
    """
    olds = [_item(each, likeness, recorded=True) for each in recorded.events]
    news = [_item(each, likeness, recorded=False) for each in new.events]
    found = changes(olds, news)
    if is_part:
        found = _without_rest(found, len(news))
    for change in found:
        yield from _difference(change, recorded.events, new.events, likeness, marks)
    if not is_part:
        yield from _rests(recorded.rest, new.rest, likeness)


def _item(event: SseEvent, likeness: Likeness, *, recorded: bool) -> Item:
    is_json, payload = parsed(event.data.encode("utf-8", "surrogatepass"))
    key = key_of(payload if is_json else event.data, likeness, recorded=recorded)
    id_ = key_of(event.id, likeness, recorded=recorded)
    return Item(event.event, (event.event, is_json, key, id_, event.retry))


def _without_rest(found: list[Change], news: int) -> list[Change]:
    """Without what is extra at the very end: who stops after so many events may see later ones, too."""
    extra = {change.new for change in found if change.way is Way.EXTRA}
    last = news
    while last and last - 1 in extra:
        last -= 1
    return [change for change in found if not (change.way is Way.EXTRA and (change.new or 0) >= last)]


def _difference(
    change: Change,
    recorded: tuple[SseEvent, ...],
    new: tuple[SseEvent, ...],
    likeness: Likeness,
    marks: Marks,
) -> Iterator[Difference]:
    old = recorded[change.recorded] if change.recorded is not None else None
    now = new[change.new] if change.new is not None else None
    event = old or now
    assert event is not None
    number = change.recorded if change.recorded is not None else change.new
    assert number is not None
    where, field = f"event {number + 1} {event.event}", f"event {event.event}"
    if change.way is Way.CHANGED and old is not None and now is not None:
        for each in _changed(old, now, likeness, marks):
            yield each._replace(field=f"{field}{each.field}", where=f"{where}{each.where}")
        return
    if change.way is Way.REORDERED:
        assert change.new is not None
        yield Difference(field, where, Way.REORDERED, f"as event {number + 1}", f"as event {change.new + 1}")
        return
    yield Difference(
        field,
        where,
        change.way,
        likeness.expected(old.data) if old else None,
        likeness.shown(now.data) if now else None,
    )


def _changed(old: SseEvent, new: SseEvent, likeness: Likeness, marks: Marks) -> Iterator[Difference]:
    """What differs in two events of one type; `where` continues `event 3 chunk`."""
    old_is_json, old_payload = parsed(old.data.encode("utf-8", "surrogatepass"))
    new_is_json, new_payload = parsed(new.data.encode("utf-8", "surrogatepass"))
    if old_is_json and new_is_json:
        mine = marks.below(f"event {old.event}")
        yield from compare_json(old_payload, new_payload, likeness, mine, ":")
    elif old_is_json != new_is_json or not likeness.alike(old.data, new.data):
        yield Difference("", "", Way.CHANGED, likeness.expected(old.data), likeness.shown(new.data))
    if not likeness.alike(old.id, new.id) and "an event's id" not in marks.issued:
        yield Difference(": id", ": id", Way.CHANGED, likeness.expected(old.id), likeness.shown(new.id))
    if old.retry != new.retry:
        yield Difference(": retry", ": retry", Way.CHANGED, _shown(old.retry), _shown(new.retry))


def _shown(retry: int | None) -> str:
    return "none" if retry is None else f"{retry} ms"


def _rests(recorded: str, new: str, likeness: Likeness) -> Iterator[Difference]:
    """What never became an event, because no blank line ended it."""
    if bool(recorded) == bool(new):
        return
    where = "end of the events"
    if new:
        yield Difference(where, where, Way.EXTRA, None, likeness.shown(new))
    else:
        yield Difference(where, where, Way.MISSING, likeness.expected(recorded), None)
