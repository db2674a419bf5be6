"""The timeline of a stream as a drawing: two lanes of events, what belongs to it below, findings as flags.

Positions across are percent of the width, so that a page draws it at any width; `y` and heights are pixels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from contract.findings import Finding
from postmortem.axis import Axis, Piece
from postmortem.report.wording import after, duration
from recordings.rows import ExchangeRow

WIDTH = 1000
"""Positions of the axis; ticks of a lane are at whole ones, so a lane has no more of them than that."""
SILENCE = 1_000_000
"""Microseconds without an event from which on a lane says so."""

_SILENCE_WIDTH = 44
_BETWEEN_TICKS = 190.0
_MOST_BARS, _MOST_GAPS, _MOST_SLOPES = 12, 3, 400
_FLAG_ROOM = 17.0
_SENT, _GOT, _LANE = 36, 76, 16
_SILENCE_ROW = 13
_FLAG_ROW, _BAR_ROW = 17, 30


@dataclass
class Trace:
    """When an answer was where: its head, its events, its end, on the server's side and on the client's.

    `pairs` are (sent, got) of the events that were both. `is_broken`: it ended before its end.
    """

    sent: list[int] = field(default_factory=list)
    got: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    sent_head: int | None = None
    got_head: int | None = None
    sent_end: int | None = None
    got_end: int | None = None
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """Events of one side: `path` is an SVG path of strokes in a box of `WIDTH` × 1."""

    title: str
    y: int
    label_y: int
    wait: tuple[float, float]
    run: tuple[float, float]
    path: str
    gaps: tuple[tuple[float, float, str], ...]
    end: str
    """`end`, `broken` or `open`."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Another exchange: from its request (`x`) by its first byte (`wait` wide) to its end (`width` wide)."""

    exchange: int
    x: float
    wait: float
    width: float
    y: int
    label: str
    label_x: float
    anchor: str
    grade: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Findings at one time: their codes, and what they say."""

    x: float
    y: int
    label: str
    says: str
    kind: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Silence:
    """What the axis cuts short: where it is, and how long it was."""

    x: float
    width: float
    label: str
    label_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing; `ticks` are (x, label)."""

    height: int
    ticks: tuple[tuple[float, str], ...]
    silences: tuple[Silence, ...]
    lanes: tuple[Lane, ...]
    slopes: str
    bars: tuple[Bar, ...]
    bars_left_out: int
    flags: tuple[Flag, ...]
    says: str
    """The same in one sentence, for those who do not see it."""


def timeline(
    row: ExchangeRow, trace: Trace | None, others: Sequence[ExchangeRow], findings: Iterable[Finding]
) -> Timeline:
    """The timeline of the exchange `row`, with `others` below; without a `trace` it is a bar as they are."""
    bars = list(others[:_MOST_BARS]) if trace else [row, *others[: _MOST_BARS - 1]]
    found = sorted(findings, key=lambda finding: finding.at)
    axis = Axis(_times(row, trace, bars, found), WIDTH, _SILENCE_WIDTH)
    whole = axis.until - axis.since
    top = _SILENCE_ROW if axis.silences else 0
    bottom = top + (_GOT + _LANE + 18 if trace else 32)
    flags = _flags(axis, found, bottom)
    bottom = max([flag.y for flag in flags], default=bottom - 10) + 12
    drawn = tuple(_bar(axis, each, bottom + number * _BAR_ROW) for number, each in enumerate(bars))
    return Timeline(
        height=bottom + len(drawn) * _BAR_ROW + 2,
        ticks=tuple((_x(axis, at), _tick(at - axis.since, whole)) for at in axis.ticks(_BETWEEN_TICKS)),
        silences=tuple(map(_silence, axis.silences)),
        lanes=_lanes(axis, row, trace, top) if trace else (),
        slopes=_slopes(axis, trace) if trace else "",
        bars=drawn,
        bars_left_out=len(others) + (trace is None) - len(bars),
        flags=flags,
        says=_says(row, trace, others, found),
    )


def _silence(piece: Piece) -> Silence:
    x, end = piece.start * 100 / WIDTH, piece.end * 100 / WIDTH
    label = f"⋯ {duration(piece.until - piece.since)}"
    if x > 100 - _FLAG_ROOM:
        return Silence(x, end - x, label, end, "end")
    return Silence(x, end - x, label, x, "start")


def _tick(at: int, whole: int) -> str:
    """The time of a tick on an axis that is `whole` long: no more places than it needs."""
    if whole < 1_000_000:
        return f"+{at / 1000:.4g} ms"
    seconds = at / 1_000_000
    return f"+{seconds:,.0f} s" if seconds >= 1000 else f"+{seconds:.4g} s"


