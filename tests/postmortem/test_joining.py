"""Two taps joined are judged as one proxy in the hop's place would be."""

from pathlib import Path

import pytest

from postmortem.joining import Flavour
from postmortem.taps import NoPairError, Taps
from recordings.decoding import DECODERS
from recordings.reader import Recording
from tests.contract.case import Case
from tests.contract.cases import catalogue
from tests.contract.judge import labels
from tests.postmortem.two_taps import moved, taken_apart, written

CASES = catalogue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hop_is_judged_as_the_two_sides_of_one_proxy_are(case: Case, tmp_path: Path) -> None:
    ours, theirs = taken_apart(case.events)
    a = written(tmp_path / "a.db", ours)
    b = moved(written(tmp_path / "there.db", theirs), tmp_path / "b.db", 3e6, 50e-6)
    with Recording(a) as first, Recording(b) as second:
        events = list(Taps(first, second).events(Flavour.HOP))
    print(*events, sep="\n")
    assert labels(events, decoders=DECODERS) == labels(case.events, decoders=DECODERS)
