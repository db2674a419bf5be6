"""mitmproxy's filter expressions choose among recorded exchanges, by heads and bodies of both messages."""

import gzip

import pytest

from addons.choosing import chooser, needs_bodies
from tests.replay.resending.build import JSON, exchange, put_together

POSTED = put_together(
    exchange(
        1, 0, "POST /api/chat?x=1", fields=[JSON, (b"X-A", b"one")], body=b'{"n": 1}', status=400,
        answer=gzip.compress(b"refused"), answer_fields=[(b"Content-Encoding", b"gzip")],
    )
)[1]  # fmt: skip
UNANSWERED = put_together(exchange(1, 0, "GET /", left=True)[:2])[1]


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("~m POST", True),
        ("~m GET", False),
        ("~u /chat", True),
        ("~d service.test", True),
        ("~c 400", True),
        ("~c 200", False),
        ("~hq x-a:.*one", True),
        ("~bq .n.:", True),
        ("~bs refused", True),
        ("~bs nothing", False),
        ("~m POST & ! ~c 400", False),
        ("~s", True),
    ],
)
def test_an_exchange_matches_as_it_would_in_mitmproxy(text: str, matches: bool) -> None:
    assert chooser(text)(POSTED) is matches


def test_without_an_answer_nothing_of_it_matches() -> None:
    assert chooser("~q")(UNANSWERED)
    assert not chooser("~c 200")(UNANSWERED)


def test_what_is_no_expression_is_one_line() -> None:
    with pytest.raises(ValueError, match="'~m \\(' is no filter expression of mitmproxy"):
        chooser("~m (")


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("~u /stream$ & ~hs text/event-stream", False),
        ("/stream", False),
        ("~m POST | !~c 200", False),
        ("~bs mismatch", True),
        ("~m POST & !(~bq x | ~c 400)", True),
        ("~b x", True),
    ],
)
def test_bodies_are_needed_only_where_an_expression_looks_into_them(text: str, needs: bool) -> None:
    assert needs_bodies(text) is needs
