"""Wrong IDs to send, and the table of what the service made of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """An ID to send (`sends` None leaves the field out), and whether the service should take it."""

    name: str
    sends: str | None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` 0 where nothing did."""

    probe: Probe
    status: int
    message: str

    @property
    def as_expected(self) -> bool:
        """The right ID gets a 200, all others a 400 that speaks of a mismatch."""
        if self.probe.accepted:
            return self.status == 200
        return self.status == 400 and "mismatch" in self.message.lower()


def probes(actual: str) -> tuple[Probe, ...]:
    """The probe list; the actual ID comes last, so that no probe follows an accepted update."""
    return (
        Probe("no ID", None),
        Probe("empty", ""),
        Probe("wrong format", "incorrect-format"),
        Probe("no UUID part", "stream-12345"),
        Probe("no hex digits", "stream-12345-uuid"),
        Probe("the actual ID", actual, accepted=True),
    )


def table(answers: Sequence[Answer]) -> list[str]:
    """Lines of a table: probe, what was sent, status, as expected or not, message."""
    rows = [("probe", "sent", "status", "", "message")]
    for answer in answers:
        sent = "–" if answer.probe.sends is None else f'"{answer.probe.sends}"'
        verdict = "ok" if answer.as_expected else "WRONG"
        rows.append((answer.probe.name, sent, str(answer.status or "–"), verdict, answer.message))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
