"""What the probe heard, judged by the contract as it comes, and recorded where that is asked for."""

import secrets
from collections.abc import Callable, Collection

from contract.checker import Checker
from contract.events import Event, RequestHead, ResponseHead
from contract.findings import ExchangeFacts, Finding, Output, Role
from contract.profile import Profile
from recordings.beginning import redactor
from recordings.decoding import DECODERS
from replay.judging import Found
from replay.probing.conformance import ABOUT_CLIENTS, ACROSS_ORIGINS, TWO_SIDES, Tally


class Journal:
    """Takes every event; `also` gets it, too. As everywhere, what is judged has been redacted before.

    Rules about clients and hops are not asked, and those about CORS only with an `origin`.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        select: Collection[str] | None = None,
        ignore: Collection[str] = (),
        origin: str = "",
        also: Callable[[Event], object] | None = None,
    ) -> None:
        self.tally = Tally()
        self.exchanges = self.streams = 0
        self._also = also
        self._redactor = redactor(secrets.token_bytes(32), profile)
        rules = self.tally.counting()
        left_out = (*ABOUT_CLIENTS, *TWO_SIDES, *(() if origin else ACROSS_ORIGINS))
        judged = {code: rule for code, rule in rules.items() if not code.startswith(left_out)}
        self._checker = Checker(profile, decoders=DECODERS, select=select, ignore=ignore, rules=judged)
        self._findings: list[Finding] = []
        self.heads: dict[int, RequestHead] = {}
        """The requests by exchange, as they were sent but for the secrets."""
        self._statuses: dict[int, int] = {}

    def put(self, event: Event) -> None:
        """Take the next event."""
        if self._also is not None:
            self._also(event)
        for each in self._redactor.feed(event):
            self._judge(each)

    def end(self) -> list[Found]:
        """Nothing more comes: all findings, with the lines of their exchanges."""
        for event in self._redactor.flush():
            self._judge(event)
        self._take(self._checker.end())
        return [Found(each, *self._line(each.exchange)) for each in self._findings]

    def _judge(self, event: Event) -> None:
        if isinstance(event, RequestHead):
            self.heads[event.exchange] = event
        elif isinstance(event, ResponseHead):
            self._statuses[event.exchange] = event.status
        self._take(self._checker.feed(event))

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Finding):
                self._findings.append(output)
            elif isinstance(output, ExchangeFacts):
                self.exchanges += 1
                self.streams += output.role is Role.ISSUE

    def _line(self, exchange: int) -> tuple[str, str, int | None]:
        head = self.heads.get(exchange)
        if head is None:
            return "", "", None
        port = "" if head.port == {"http": 80, "https": 443}.get(head.scheme) else f":{head.port}"
        url = f"{head.scheme}://{head.host}{port}{head.target.decode('latin-1')}"
        return head.method.decode("latin-1"), url, self._statuses.get(exchange)
