from random import Random

import pytest

from contract.events import Message
from faults.heads.drop_underscored import DropUnderscored
from faults.parts import Data, End, Part, RequestStart, ResponseStart
from faults.pipeline import Pipeline
from faults.scene import Change, Scene, What

KEPT = ((b"Host", b"chat.test"), (b"X-Odd", b"a_b"), (b"x-odd", b""), (b"X-Odd", b"a_b"))
LINES = (*KEPT[:1], (b"x_user_id", b"u1"), *KEPT[1:], (b"_", b""))


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, RequestStart(b"POST", b"/a_b", LINES)),
        ({"on": "response"}, ResponseStart(200, b"O_K", LINES)),
    ],
)
def test_lines_with_an_underscore_in_their_name_are_gone(
    settings: dict[str, str], start: RequestStart | ResponseStart
) -> None:
    fault = DropUnderscored.model_validate(settings)
    assert fault.message is Message(settings.get("on", "request"))
    journal: list[Change] = []
    scene = Scene(RequestStart(b"POST", b"/a_b", ()), Random(1), journal.append)
    pipeline = Pipeline([fault.stage(scene)], "HTTP/1.1")
    came: list[Part] = [start, Data(b"a_b"), End()]
    head, *rest = [out for part in came for out in pipeline.feed(part, 0)]
    assert isinstance(head, RequestStart | ResponseStart)
    assert head.headers == KEPT
    assert rest == came[1:]
    assert journal == [
        Change(What.HEADER, "x_user_id", b"u1", None),
        Change(What.HEADER, "_", b"", None),
    ]
