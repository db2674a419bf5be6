"""The client's half of a script, played to a playback: the service's half is a recording now."""

from dataclasses import replace

from tests.fidelity.comparison import content
from tests.fidelity.frames import Frame, Headers
from tests.fidelity.stage import PATIENCE, Arrival, Script, Stage, Step
from tests.support.proxy import Proxy

type Got = tuple[bytes | tuple[Frame, ...], str]
"""What the client got altogether, and how its connection ended."""


def got(arrivals: list[Arrival], before: int = 1 << 30) -> Got:
    """What the client had got before a step of the script."""
    mine = [arrival for arrival in arrivals if arrival.end == "client" and arrival.step < before]
    found = content(mine).get("client", b"")
    ending = next((arrival.ending for arrival in mine if arrival.ending), "")
    # A reset is what a close becomes if something was still on its way to who closed.
    ending = "cut" if ending == "reset" else ending
    if isinstance(found, bytes):
        return found, ending
    # What streams do among each other is a matter of time, not of bytes.
    return tuple(sorted(found, key=lambda frame: frame.stream)), ending


class ClientAlone(Stage):
    """Plays the client; nobody stands behind the proxy."""

    def ask(self, script: Script, proxy: Proxy, before: list[Arrival]) -> Got:
        """Do as the client did, each time as soon as it has got what it had got `before`, or never will."""
        self._ends = []
        seen: list[Arrival] = []
        try:
            self._enter(script.route, proxy)
            mine = self._ends[0]

            def is_as_far(bound: int) -> bool:
                data, frames = mine.take()
                ending = mine.ending if not mine.told else ""
                mine.told = bool(mine.ending)
                if data or ending:
                    seen.append(Arrival(0, "client", data, tuple(frames), ending))
                return got(seen) == got(before, bound)

            numbers = [n for n, step in enumerate(script.steps, 1) if step.end == "client"]
            for number, after in zip(numbers, [*numbers[1:], 1 << 30], strict=True):
                self._perform(mine, script.steps[number - 1], script.route)
                self._until(lambda bound=after: is_as_far(bound), PATIENCE)  # type: ignore[misc]
        finally:
            for end in self._ends:
                end.close()
        return got(seen)


def apart(script: Script, number: int) -> Script:
    """The same script with a path of its own, so that nothing in a recording is like it."""
    own = b"/s%d" % number

    def step(each: Step) -> Step:
        if each.end != "client":
            return each
        if isinstance(each.what, bytes):
            return replace(each, what=each.what.replace(b"/a ", own + b" "))
        if isinstance(each.what, Headers):
            fields = tuple((name, own if name == b":path" else value) for name, value in each.what.fields)
            return replace(each, what=replace(each.what, fields=fields))
        return each

    return replace(script, steps=tuple(step(each) for each in script.steps))