def _times(
    row: ExchangeRow, trace: Trace | None, bars: Iterable[ExchangeRow], findings: Iterable[Finding]
) -> list[int]:
    times = [row.at, *[finding.at for finding in findings]]
    if trace:
        times += [*trace.sent, *trace.got]
        times += [
            at for at in (trace.sent_head, trace.got_head, trace.sent_end, trace.got_end) if at is not None
        ]
    for each in bars:
        times += [each.at, each.at + (each.first_byte or 0), each.ended_at or each.at]
    return times


def _x(axis: Axis, at: int) -> float:
    return round(axis.position(at) * 100 / WIDTH, 2)


def _lanes(axis: Axis, row: ExchangeRow, trace: Trace, top: int) -> tuple[Lane, ...]:
    lanes = []
    for title, y, label_y, events, head, end in (
        ("service sent", top + _SENT, top + _SENT - 5, trace.sent, trace.sent_head, trace.sent_end),
        ("client got", top + _GOT, top + _GOT + _LANE + 12, trace.got, trace.got_head, trace.got_end),
    ):
        if head is None:
            continue
        last = end if end is not None else max([head, *events[-1:]])
        count = f"{len(events):,} event{'' if len(events) == 1 else 's'}"
        lanes.append(
            Lane(
                title=f"{title} {count}",
                y=y,
                label_y=label_y,
                wait=(_x(axis, row.at), _x(axis, head)),
                run=(_x(axis, head), _x(axis, last)),
                path="".join([f"M{x} 0v1" for x in dict.fromkeys(axis.column(at) for at in events)]),
                gaps=_gaps(axis, [head, *events, last]),
                end="open" if end is None else "broken" if trace.is_broken else "end",
            )
        )
    return tuple(lanes)


def _gaps(axis: Axis, times: Sequence[int]) -> tuple[tuple[float, float, str], ...]:
    """The longest silences of a second or more."""
    long = sorted(((b - a, a, b) for a, b in pairwise(times) if b - a >= SILENCE), reverse=True)
    return tuple((_x(axis, a), _x(axis, b), duration(gap)) for gap, a, b in long[:_MOST_GAPS])


def _slopes(axis: Axis, trace: Trace) -> str:
    """A line from where an event was sent to where it was got, one for each position."""
    lines = dict.fromkeys((axis.column(sent), axis.column(got)) for sent, got in trace.pairs)
    some = list(lines)[:: len(lines) // _MOST_SLOPES + 1]
    return "".join([f"M{sent} 0L{got} 1" for sent, got in some])


def _flags(axis: Axis, findings: Iterable[Finding], bottom: int) -> tuple[Flag, ...]:
    """A flag for all findings at one position, in rows so that their labels do not meet."""
    at: dict[tuple[float, str], list[Finding]] = {}
    for finding in findings:
        at.setdefault((_x(axis, finding.at), finding.code), []).append(finding)
    ends: list[float] = []
    flags = []
    for (x, code), found in at.items():
        anchor = "end" if x > 100 - _FLAG_ROOM else "start"
        left = x - _FLAG_ROOM if anchor == "end" else x
        number = next((n for n, end in enumerate(ends) if end <= left), len(ends))
        ends[number : number + 1] = [left + _FLAG_ROOM]
        weight = min(found, key=lambda each: ("error", "warning", "info").index(each.severity))
        says = f"{code} {found[0].name}: {found[0].message}"
        flags.append(Flag(x, bottom + number * _FLAG_ROW, code, says, weight.severity.value, anchor))
    return tuple(flags)


def _bar(axis: Axis, row: ExchangeRow, y: int) -> Bar:
    x, end = _x(axis, row.at), _x(axis, row.ended_at or row.at)
    first = _x(axis, row.at + row.first_byte) if row.first_byte is not None else end
    tail = row.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    anchor = "start" if x < 50 else "end"
    return Bar(
        exchange=row.exchange,
        x=x,
        wait=round(max(first - x, 0), 2),
        width=round(max(end - x, 0), 2),
        y=y,
        label=f"#{row.exchange} {row.method} {_short(tail)} → {row.status or row.outcome}",
        label_x=x if anchor == "start" else max(end, x),
        anchor=anchor,
        grade=grade(row),
    )


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:8]}…{name[-8:]}"


def grade(row: ExchangeRow) -> str:
    """How an exchange went, by its status: `good`, `other`, `client`, `server` or `none`."""
    return {2: "good", 3: "other", 4: "client", 5: "server"}.get((row.status or 0) // 100, "none")


def _says(
    row: ExchangeRow, trace: Trace | None, others: Sequence[ExchangeRow], findings: Sequence[Finding]
) -> str:
    parts = [f"Exchange {row.exchange}, {row.outcome}"]
    if trace:
        parts.append(f"{len(trace.sent):,} events sent by the service, {len(trace.got):,} got by the client")
    parts += [f"exchange {each.exchange} {each.method} answered {each.status}" for each in others]
    parts += [f"{each.code} {after(each.at - row.at)}" for each in findings]
    return "; ".join(parts)
