"""The faults that are armed in this run, and what they do to each exchange."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from mitmproxy import http

from contract import headers
from contract.events import Deed, Injection, Kind, Message, RequestHead, Side
from contract.profile import Profile
from contract.routes import Routes
from faults.deciding import Decider
from faults.fault import Fault
from faults.parts import Instead, RequestStart, ResponseStart
from faults.pipeline import Pipeline
from faults.plan import Plan, PlannedFault
from faults.scene import Change, Scene

_OTHER_START = {Message.REQUEST: ResponseStart, Message.RESPONSE: RequestStart}

type Put = Callable[[Injection], None]


@dataclass(slots=True, eq=False)
class Loaded:
    """A fault of the plan in this run: whether it is armed, what it has counted and remembers."""

    planned: PlannedFault
    decider: Decider
    armed: bool
    memory: dict[str, Any] = field(default_factory=dict)
    struck: int = 0


@dataclass(slots=True)
class Occasion:
    """One exchange, as faults are asked about it."""

    exchange: int
    flow: http.HTTPFlow
    request: RequestStart
    version: str
    """The client's HTTP version."""
    client: str
    """The client's address, without its port."""
    struck: list[Loaded] = field(default_factory=list)
    """Whose `over` is to be called when the exchange is."""
    answering: list[tuple[Loaded, Scene]] = field(default_factory=list)
    """Faults on the response that were asked for an answer already, and so are decided."""


