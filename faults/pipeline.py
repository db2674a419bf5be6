"""The stages of one message, one after the other."""

from collections.abc import Callable, Iterable, Sequence

from faults.framing import reframed
from faults.parts import (
    Cut,
    Data,
    End,
    Instead,
    Part,
    Repeat,
    RequestStart,
    ResponseStart,
    Start,
    with_fields,
)
from faults.scene import Change, What, field_changes
from faults.stage import Stage

type Note = Callable[[Stage, Change], None]


class Pipeline:
    """Feeds each part through all stages, and tells what they change of heads.

    `version` is that of the side where the message leaves. The parts that leave end with at most one
    `End`, `Cut` or `Instead`; what comes after it is swallowed, and `is_over` is true.
    """

    def __init__(self, stages: Sequence[Stage], version: str) -> None:
        self._stages = stages
        self._version = version
        self.is_over = False

    @property
    def due(self) -> int | None:
        """When `wake` is to be called (µs); None: not before the next part."""
        if self.is_over:
            return None
        return min((stage.due for stage in self._stages if stage.due is not None), default=None)

    @property
    def held(self) -> int:
        """Bytes that are kept back."""
        return 0 if self.is_over else sum(stage.held for stage in self._stages)

    def feed(self, part: Part, now: int) -> list[Part]:
        """What leaves because `part` came."""
        if self.is_over:
            return []
        return self._out(self._through(0, [part], now))

    def wake(self, now: int) -> list[Part]:
        """What leaves because time has passed."""
        out: list[Part] = []
        for place, stage in enumerate(self._stages):
            if stage.due is not None and stage.due <= now and not self.is_over:
                out += self._out(self._through(place + 1, self._head_noted(stage, stage.wake(now)), now))
        return out

    @property
    def waits_for_more(self) -> bool:
        """Whether what is kept back would leave when more came; reading no more would keep it for ever."""
        return any(stage.waits_for_more and stage.held for stage in self._stages)

    def give_up(self, now: int, limit: int) -> list[Part]:
        """Finish because more than `limit` bytes are kept back."""
        why = f"more than {limit} bytes would have to be kept; from here on all passes as it comes"
        return self.finish(now, why)

    def finish(self, now: int, why: str) -> list[Part]:
        """All that is kept back leaves at once, and from here on nothing is changed any more."""
        out: list[Part] = []
        for place, stage in enumerate(self._stages):
            if stage.held:
                stage.note(What.PASSED, why)
            out += self._out(self._through(place + 1, self._head_noted(stage, stage.release(now)), now))
        self._stages = ()
        return out

    def _through(self, place: int, parts: list[Part], now: int) -> list[Part]:
        for stage in self._stages[place:]:
            parts = [out for part in parts for out in self._one(stage, part, now)]
        return parts

    def _one(self, stage: Stage, part: Part, now: int) -> list[Part]:
        match part:
            case RequestStart() | ResponseStart():
                return self._head_noted(stage, stage.start(part, now), part)
            case Data(data):
                out = stage.data(data, now)
            case End():
                out = stage.end(part, now)
            case Cut():
                out = stage.cut(part, now)
            case Instead() | Repeat():
                return [part]
        return self._head_noted(stage, out) if stage.came is not None else out

    def _head_noted(self, stage: Stage, parts: list[Part], came: Start | None = None) -> list[Part]:
        """Note what became of a head, and give it a framing that its body will fit."""
        came = came or stage.came
        out: list[Part] = []
        for part in parts:
            if isinstance(part, RequestStart | ResponseStart):
                if stage.changes_length:
                    part = reframed(part, self._version)
                if came is not None:
                    if self._version == "HTTP/2.0":
                        part = as_http2(part, came)
                    for change in head_changes(came, part):
                        stage.scene.note(change)
                stage.came = None
            out.append(part)
        if came is not None and not any(isinstance(part, RequestStart | ResponseStart) for part in parts):
            stage.came = came
        return out

    def _out(self, parts: Iterable[Part]) -> list[Part]:
        out: list[Part] = []
        for part in parts:
            if self.is_over:
                break
            out.append(part)
            self.is_over = isinstance(part, End | Cut | Instead)
        return out


def as_http2(start: Start, came: Start) -> Start:
    """`start` as HTTP/2 has it (RFC 9113, section 8.2.1 and 8.3.2), where it is another than came.

    Names of new lines are in lower case, and a new status has no reason.
    """
    fields = tuple(line if line in came.headers else (line[0].lower(), line[1]) for line in start.headers)
    if isinstance(start, ResponseStart) and isinstance(came, ResponseStart) and start.status != came.status:
        return ResponseStart(start.status, b"", fields)
    return with_fields(start, fields)


def head_changes(before: Start, after: Start) -> list[Change]:
    """What is different between two heads of one message."""
    changes = field_changes(before.headers, after.headers)
    first, second = line_of(before), line_of(after)
    if first != second:
        changes.insert(0, Change(What.START, "", first, second))
    return changes


def line_of(start: Start) -> bytes:
    """The part of the start line that faults can change."""
    if isinstance(start, RequestStart):
        return start.method + b" " + start.target
    return b"%d %s" % (start.status, start.reason)
