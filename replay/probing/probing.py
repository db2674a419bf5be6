"""A probe as a whole: what it would send, and a run of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contract.events import Event
from contract.judging import is_chosen
from replay.probing.client import Client, Limits
from replay.probing.journal import Journal
from replay.probing.making import Target, check, shown
from replay.probing.report import ProbeReport, rule_row, step_report, summed
from replay.probing.requests import ProbeError, Request
from replay.probing.runner import Runner, unknown_path
from replay.probing.steps import Action, Call, Step


@dataclass(frozen=True)
class Settings:
    """How a probe is run. `select` and `ignore` are rule codes or their beginnings; `wait` is in seconds."""

    limits: Limits = field(default_factory=Limits)
    wait: float = 2.0
    most_requests: int = 100
    proxy: str | None = None
    ca: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()


def to_be_sent(target: Target, steps: list[Step], settings: Settings) -> list[tuple[Step, Action, Request]]:
    """Every request, in order, as people read it; the cleaning up is the last step.

    Raises `ProbeError` where a variable has no value, where the profile would judge nothing of it, and where
    there are more requests than are allowed.
    """
    check(target, steps)
    every = [*steps, _cleaning(target, steps)]
    requests = [(step, action, shown(target, action)) for step in every for action in step.each()]
    if len(requests) > settings.most_requests:
        allowed = settings.most_requests
        raise ProbeError(f"the probe would send {len(requests)} requests; {allowed} are allowed")
    for _, action, request in requests:
        path = (
            unknown_path(target, request, request.method) if action.call in (Call.STREAM, Call.UPDATE) else ""
        )
        if path:
            known = ", ".join(route.path for route in (*target.profile.issue, *target.profile.echo))
            raise ProbeError(
                f"{path} is no path of the profile {target.profile.name} ({known}): is the URL right?"
            )
    return requests


def _cleaning(target: Target, steps: list[Step]) -> Step:
    """The deletions at the end, of what the steps do not delete themselves."""
    if target.probe.delete is None:
        return Step("clean up", "", ())
    actions = [action for step in steps for action in step.each()]
    deleted = {action.session for action in actions if action.call is Call.DELETE}
    return Step(
        "clean up",
        "Delete the sessions that the probe made.",
        tuple(
            Action(Call.DELETE, f"delete session {each.session}", each.user, each.session)
            for each in actions
            if each.call is Call.CREATE and each.session not in deleted
        ),
    )


class Probing:
    """One run of a probe. `also` gets every event, `advance` hears of each request.

    Raises `ValueError` for a proxy or certificates that cannot be used.
    """

    def __init__(
        self,
        target: Target,
        settings: Settings,
        *,
        also: Callable[[Event], object] | None = None,
        advance: Callable[[int], object] = lambda done: None,
    ) -> None:
        self._target, self._settings = target, settings
        self._journal = Journal(
            target.profile,
            select=settings.select,
            ignore=settings.ignore,
            origin=target.origin,
            also=also,
        )
        self._client = Client(self._journal.put, settings.limits, proxy=settings.proxy, ca=settings.ca)
        self.runner = Runner(target, self._client, self._journal, wait=settings.wait, advance=advance)

    async def run(self, steps: list[Step]) -> None:
        """Send everything, and clean up. Raises `ProbeError` where it cannot begin."""
        async with self._client:
            await self.runner.run(steps)

    def report(self, url: str) -> ProbeReport:
        """What was found; once it is over."""
        findings, summary = summed(self._journal.end())
        settings, runner, target = self._settings, self.runner, self._target
        rows = self._journal.tally.rows(
            chosen=lambda code: is_chosen(code, settings.select, settings.ignore), origin=target.origin
        )
        return ProbeReport(
            url=url,
            profile=target.profile.name,
            origin=target.origin,
            requests=self._client.requests,
            streams=self._journal.streams,
            exchanges=self._journal.exchanges,
            rules=[rule_row(row) for row in rows],
            findings=findings,
            summary=summary,
            steps=[step_report(outcome) for outcome in runner.outcomes],
            left=runner.left,
        )
