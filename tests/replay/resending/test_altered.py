"""A value that comes back in other letters is the same value, and is altered in the same way again."""

import pytest

from replay import binding
from replay.resending.altered import altered_alike, with_altered
from replay.values import Place
from tests.replay.resending.build import JSON, exchange, put_together

ID = "stream-1732312345678-1a2b3c4d"
HEAD = [JSON, (b"X-Id", ID.encode())]


def test_an_id_in_capitals_is_bound_where_it_is_sent() -> None:
    body = f'{{"id": "{ID.upper()}"}}'.encode()
    recorded = put_together(
        exchange(1, 0, "POST /stream", answer_fields=HEAD),
        exchange(2, 20_000, "POST /save", fields=[JSON], body=body),
        exchange(3, 40_000, f"GET /x?id={ID}"),
    )
    found = with_altered(recorded.values(), binding.find(recorded.values()))
    (only,) = found.each
    assert (only.value, only.issued.place) == (ID, Place("header", "x-id"))
    assert [(site.exchange, site.place.kind) for site in only.echoed] == [(2, "json"), (3, "query")]


def test_what_the_service_itself_writes_so_is_another_value() -> None:
    recorded = put_together(
        exchange(1, 0, "POST /stream", answer_fields=HEAD),
        exchange(2, 20_000, "GET /x", answer_fields=[JSON, (b"X-Id", ID.upper().encode())]),
        exchange(3, 40_000, f"GET /x?id={ID.upper()}"),
    )
    found = with_altered(recorded.values(), binding.find(recorded.values()))
    assert [each.value for each in found.each] == [ID.upper()]


@pytest.mark.parametrize(
    ("carried", "expected"),
    [
        (ID.upper(), "STREAM-2-AB"),
        (ID, "stream-2-ab"),
        (ID.title(), "Stream-2-Ab"),
        ("StReAm-1", "stream-2-ab"),
    ],
)
def test_the_new_value_gets_the_same_letters(carried: str, expected: str) -> None:
    assert altered_alike(carried, ID, "stream-2-ab") == expected