class Injector:
    """Holds the plan; `put` takes entries of the journal, `now` is the run's clock (µs)."""

    def __init__(self, put: Put, now: Callable[[], int]) -> None:
        self._put = put
        self._now = now
        self.loaded: list[Loaded] = []
        self.plan: Plan | None = None
        self.is_armed = False
        """Whether any exchange has to be looked at."""
        self._routes: Routes | None = None
        self._facts: dict[str, Any] = {}
        self._id_header = b""

    # The plan

    def know(self, profile: Profile) -> None:
        """Learn from the profile what faults want to know of a service."""
        self._routes = Routes(profile)
        names = [issue.id.header for issue in profile.issue if issue.id.header]
        paths = [echo.id.json_path for echo in profile.echo if echo.id.json_path]
        self._id_header = names[0].lower().encode() if names else b""
        self._facts = {
            "id_header": names[0] if names else "",
            "expose": profile.cors.expose,
            "terminal": profile.sse.terminal,
            "echo_path": paths[0] if paths else "",
        }

    def load(self, plan: Plan) -> None:
        """Let `plan` hold from now on. Faults that are in it as before keep their counts."""
        before = {each.planned.name: each for each in self.loaded}
        keeps_seed = self.plan is not None and self.plan.seed == plan.seed
        self.loaded = []
        for planned in plan.faults:
            old = before.get(planned.name)
            if old is not None and keeps_seed and _alike(old.planned, planned):
                old.planned = planned
                self.loaded.append(old)
                continue
            decider = Decider(plan.seed, planned.name, planned.when, self._now())
            self.loaded.append(Loaded(planned, decider, planned.armed))
        self.plan = plan
        self._look()

    def arm(self, names: Iterable[str], armed: bool) -> None:
        """Arm or disarm faults by name, all of them where none is named. Raises KeyError."""
        by_name = {each.planned.name: each for each in self.loaded}
        for each in [by_name[name] for name in names] or self.loaded:
            if armed and not each.armed:
                each.decider.arm(self._now())
            each.armed = armed
        self._look()

    def _look(self) -> None:
        self.is_armed = any(each.armed for each in self.loaded)

    # An exchange

    def answer(self, occasion: Occasion) -> Instead | None:
        """What a fault says in the service's place, where one does (a cache)."""
        for loaded in self._about(Message.RESPONSE):
            fault = loaded.planned.fault
            if type(fault).answer is Fault.answer or not self._matches(loaded, occasion):
                continue
            scene = self._struck(loaded, occasion, Message.RESPONSE, occasion.request)
            if scene is None:
                continue
            instead = fault.answer(scene, self._now())
            if instead is not None:
                return instead
            occasion.answering.append((loaded, scene))
        return None

    def request(self, occasion: Occasion, version: str) -> Pipeline | None:
        """The faults that strike the request, which leaves by this HTTP version; None for none."""
        return self._pipeline(occasion, Message.REQUEST, occasion.request, version)

    def response(self, occasion: Occasion, start: ResponseStart) -> Pipeline | None:
        """The faults that strike the response with this start; None for none."""
        return self._pipeline(occasion, Message.RESPONSE, start, occasion.version)

    def over(self, occasion: Occasion) -> None:
        """The exchange is over."""
        for loaded in occasion.struck:
            loaded.decider.over()
        occasion.struck.clear()

    def _pipeline(
        self, occasion: Occasion, message: Message, start: RequestStart | ResponseStart, version: str
    ) -> Pipeline | None:
        decided = {id(loaded): scene for loaded, scene in occasion.answering}
        stages = []
        for loaded in self._about(message):
            scene = decided.get(id(loaded))
            if scene is not None:
                if not loaded.planned.fault.applies(scene, start):
                    continue
            else:
                if type(loaded.planned.fault).answer is not Fault.answer:
                    continue  # it was asked at the request
                if not self._matches(loaded, occasion):
                    continue
                scene = self._struck(loaded, occasion, message, start)
            if scene is not None:
                stages.append(loaded.planned.fault.stage(scene))
        return Pipeline(stages, version) if stages else None

    def _about(self, message: Message) -> list[Loaded]:
        return [each for each in self.loaded if each.armed and each.planned.fault.message is message]

    def _matches(self, loaded: Loaded, occasion: Occasion) -> bool:
        matches = cast("Callable[[http.HTTPFlow], object] | None", loaded.planned.filter)
        return matches is None or bool(matches(occasion.flow))

    def _struck(
        self, loaded: Loaded, occasion: Occasion, message: Message, start: RequestStart | ResponseStart
    ) -> Scene | None:
        """Decide on the fault, and journal that; its scene if it strikes."""
        planned = loaded.planned
        scene = Scene(
            request=occasion.request,
            random=loaded.decider.random_for("", 0),
            note=lambda change: None,
            memory=loaded.memory,
            version=occasion.version,
            scope=self._scope(occasion),
            **self._facts,
        )
        is_about_it = message is planned.fault.message and type(start) is not _OTHER_START[message]
        if is_about_it and not planned.fault.applies(scene, start):
            return None
        key = self._key(planned.when.per, occasion, start)
        decision = loaded.decider.decide(key, self._now())
        entry = (planned.name, planned.fault.kind, message)

        def note(change: Change) -> None:
            what, name, before, after, offset = change
            about = occasion.exchange, self._now(), *entry
            self._put(Injection(*about, what, key, decision.ordinal, name, before, after, offset))

        note(Change(Deed.HIT if decision.hit else Deed.MISS, decision.because))
        if not decision.hit:
            return None
        loaded.struck += 1
        occasion.struck.append(loaded)
        scene.random, scene.note = loaded.decider.random_for(key, decision.ordinal), note
        return scene

    def _key(self, per: str | None, occasion: Occasion, start: RequestStart | ResponseStart) -> str:
        if per == "client":
            return occasion.client
        if per == "scope":
            return self._scope(occasion)
        if per == "stream" and self._id_header:
            values = headers.lines(start.headers, self._id_header)
            return values[0].decode("latin-1") if values else ""
        return ""

    def _scope(self, occasion: Occasion) -> str:
        if self._routes is None:
            return ""
        request = occasion.request
        head = RequestHead(
            *(0, Side.CLIENT, 0, request.method, "http", "", 0, request.target, b"HTTP/1.1", request.headers),
            kind=Kind.HTTP,
        )
        visit = self._routes.find(head)
        return visit.scope if visit else ""


def _alike(one: PlannedFault, other: PlannedFault) -> bool:
    """Whether a fault of a plan that is read again is the same as before."""
    return (one.fault, one.when, one.match, one.armed) == (other.fault, other.when, other.match, other.armed)
