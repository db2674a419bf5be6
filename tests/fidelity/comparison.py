"""What differs between two captures of the same script, in words."""

from itertools import zip_longest

from tests.fidelity.frames import Frame
from tests.fidelity.stage import Arrival

_END_TO_END = ("HEADERS", "DATA", "RST_STREAM")


def difference(expected: list[Arrival], found: list[Arrival]) -> str:
    """The first step after which an end got something else, in bytes, time or ending; empty for none."""
    for one, other in zip_longest(expected, found):
        if one != other:
            return f"expected {_in_words(one)}\n but got {_in_words(other)}"
    return ""


def content(arrivals: list[Arrival]) -> dict[str, bytes | list[Frame]]:
    """What each end got altogether: bytes, or with HTTP/2 the frames that carry messages."""
    framed = {arrival.end for arrival in arrivals if arrival.frames}
    got: dict[str, bytes | list[Frame]] = {}
    for end in {arrival.end for arrival in arrivals}:
        mine = [arrival for arrival in arrivals if arrival.end == end]
        if end in framed:
            got[end] = [frame for arrival in mine for frame in arrival.frames if frame.kind in _END_TO_END]
        else:
            got[end] = b"".join(arrival.data for arrival in mine)
    return {end: what for end, what in got.items() if what}


def _in_words(arrival: Arrival | None) -> str:
    if arrival is None:
        return "nothing more"
    what = "".join(f"\n    {frame}" for frame in arrival.frames) or repr(arrival.data)
    ending = f" and {arrival.ending}" if arrival.ending else ""
    return f"after step {arrival.step} at the {arrival.end}: {what}{ending}"
