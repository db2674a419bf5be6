"""A stage: one fault at work in one exchange, on the parts of one message."""

from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Change, Scene, What


class Stage:
    """Passes all that it is given; faults override what they change.

    Each method gets the time `now` (µs) and returns the parts that leave, in order. What is kept back
    leaves by `wake`, which is called once `due` (µs; None: never) has come, or later. `held` is how many
    bytes are kept back. After an `End` or a `Cut` has left, nothing that is returned matters any more.

    `changes_length`: the body may leave with another length than it came with, so that a length given
    in its head does not hold.
    """

    changes_length = False
    waits_for_more = False
    """What is kept back leaves when more of the body has come, not when time has passed."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.due: int | None = None
        self.held = 0
        self.came: Start | None = None
        """The head that was taken and has not left yet; the pipeline's."""

    def start(self, start: Start, now: int) -> list[Part]:
        """Take the head."""
        return [start]

    def data(self, data: bytes, now: int) -> list[Part]:
        """Take some bytes of the body, as they came at once."""
        return [Data(data)]

    def end(self, end: End, now: int) -> list[Part]:
        """Take the end; whatever is kept back has to leave now, or by `wake`."""
        return [end]

    def cut(self, cut: Cut, now: int) -> list[Part]:
        """The sender broke off; what is kept back may be dropped."""
        return [cut]

    def wake(self, now: int) -> list[Part]:
        """The time `due` has come."""
        self.due = None
        return []

    def release(self, now: int) -> list[Part]:
        """Keep nothing back any more: all that is held leaves, in order; later parts are not given here."""
        out: list[Part] = []
        while self.due is not None:
            before = self.due
            out += self.wake(max(now, self.due))
            if self.due == before:
                break
        return out

    def note(
        self,
        what: What,
        name: str = "",
        before: bytes | None = None,
        after: bytes | None = None,
        offset: int | None = None,
    ) -> None:
        """Write a change into the journal. Changes of heads are noted by the pipeline itself."""
        self.scene.note(Change(what, name, before, after, offset))
