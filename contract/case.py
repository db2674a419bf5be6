"""A case: all exchanges of one scope that belong together, looked at when nothing more of it is to come."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contract.findings import Role
from contract.headers import first, key
from contract.incidents import Incident
from contract.profile import Profile
from contract.subjects import Answer
from contract.testimony import Testimony


@dataclass
class Case:
    """The testimonies of one scope, in the order in which their exchanges began.

    `incidents` are those found so far: what is concluded later may rest on them. `told` are cause and
    exchange of those that were handed out, `learnt` the echoes that the experience has already. `is_resumed`
    says that earlier exchanges of the scope were let go, `counted` are streams that an earlier part of the
    same case has counted.
    """

    profile: Profile
    key: str
    testimonies: list[Testimony] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    told: set[tuple[str, int]] = field(default_factory=set)
    learnt: set[int] = field(default_factory=set)
    is_resumed: bool = False
    counted: set[int] = field(default_factory=set)

    def add(self, testimony: Testimony) -> None:
        """Another exchange of the scope is over."""
        self.testimonies.append(testimony)

    def sort(self) -> None:
        """Put them in the order in which they began."""
        self.testimonies.sort(key=lambda each: each.began)

    @property
    def last_at(self) -> int:
        """When the latest of them was over (µs)."""
        return max((each.over_at for each in self.testimonies), default=0)

    @property
    def issues(self) -> Iterator[Testimony]:
        """Those that were to issue an ID, and were answered."""
        return (each for each in self.testimonies if each.role is Role.ISSUE and each.issue is not None)

    @property
    def echoes(self) -> Iterator[Testimony]:
        """Those that were to bring an ID back."""
        return (each for each in self.testimonies if each.echo is not None)

    def issue_before(self, echo: Testimony) -> Testimony | None:
        """The issuing exchange that an echo follows: the latest whose answer began before it."""
        before = [each for each in self.issues if each.began < echo.began and each.answered_at <= echo.at]
        return before[-1] if before else None

    def of(self, exchange: int) -> Testimony | None:
        """The testimony of an exchange, if it is of this case."""
        return next((each for each in self.testimonies if each.exchange == exchange), None)

    def causes_of(self, exchange: int) -> set[str]:
        """The causes found so far that an exchange is part of."""
        return {each.cause for each in self.incidents if exchange in each.exchanges}

    def has(self, *causes: str) -> bool:
        """Whether one of these causes was found."""
        return any(each.cause in causes for each in self.incidents)


def handed_out(issue: Testimony) -> tuple[str, ...]:
    """The values that a client can have read as the ID: each line, and all of them as scripts join them."""
    reading = issue.issue.client if issue.issue else None
    if reading is None:
        return ()
    return (*reading.values, ", ".join(reading.values)) if len(reading.values) > 1 else reading.values


def is_refused(echo: Testimony) -> bool:
    """Whether the service refused this echo for its ID."""
    return echo.echo is not None and echo.echo.answer in (Answer.MISMATCH, Answer.REFUSED)


def instance_of(testimony: Testimony, profile: Profile) -> str:
    """The instance that answered, as far as the answer names it."""
    head = testimony.server or testimony.client
    if head is None:
        return ""
    values = (first(head.headers, key(name)) for name in profile.service.instance)
    return next((value.decode("latin-1") for value in values if value), "")
