"""What `streamid resend` found, for people: a line for each exchange, then its differences."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable, shortened
from cli.rendering.report_text import counted
from cli.rendering.styling import bold, coloured
from replay.resending.report import Fate
from replay.resending.sequence import Way

if TYPE_CHECKING:
    from replay.resending.differences import Difference
    from replay.resending.report import Compared, Report

SHOWN = 20
"""Differences of one exchange that are listed."""
LISTED = 6
"""Numbers of exchanges that are listed."""
RUN = 3
"""Events of a type in a row from which on they are one line."""
SHORT_GAP = 1000
"""µs below which a gap is not worth showing."""
WIDE = 120
"""Characters of a value that are shown."""
_COLOURS = {Fate.SAME: "green", Fate.DIFFERENT: "red", Fate.NOT_SENT: "yellow"}
_WAYS = {Way.MISSING: "missing", Way.EXTRA: "new", Way.CHANGED: "changed", Way.REORDERED: "reordered"}
_SIGNS = {Fate.SAME: "✓", Fate.DIFFERENT: "✗", Fate.NOT_SENT: "–"}


def report_lines(report: "Report") -> Iterator[str]:
    """The exchanges in the order in which they were planned, what they have in common, and the counts."""
    for origin, target in report.targets.items():
        yield f"{printable(origin)} → {printable(target)}"
    yield ""
    several = len(report.targets) > 1
    for each in report.exchanges:
        if each.fate is not Fate.CUT:
            yield from _exchange(each, several)
    for exchange, why in report.left_out:
        yield f"  #{exchange} is left out: {printable(why)}"
    yield ""
    yield from _repeated(report)
    yield from _learned(report)
    yield _counts(report)


def _exchange(each: "Compared", several: bool) -> Iterator[str]:
    sign = coloured(_SIGNS[each.fate], _COLOURS[each.fate])
    where = f"{each.origin.partition('://')[2] if several else ''}{each.path}"
    line = f"{sign} #{each.exchange}  {printable(each.method)} {printable(where)}  {_status(each)}"
    yield f"{line}{coloured(_times(each), 'bright_black')}"
    if each.needed_by:
        yield f"      sent as well, for what it issues ({_listed(each.needed_by)})"
    if each.because:
        yield f"      {'not sent: ' if each.fate is Fate.NOT_SENT else ''}{printable(each.because)}"
    lines = list(_condensed(each.differences))
    yield from (f"      {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"      … and {len(lines) - SHOWN:,} more (--format json has all)"


def _listed(numbers: Iterable[int]) -> str:
    shown = [f"#{number}" for number in numbers]
    more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
    return ", ".join(shown[:LISTED]) + more


def _condensed(differences: "Iterable[Difference]") -> Iterator[str]:
    """A line each, but one for a run of events of a type that are all missing, or all new."""
    for (way, field), some in groupby(differences, key=lambda each: (each.way, each.field)):
        run = list(some)
        if len(run) > RUN and field.startswith("event ") and way in (Way.MISSING, Way.EXTRA):
            what = "missing" if way is Way.MISSING else "new"
            yield f"{printable(run[0].where)} to {printable(run[-1].where)}: {len(run)} {what}"
        else:
            yield from map(difference_line, run)


def difference_line(difference: "Difference") -> str:
    """For example `status: 200 → 400`, `header x-id: missing (was abc)`."""
    where = printable(difference.where)
    old, new = _value(difference.recorded), _value(difference.new)
    match difference.way:
        case Way.MISSING:
            return f"{where}: missing (was {old})"
        case Way.EXTRA:
            return f"{where}: new ({new})"
        case Way.REORDERED:
            return f"{where}: in another order ({old} → {new})"
    return f"{where}: {old} → {new}"


def _value(text: str | None) -> str:
    if text is None:
        return "nothing"
    return shortened(printable(text), WIDE) or "(empty)"


def _status(each: "Compared") -> str:
    old, new = (str(status or "no answer") for status in each.status)
    if each.fate is Fate.NOT_SENT:
        return f"was {old}"
    return old if old == new else f"{old} → {new}"


def _times(each: "Compared") -> str:
    """First byte, end, and the largest gap of a stream, recorded → new, in milliseconds."""
    old, new = each.timing
    if new is None:
        return ""
    pairs = [
        ("first byte", old.first_byte, new.first_byte),
        ("end", old.duration, new.duration),
        ("gap", old.largest_gap, new.largest_gap),
    ]
    shown = [
        f"{name} {_ms(was)} → {_ms(is_)} ms"
        for name, was, is_ in pairs
        if was is not None and is_ is not None and (name != "gap" or max(was, is_) >= SHORT_GAP)
    ]
    return f"  {', '.join(shown)}" if shown else ""


def _ms(micros: int) -> str:
    return f"{micros / 1000:,.0f}" if micros >= 10_000 else f"{micros / 1000:.1f}"


def _repeated(report: "Report") -> Iterator[str]:
    """What differs in several exchanges, each difference once."""
    found: dict[tuple[Way, str], list[int]] = {}
    for each in report.exchanges:
        for way, field in dict.fromkeys((one.way, one.field) for one in each.differences):
            found.setdefault((way, field), []).append(each.exchange)
    often = {what: numbers for what, numbers in found.items() if len(numbers) > 1}
    if not often:
        return
    yield "In several exchanges:"
    for (way, field), numbers in sorted(often.items(), key=lambda pair: -len(pair[1])):
        yield f"  {printable(field)}: {_WAYS[way]} in {len(numbers)} ({_listed(numbers)})"
    yield ""


def _learned(report: "Report") -> Iterator[str]:
    if not report.learned:
        return
    yield "Not compared, because they differed between two sends:"
    for route, fields in report.learned.items():
        yield f"  {printable(route)}: {printable(', '.join(fields))}"
    yield ""


def _counts(report: "Report") -> str:
    same, different, unsent = (report.count(fate) for fate in (Fate.SAME, Fate.DIFFERENT, Fate.NOT_SENT))
    parts = [f"{counted(len(report.exchanges), 'exchange')}: {same} as recorded"]
    parts += [f"{different} different"] if different else []
    parts += [f"{unsent} not sent"] if unsent else []
    cut = report.count(Fate.CUT)
    found = sum(len(each.differences) for each in report.exchanges)
    parts += [counted(found, "difference")]
    text = ", ".join(parts) + (f"; interrupted before {cut} were over" if cut else "")
    return bold(coloured(text, "red" if report.differs else "green"))
