"""The lines of `streamid tail`."""

from datetime import UTC, datetime

from cli.rendering.escaping import printable, printable_bytes
from cli.rendering.exchange_table import path_of, status_colour
from cli.rendering.finding_lines import COLOURS, finding_text, verdict_text
from cli.rendering.styling import bold, coloured
from cli.rendering.times import duration, local
from contract.findings import Finding, StreamVerdict
from recordings.rows import Run
from replay.following import Began, Ended, News


def news_line(run: Run, news: News) -> str:
    """One line; times are local."""
    return f"{local(run, news.at, datetime.now(UTC))}  {_what(news)}"


def _what(news: News) -> str:
    match news:
        case Began():
            method, target = printable_bytes(news.request.method), printable_bytes(news.request.target)
            return f"#{news.exchange} → {method} {target}"
        case Ended():
            return _ended(news)
        case Finding():
            text = f"#{news.exchange} ▲ {finding_text(news)}"
            return coloured(text, COLOURS[news.severity])
        case StreamVerdict():
            return bold(f"● {verdict_text(news)}")


def _ended(news: Ended) -> str:
    row = news.row
    status = coloured(str(row.status or "no answer"), status_colour(row.status))
    parts = [
        f"#{news.exchange} ← {status} {printable(row.method)} {printable(path_of(row.url))}",
        row.outcome,
    ]
    if row.ended_at is not None:
        parts.append(duration(row.ended_at - row.at))
    if row.events is not None:
        parts.append(f"{row.events:,} events")
    return ", ".join(parts)
