"""The data of `streamid report` as JSON, written piece by piece."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.json_stream import array, text_of

if TYPE_CHECKING:
    from postmortem.report.model import Report


def report_data(report: "Report") -> Iterator[str]:
    """One object; `recordings` has each with its incidents, findings, exchanges and streams."""
    from postmortem.report.plain import exchanges, head, recording

    yield text_of(head(report))[:-1]
    yield ', "recordings": ['
    for number, section in enumerate(report.sections):
        yield ",\n" if number else "\n"
        yield text_of(recording(section))[:-1]
        yield ', "exchanges": '
        yield from array(exchanges(section))
        yield "}"
    yield "]}"
