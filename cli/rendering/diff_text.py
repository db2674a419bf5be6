"""What two taps tell of a hop, for people: the clocks, what it did and how often, then each exchange."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable, shortened
from cli.rendering.exchange_table import status_colour
from cli.rendering.finding_lines import COLOURS, weight
from cli.rendering.report_text import counted
from cli.rendering.styling import bold, coloured
from contract.events import Message
from postmortem.differences import Kind
from postmortem.taps import quantiles

if TYPE_CHECKING:
    from contract.findings import Finding
    from postmortem.clocks import Clock
    from postmortem.comparing import Comparison
    from postmortem.differences import Difference
    from postmortem.hops import HopReport
    from postmortem.sightings import Sighting
    from postmortem.taps import Done

_MOST = 100
_LISTED = 20
_WHERE = {Message.REQUEST: "request", Message.RESPONSE: "answer"}


def diff_lines(report: "HopReport", *, everything: bool = False) -> Iterator[str]:
    """One hop. `everything` lists all that never arrived or came only to B, too."""
    yield bold(f"{printable(report.client_side)} → {printable(report.server_side)}")
    yield f"  clock: {_clock(report.clock)}"
    yield f"  {_counts(report)}"
    for name, values in (
        ("request", report.tally.requests),
        ("first byte", report.tally.first_bytes),
        ("end", report.tally.ends),
    ):
        found = quantiles(values)
        if found is not None:
            figures = f"median {_ms(found.median)}, 95 % {_ms(found.p95)}, most {_ms(found.most)}"
            yield f"  added to the {name + ':':<11} {figures}"
    yield from (f"  {line}" for line in _summary(report))
    most = 1 << 62 if everything else _LISTED
    yield from _sightings("never arrived:", report.lost, most)
    yield from _sightings("only there:", report.extra, most)
    for comparison in report.comparisons:
        yield ""
        yield from _comparison(comparison, report)
    if report.left_out:
        yield ""
        yield f"{counted(report.left_out, 'more exchange')} not listed; --limit 0 lists all"


def _clock(clock: "Clock") -> str:
    """For example `3.000 s ahead, gaining 50.0 ppm (known to -0.2/+0.3 ms, from 12 pairs)`."""
    offset = clock.offset / 1e6
    direction = "ahead" if offset >= 0 else "behind"
    drift = clock.drift * 1e6
    is_clear = abs(clock.drift) > 2 * clock.drift_error
    drifting = f", {'gaining' if drift > 0 else 'losing'} {abs(drift):.1f} ppm" if is_clear else ""
    low = "-?" if clock.early is None else f"-{clock.early / 1000:.1f}"
    high = "+?" if clock.late is None else f"+{clock.late / 1000:.1f}"
    known = f"known to {low}/{high} ms, from {counted(clock.pairs, 'pair')}"
    wrong = f"; {counted(clock.violations, 'pair')} no clock is right for" if clock.violations else ""
    if 2 * clock.violations > clock.pairs:
        wrong += ": is the client's side named first?"
    return f"the server side is {abs(offset):.4f} s {direction}{drifting} ({known}{wrong})"


def _counts(report: "HopReport") -> str:
    tally = report.tally
    parts = [
        f"{counted(tally.pairs, 'exchange')} passed both",
        coloured(f"{tally.differing:,} differ", "yellow" if tally.differing else "green"),
        coloured(f"{len(report.lost):,} never arrived", "yellow" if report.lost else None),
        coloured(f"{len(report.repeated):,} repeated", "yellow" if report.repeated else None),
        f"{len(report.extra):,} only at the server side",
    ]
    return ", ".join(parts)


def _summary(report: "HopReport") -> Iterator[str]:
    done = report.tally.done()
    if not done:
        yield coloured("the hop changed nothing", "green")
        return
    yield "the hop changed:"
    for each in done:
        yield f"  {_deed(each)}"


def _deed(done: "Done") -> str:
    """For example `X-Streaming-Session-Id dropped in 12 of 12 answers`."""
    noun = _WHERE[done.first.message]
    return f"{_WORDS[done.first.kind](done.first)} in {done.count:,} of {counted(done.of, noun)}"


_WORDS: dict[Kind, Callable[["Difference"], str]] = {
    Kind.DROPPED: lambda each: f"{printable(each.name)} dropped",
    Kind.RENAMED: lambda each: f"{printable(each.name)} renamed to {printable(each.after)}",
    Kind.CHANGED: lambda each: f"{printable(each.name)} changed",
    Kind.ADDED: lambda each: f"{printable(each.name)} added",
    Kind.CASE: lambda each: (
        "names lower-cased" if each.after == each.before.lower() else "names written in other letters"
    ),
    Kind.METHOD: lambda each: "method changed",
    Kind.TARGET: lambda each: "path or query changed",
    Kind.STATUS: lambda each: "status changed",
    Kind.CODING: lambda each: "content-coding changed",
    Kind.BODY: lambda each: "body changed",
    Kind.EVENTS: lambda each: "events changed",
    Kind.HELD: lambda each: "events held back",
    Kind.ENDING: lambda each: "ending changed",
}


def _sightings(title: str, sightings: "Sequence[Sighting]", most: int) -> Iterator[str]:
    if not sightings:
        return
    yield f"  {title}"
    for seen in sightings[:most]:
        line = f"{printable(seen.method.decode('latin-1'))} {printable(seen.target.decode('latin-1'))}"
        yield f"    #{seen.exchange}  {shortened(line, _MOST)} → {_status(seen.status or None)}"
    if len(sightings) > most:
        yield f"    and {len(sightings) - most:,} more; --all lists them"


def _status(status: int | None) -> str:
    return coloured(str(status or "no answer"), status_colour(status))


def _comparison(comparison: "Comparison", report: "HopReport") -> Iterator[str]:
    pair = report.pairs[comparison.exchange]
    others = "".join(f", #{each.exchange}" for each in pair.others)
    tries = f" (also sent as {others[2:]})" if others else ""
    line = f"{comparison.method.decode('latin-1')} {comparison.target.decode('latin-1')}"
    where = f"#{comparison.exchange} → #{pair.b.exchange}{tries}"
    yield f"{bold(where)}  {shortened(printable(line), _MOST)} → {_status(comparison.status)}"
    for difference in comparison.differences:
        told = shortened(_told(difference), 2 * _MOST)
        yield f"    {_WHERE[difference.message]:<8} {difference.kind.value:<8} {told}"
    if comparison.findings:
        yield f"    judged   {', '.join(map(_judgement, comparison.findings))}"
    yield f"    {_figures(comparison)}"


def _judgement(finding: "Finding") -> str:
    """For example `HP701 hop-dropped (error)`; the lines above say what was dropped."""
    return f"{finding.code} {finding.name} ({coloured(weight(finding), COLOURS[finding.severity])})"


def _told(difference: "Difference") -> str:
    name, before, after = map(printable, (difference.name, difference.before, difference.after))
    match difference.kind:
        case Kind.DROPPED:
            return f"{name}: {before}"
        case Kind.ADDED:
            return f"{name}: {after}"
        case Kind.RENAMED:
            return f"{name} → {after}"
        case Kind.CHANGED:
            return f"{name}: {before} → {after}"
        case Kind.CASE:
            return _recased(difference)
        case Kind.EVENTS:
            return f"{before} → {after}, from event {name} on"
        case Kind.HELD:
            return f"events that came within {before} left up to {after} late"
        case _:
            return f"{before} → {after}"


def _recased(difference: "Difference") -> str:
    """For example `8 names, such as X-User-ID → x-user-id`."""
    names = list(zip(difference.before.split(", "), difference.after.split(", "), strict=False))
    before, after = next((pair for pair in names if pair[0][:2] in ("X-", "x-")), names[0])
    return f"{counted(len(names), 'name')}, such as {printable(before)} → {printable(after)}"


def _figures(comparison: "Comparison") -> str:
    latency, number = comparison.latency, comparison.counted
    parts = [
        f"{name} {_ms(value, sign=True)}"
        for name, value in (
            ("request", latency.request),
            ("first byte", latency.first_byte),
            ("end", latency.end),
        )
        if value is not None
    ]
    if latency.events:
        ordered = sorted(latency.events)
        parts.append(f"events {_ms(ordered[0], sign=True)} to {_ms(ordered[-1], sign=True)}")
    if number.events != (0, 0):
        parts.append(_both(number.events, "event"))
    parts.append(_both(number.chunks, "chunk"))
    if comparison.versions[0] != comparison.versions[1]:
        versions = (printable(each.decode("latin-1")) for each in comparison.versions)
        parts.append(" → ".join(versions))
    return coloured(", ".join(parts), "bright_black")


def _both(pair: tuple[int, int], noun: str) -> str:
    came, left = pair
    return counted(came, noun) if came == left else f"{came:,} → {counted(left, noun)}"


def _ms(microseconds: int, *, sign: bool = False) -> str:
    return f"{microseconds / 1000:{'+' if sign else ''}.1f} ms"
