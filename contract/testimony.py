"""What the checker knows of one exchange when it is over: what causes are concluded from.

A testimony is plain data. It is filled while the exchange runs and handed out once, at its end.
"""

from dataclasses import dataclass, field

from contract.events import Abort, RequestHead, ResponseHead
from contract.findings import Finding, Role, Severity, Verdict
from contract.places import Returned
from contract.routes import Caller
from contract.subjects import Echo, Issue


@dataclass(frozen=True, slots=True)
class BodyPassage:
    """How an answer's body went from one side to the other, where the sides differ in anything.

    `differs_at` is the first byte that is another one, None where what left is what came, as far as it
    left; `is_unsure` says that this cannot be told. `came` and `left` are the times (µs) of the first and
    the last of the chunks that differ, on the side where they came in and where they left.
    """

    differs_at: int | None
    is_unsure: bool
    came: tuple[int, int]
    left: tuple[int, int]


@dataclass(slots=True)
class Testimony:
    """One exchange. `began` and `over` are positions in the sequence, `at` and `over_at` microseconds.

    `client` and `server` are the answer's heads on the two sides, `client_abort` and `server_abort` what
    broke each side off, `is_whole` whether the answer ended by its framing, on the client's side and on the
    service's. `at_server` is the ID as the service got it, where it is an echo. `faults` are the kinds of
    injected faults that struck.
    """

    exchange: int
    began: int
    at: int
    role: Role
    scope: str
    caller: Caller
    request: RequestHead
    over: int = 0
    over_at: int = 0
    stream: str = ""
    is_cross_origin: bool = False
    is_routed: bool = False
    request_at_server: RequestHead | None = None
    client: ResponseHead | None = None
    server: ResponseHead | None = None
    client_abort: Abort | None = None
    server_abort: Abort | None = None
    is_whole: tuple[bool, bool] = (False, False)
    issue: Issue | None = None
    echo: Echo | None = None
    at_server: Returned | None = None
    body: BodyPassage | None = None
    heard_at: int = 0
    answered_at: int = 0
    findings: list[Finding] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def found(self, *codes: str) -> list[Finding]:
        """The findings of these rules that are certain and more than a note."""
        return [each for each in self.findings if each.code in codes and is_failure(each)]

    def fails(self, *codes: str) -> bool:
        """Whether one of these rules fails, certainly, as an error."""
        return any(each.severity is Severity.ERROR for each in self.found(*codes))


def is_failure(finding: Finding) -> bool:
    """Whether a finding is certain, and more than a note."""
    return finding.verdict is not Verdict.INCONCLUSIVE and finding.severity is not Severity.INFO
