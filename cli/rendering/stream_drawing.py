"""A stream and what belongs to it on one time axis: a lane per exchange, or one for each of its sides."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.cells import cell_len

from cli.rendering.escaping import printable
from cli.rendering.exchange_table import status_colour
from cli.rendering.finding_lines import COLOURS
from cli.rendering.glyphs import Glyphs
from cli.rendering.styling import bold, coloured
from cli.rendering.times import after, brief
from contract.events import Deed, Injection, Side
from contract.findings import Finding, Role
from contract.incidents import Incident
from postmortem.axis import Axis
from postmortem.cells import Cell, Mark, cells, pauses
from postmortem.lanes import Lane
from recordings.rows import ExchangeRow

SILENCE_WIDTH = 8
"""Cells of a silence that is cut short: its length is written into them."""
_TICKS_APART = 12
_LABELLED = 1_000_000
"""Microseconds of a pause from which on its length is written into it, where there is room."""
_MOST_FLAG_ROWS = 4
_LONGEST_NAME = 30
_WORDS = {Role.ISSUE: "stream", Role.ECHO: "update", Role.PREFLIGHT: "preflight", Role.CLOSE: "end"}
_SIDES = {Side.SERVER: ("server", "magenta"), Side.CLIENT: ("client", "yellow")}
_COLOURS = {
    Mark.WAITING: "bright_black",
    Mark.QUIET: "bright_black",
    Mark.ENDED: "cyan",
    Mark.ASKED: "cyan",
    Mark.ANSWERED: "cyan",
    Mark.EVENTS: "green",
    Mark.BROKEN: "yellow",
}


@dataclass(slots=True)
class Drawn:
    """An exchange that is drawn. `faults` are the entries of the journal in which one strikes.

    `incidents` are those that were diagnosed while it was recorded, and showed first in this exchange:
    they stand where its last finding is, else at its end.
    """

    row: ExchangeRow
    lanes: list[Lane]
    findings: list[Finding] = field(default_factory=list)
    faults: list[Injection] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


class _Row:
    """A line of cells, each a character with a colour."""

    def __init__(self, width: int) -> None:
        self._cells: list[tuple[str, str | None]] = [(" ", None)] * width

    def put(self, start: int, text: str, colour: str | None = None) -> None:
        """Write `text`, which is all of one cell each, at `start`; what would be outside is left out."""
        for at, character in enumerate(text, start):
            if 0 <= at < len(self._cells):
                self._cells[at] = (character, colour)

    def is_free(self, start: int, end: int) -> bool:
        return all(character == " " for character, _ in self._cells[max(start, 0) : end])

    def text(self) -> str:
        runs = [
            ("".join([character for character, _ in run]), colour)
            for colour, run in groupby(self._cells, key=lambda cell: cell[1])
        ]
        if runs and not runs[-1][0].strip():
            runs.pop()
        if runs:
            runs[-1] = runs[-1][0].rstrip(), runs[-1][1]
        return "".join([coloured(text, colour) for text, colour in runs])


class StreamDrawing:
    """Exchanges on one axis, in lines of at most `width` cells; `shown` is the number that stands out."""

    def __init__(self, drawn: Sequence[Drawn], shown: int, width: int, glyphs: Glyphs) -> None:
        self._drawn = drawn
        self._shown = shown
        self._glyphs = glyphs
        self._width = width
        self._labels = {each.row.exchange: _label(each.row) for each in drawn}
        has_sides = any(len(each.lanes) > 1 for each in drawn)
        self._gutter = max(map(len, self._labels.values()), default=0) + (7 if has_sides else 0) + 2
        times = [at for each in drawn for at in _times(each)]
        self._axis = Axis(times, max(width - self._gutter, 20), SILENCE_WIDTH)
        self._lanes = [(lane, cells(lane, self._axis)) for each in drawn for lane in each.lanes]
        most = max((cell.count for _, row in self._lanes for cell in row), default=0)
        self._unit = glyphs.unit(most)
        self._used: set[str] = set()

    def lines(self) -> Iterator[str]:
        """The axis, the lanes with what was found under each, and what the glyphs mean."""
        yield " " * self._gutter + self._ruler()
        lanes = iter(self._lanes)
        for each in self._drawn:
            for number, _ in enumerate(each.lanes):
                lane, row = next(lanes)
                yield self._begin(each, lane, first=number == 0) + self._lane(lane, row)
            for flags in self._flags(each):
                yield " " * self._gutter + flags
        yield from self._legend()

    def _ruler(self) -> str:
        axis, row = self._axis, _Row(self._axis.width)
        for silence in axis.silences:
            row.put(silence.start, brief(silence.until - silence.since).center(SILENCE_WIDTH), "yellow")
            self._used.add("silence")
        for at in axis.ticks(_TICKS_APART):
            column = axis.column(at)
            label = self._glyphs.tick + after(at - axis.since)
            fits = column + len(label) <= axis.width and row.is_free(column, column + len(label) + 1)
            row.put(column, label if fits else self._glyphs.tick, "bright_black")
        return row.text()

    def _begin(self, each: Drawn, lane: Lane, *, first: bool) -> str:
        number = each.row.exchange
        label = self._labels[number] if first else ""
        side, colour = _SIDES.get(lane.side, ("", None)) if len(each.lanes) > 1 else ("", None)
        room = self._gutter - len(side) - 2
        colour_of_label = status_colour(each.row.status) if each.row.status else "yellow"
        begin = coloured(label, colour_of_label) if label else ""
        if number == self._shown and len(self._drawn) > 1:
            begin = bold(begin)
        return begin + " " * (room - len(label)) + coloured(side, colour) + "  "

    def _lane(self, lane: Lane, found: Sequence[Cell]) -> str:
        row = _Row(self._axis.width)
        for column, cell in enumerate(found):
            row.put(column, self._glyph(cell), _COLOURS.get(cell.mark))
        for silence in self._axis.silences:
            running = found[silence.start].mark is not Mark.NOTHING
            row.put(silence.start, " " * SILENCE_WIDTH)
            if running:
                row.put(silence.start, self._glyphs.silence.center(SILENCE_WIDTH), "yellow")
        self._write_pauses(row, lane)
        return row.text()

    def _glyph(self, cell: Cell) -> str:
        glyphs = self._glyphs
        if cell.mark is Mark.EVENTS:
            self._used.add("events")
            return glyphs.bar(cell.count, self._unit)
        name = cell.mark.name.lower()
        if cell.mark is Mark.NOTHING:
            return " "
        self._used.add(name)
        return str(getattr(glyphs, name))

    def _write_pauses(self, row: _Row, lane: Lane) -> None:
        """The length of the longest pauses, where there is room in them."""
        found = [pause for pause in pauses(lane, self._axis) if not self._has_silence(pause.start, pause.end)]
        longest = max((pause.duration for pause in found), default=0)
        for pause in found:
            label = f" {brief(pause.duration)} "
            room = pause.end - pause.start
            if room >= len(label) + 2 and pause.duration >= min(longest, _LABELLED):
                row.put(pause.start + (room - len(label)) // 2, label, _COLOURS[pause.mark])

    def _has_silence(self, start: int, end: int) -> bool:
        return any(start < silence.end and silence.start < end for silence in self._axis.silences)

    def _flags(self, each: Drawn) -> Iterator[str]:
        """Codes of findings, faults and causes, under the time at which they were made, in few lines."""
        rows: list[_Row] = []
        left_out = 0
        for column, mark, words in self._groups(each):
            length = sum(len(word) + 1 for word, _ in words)
            # To the left of its time where it would not fit to the right.
            is_left = column + length > self._axis.width
            start = max(column + 1 - length, 0) if is_left else column
            row = next((row for row in rows if row.is_free(start - 1, start + length + 1)), None)
            if row is None and len(rows) == _MOST_FLAG_ROWS:
                left_out += len(words)
                continue
            if row is None:
                row = _Row(self._axis.width)
                rows.append(row)
            place = start + (not is_left)
            for word, colour in words:
                row.put(place, word, colour)
                place += len(word) + 1
            row.put(column, mark, words[0][1])
        yield from (row.text() for row in rows)
        if left_out:
            yield coloured(f"({left_out} more marks)", "bright_black")

    def _groups(self, each: Drawn) -> Iterator[tuple[int, str, list[tuple[str, str]]]]:
        """Column, mark, words with their colours: all of a column, or each alone where there is no room."""
        for column, flags in self._flags_of(each).items():
            words = list(dict.fromkeys((word, colour) for _, word, colour in flags))
            room = max(self._axis.width - column, column + 1)
            if sum(len(word) + 1 for word, _ in words) <= room:
                yield column, flags[0][0], words
            else:
                marks = {word: mark for mark, word, _ in flags}
                yield from ((column, marks[word], [(word, colour)]) for word, colour in words)

    def _flags_of(self, each: Drawn) -> dict[int, list[tuple[str, str, str]]]:
        """By column, in order: a mark, a word and a colour for each."""
        glyphs, axis = self._glyphs, self._axis
        found: list[tuple[int, tuple[str, str, str]]] = []
        for fault in each.faults:
            name = _narrow(fault.fault)[:_LONGEST_NAME]
            found.append((axis.column(fault.at), (glyphs.fault, name, "magenta")))
            self._used.add("fault")
        for finding in each.findings:
            flag = (glyphs.finding, finding.code, COLOURS[finding.severity])
            found.append((axis.column(finding.at), flag))
            self._used.add("finding")
        for incident in each.incidents:
            at = each.findings[-1].at if each.findings else max(_times(each), default=incident.at)
            found.append((axis.column(at), (glyphs.cause, incident.cause, "bright_red")))
            self._used.add("cause")
        flags: dict[int, list[tuple[str, str, str]]] = {}
        for column, flag in sorted(found, key=lambda each: each[0]):
            flags.setdefault(column, []).append(flag)
        return flags

    def _legend(self) -> Iterator[str]:
        """What the glyphs in use mean, in lines that fit."""
        line = ""
        for meaning in self._meanings():
            if line and len(line) + 3 + len(meaning) > self._width:
                yield coloured(line, "bright_black")
                line = ""
            line += f"{'   ' if line else ''}{meaning}"
        if line:
            yield coloured(line, "bright_black")

    def _meanings(self) -> Iterator[str]:
        glyphs, bars = self._glyphs, self._glyphs.bars
        names = ("asked", "waiting", "answered", "quiet", "ended", "broken", "finding", "fault", "cause")
        words = (
            "request",
            "waiting",
            "answer",
            "nothing new",
            "end",
            "broken off",
            "finding",
            "fault",
            "cause",
        )
        for name, word in zip(names, words, strict=True):
            if name in self._used:
                yield f"{getattr(glyphs, name)} {word}"
        if "events" in self._used:
            unit, most = self._unit, self._unit * len(bars)
            if unit == 1:
                yield f"{bars[0]} one event, {bars[-1]} {most}"
            else:
                yield f"{bars[0]} 1 to {unit:,} events, {bars[-1]} {most - unit + 1:,} to {most:,}"
        if "silence" in self._used:
            yield f"{glyphs.silence} silence, not to scale"


def _times(each: Drawn) -> Iterator[int]:
    for lane in each.lanes:
        yield from lane.times()
    yield from (finding.at for finding in each.findings)
    yield from (fault.at for fault in each.faults)


def _label(row: ExchangeRow) -> str:
    word = _WORDS.get(Role(row.role)) if row.role else None
    return f"#{row.exchange} {word or _narrow(row.method)[:10]} {row.status or '-'}"


def _narrow(text: str) -> str:
    """`text`, safe to print, with each character in one cell."""
    return "".join([character if cell_len(character) == 1 else "?" for character in printable(text)])


def strikes(entry: Injection) -> bool:
    """Whether an entry of the journal says that a fault struck."""
    return entry.deed is Deed.HIT
