"""What `streamid resend` found, for people: a line for each exchange, then its differences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable, shortened
from cli.rendering.styling import bold, coloured
from replay.resending.report import Fate
from replay.resending.sequence import Way

if TYPE_CHECKING:
    from replay.resending.differences import Difference
    from replay.resending.report import Compared, Report
    from replay.resending.timing import Timing

SHOWN = 20
"""Differences of one exchange that are listed."""
WIDE = 120
"""Characters of a value that are shown."""
_COLOURS = {Fate.SAME: "green", Fate.DIFFERENT: "red", Fate.NOT_SENT: "yellow"}
_SIGNS = {Fate.SAME: "✓", Fate.DIFFERENT: "✗", Fate.NOT_SENT: "–"}


def report_lines(report: "Report") -> Iterator[str]:
    """The exchanges in the order in which they were planned, then a line with the counts."""
    for origin, target in report.targets.items():
        yield f"{printable(origin)} → {printable(target)}"
    yield ""
    several = len(report.targets) > 1
    for each in report.exchanges:
        yield from _exchange(each, several)
    for exchange, why in report.left_out:
        yield f"  #{exchange} is left out: {printable(why)}"
    yield ""
    yield from _learned(report)
    yield _counts(report)


def _exchange(each: "Compared", several: bool) -> Iterator[str]:
    sign = coloured(_SIGNS[each.fate], _COLOURS[each.fate])
    where = f"{printable(each.origin)}{printable(each.path)}" if several else printable(each.path)
    yield f"{sign} #{each.exchange}  {printable(each.method)} {where}  {_status(each)}{_times(each)}"
    if each.needed_by:
        users = ", ".join(f"#{number}" for number in each.needed_by[:5])
        more = f" and {len(each.needed_by) - 5} more" if len(each.needed_by) > 5 else ""
        yield f"      sent because {users}{more} need what it issues"
    if each.because:
        yield f"      {'not sent: ' if each.fate is Fate.NOT_SENT else ''}{printable(each.because)}"
    for difference in each.differences[:SHOWN]:
        yield f"      {difference_line(difference)}"
    if len(each.differences) > SHOWN:
        yield f"      … {len(each.differences) - SHOWN:,} more differences (--format json has all)"


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
    return shortened(printable(text), WIDE) or '""'


def _status(each: "Compared") -> str:
    old, new = (str(status or "no answer") for status in each.status)
    if each.fate is Fate.NOT_SENT:
        return f"was {old}"
    return old if old == new else f"{old} → {new}"


def _times(each: "Compared") -> str:
    old, new = each.timing
    if new is None:
        return ""
    parts = [_time(name, old, new) for name in ("first_byte", "duration", "largest_gap")]
    return coloured(f"  {', '.join(filter(None, parts))}", "bright_black") if any(parts) else ""


def _time(name: str, old: "Timing", new: "Timing") -> str:
    was, is_ = getattr(old, name), getattr(new, name)
    if was is None or is_ is None or (name == "largest_gap" and max(was, is_) < 1000):
        return ""
    return f"{name.replace('_', ' ')} {_ms(was)} → {_ms(is_)}"


def _ms(micros: int) -> str:
    return f"{micros / 1000:.0f} ms" if micros >= 10_000 else f"{micros / 1000:.1f} ms"


def _learned(report: "Report") -> Iterator[str]:
    if not report.learned:
        return
    yield "Not compared, because they differed between two sends:"
    for route, fields in report.learned.items():
        yield f"  {printable(route)}: {printable(', '.join(fields))}"
    yield ""


def _counts(report: "Report") -> str:
    same, different, unsent = (report.count(fate) for fate in (Fate.SAME, Fate.DIFFERENT, Fate.NOT_SENT))
    parts = [f"{len(report.exchanges)} exchanges: {same} as recorded"]
    parts += [f"{different} different"] if different else []
    parts += [f"{unsent} not sent"] if unsent else []
    found = sum(len(each.differences) for each in report.exchanges)
    parts += [f"{found:,} difference{'s' if found != 1 else ''}"]
    text = ", ".join(parts) + ("; interrupted" if report.interrupted else "")
    return bold(coloured(text, "red" if report.differs else "green"))
