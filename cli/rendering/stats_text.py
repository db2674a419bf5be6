"""The text of `streamid stats`: counts, and a table with small plots for each measure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from rich.cells import cell_len

from cli.rendering.escaping import printable
from cli.rendering.exchange_table import OUTCOME_COLOURS, status_colour
from cli.rendering.glyphs import Glyphs
from cli.rendering.report_text import counted
from cli.rendering.styling import bold, coloured
from cli.rendering.times import brief
from postmortem.activity import Activity
from postmortem.percentiles import COLUMNS, SHARES, Distribution
from postmortem.statistics import GAPS, MEASURES, Statistics

_TITLES = {
    "first_byte": "Time to first byte",
    "whole": "Whole exchange, of complete ones",
    "event_rate": "Events a second, of complete streams",
    "largest_gap": "Longest gap of a stream",
    GAPS: "Gaps between chunks of streams, within 1 %",
}
_NUMBER = 7
"""Cells of a number in a table."""
_BAR = 24
_UNITS = ("KB", "MB", "GB", "TB")
_TIME = "%Y-%m-%d %H:%M:%S"


class StatsText:
    """The lines, at most `width` cells each."""

    def __init__(
        self, statistics: Statistics, by: str, activity: Activity, width: int, glyphs: Glyphs
    ) -> None:
        self._groups = statistics.groups()
        self._statistics = statistics
        self._total = statistics.total
        self._by = by
        self._activity = activity
        self._glyphs = glyphs
        plot, numbers = COLUMNS + 4, (_NUMBER + 1) * (len(SHARES) + 2)
        names = max([cell_len(printable(group.name)) for group in self._groups] + [len(by)])
        self._name_width = max(min(names, width - plot - numbers), len(by))

    def lines(self) -> Iterator[str]:
        """All of it."""
        yield from self._summary()
        for measure in (*MEASURES, GAPS):
            found = self._total.measured.get(measure)
            if found is not None and found.n:
                yield ""
                yield from self._table(measure, _rate if measure == "event_rate" else _time)

    def _summary(self) -> Iterator[str]:
        total, activity = self._total, self._activity
        since, until = activity.since.strftime(_TIME), activity.until.strftime(_TIME)
        counts = (total.exchanges, "exchange"), (total.streams, "stream"), (total.findings, "finding")
        yield bold(", ".join([counted(number, what) for number, what in counts]))
        yield f"{since} to {until} UTC"
        yield f"{_size(total.request_bytes)} sent, {_size(total.response_bytes)} received (bodies)"
        if any(activity.counts):
            part = brief(int(activity.duration.total_seconds() * 1_000_000) // len(activity.counts))
            most = max(activity.counts)
            yield ""
            yield bold("Exchanges over time") + f"  (a cell is {part}, the highest {most:,})"
            yield coloured(self._glyphs.sparkline(activity.counts).rstrip(), "cyan")
        statuses = {
            _status(status): count for status, count in sorted(total.statuses.items(), key=_by_status)
        }
        yield from self._bars(
            "Status", statuses, lambda name: status_colour(int(name)) if name.isdigit() else "red"
        )
        yield from self._bars("Outcome", _often(total.outcomes), _outcome_colour)
        if total.streams and total.streams != total.exchanges:
            yield from self._bars("Outcome of streams", _often(total.stream_outcomes), _outcome_colour)

    def _bars(
        self, title: str, counts: Mapping[str, int], colour: Callable[[str], str | None]
    ) -> Iterator[str]:
        """A bar for each count."""
        if not counts:
            return
        yield ""
        yield bold(title)
        most, names = max(counts.values()), max(map(len, counts))
        numbers = max(len(f"{count:,}") for count in counts.values())
        for name, count in counts.items():
            bar = coloured(self._glyphs.long_bar(count / most, _BAR), colour(name))
            yield f"{name:<{names}}  {count:>{numbers},}  {bar}"

    def _table(self, measure: str, text: Callable[[float], str]) -> Iterator[str]:
        """A line per group, and one for all where there are several."""
        scale = self._statistics.scale(measure)
        span = f"{text(scale.low)} to {text(scale.high)}"
        heads = "".join([f" {head:>{_NUMBER}}" for head in ("n", *(f"p{share}" for share in SHARES), "max")])
        yield bold(_TITLES[measure])
        yield coloured(f"{self._by:<{self._name_width}}{heads}  {span}", "bright_black")
        groups = [group for group in self._groups if group.measured.get(measure, Distribution()).n]
        for group in groups:
            yield from self._line(printable(group.name), group.measured[measure], text)
        if len(groups) > 1:
            yield from self._line("all", self._total.measured[measure], text)

    def _line(self, name: str, found: Distribution, text: Callable[[float], str]) -> Iterator[str]:
        """One line, or two where the name leaves no room for the numbers."""
        room = self._name_width - cell_len(name)
        if room < 0:
            yield name
            name, room = "", self._name_width
        values = [found.percentiles.get(share) for share in SHARES] + [found.max]
        numbers = "".join([f" {'-' if value is None else text(value):>{_NUMBER}}" for value in values])
        plot = coloured(self._glyphs.sparkline(found.spread).rstrip(), "green")
        yield f"{name}{' ' * room} {found.n:>{_NUMBER},}{numbers}  {plot}"


def _time(microseconds: float) -> str:
    return brief(int(microseconds))


def _rate(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 100 else f"{rate:.3g}/s"


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    power = min(len(str(size)) // 3 - (len(str(size)) % 3 == 0), len(_UNITS))
    return f"{size / 1000**power:.1f} {_UNITS[power - 1]}"


def _often(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _status(status: int | None) -> str:
    return "none" if status is None else str(status)


def _by_status(pair: tuple[int | None, int]) -> int:
    return pair[0] or 1000


def _outcome_colour(outcome: str) -> str | None:
    return OUTCOME_COLOURS.get(outcome, "yellow") or "green"
