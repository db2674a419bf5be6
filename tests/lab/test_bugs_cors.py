import pytest
import requests

from lab.processes import Lab
from tests.support.faulty import HEADER, ORIGIN, faulty_client, preflight
from tests.support.lab import Client

EXPOSE = "Access-Control-Expose-Headers"
ALLOW = "Access-Control-Allow-Origin"


def stream_from_page(client: Client) -> requests.Response:
    answer = client.stream(client.new_session(), headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert answer.content
    assert answer.headers[HEADER]
    return answer


def refusal_to_page(client: Client) -> requests.Response:
    answer = client.update(client.new_session(), "wrong", headers={"Origin": ORIGIN})
    assert answer.status_code == 400
    return answer


@pytest.mark.parametrize(
    ("bug", "exposed", "in_preflight"),
    [
        ("no-expose", None, None),
        ("expose-preflight-only", None, HEADER),
        ("wildcard-credentials", "*", None),
        ("bad-expose-grammar", f"{HEADER} X-Request-Id", None),
    ],
)
def test_what_is_exposed_is_wrong_and_all_else_is_right(
    system: Lab, bug: str, exposed: str | None, in_preflight: str | None
) -> None:
    with faulty_client(system, bug) as client:
        asked, answer = preflight(client), stream_from_page(client)
    assert answer.headers.get(EXPOSE) == exposed
    assert asked.headers.get(EXPOSE) == in_preflight
    for each in (asked, answer):
        assert each.headers[ALLOW] == ORIGIN
        assert each.headers["Access-Control-Allow-Credentials"] == "true"
        assert each.headers["Vary"] == "Origin"


def test_no_vary_reflects_the_origin_without_saying_so(system: Lab) -> None:
    with faulty_client(system, "no-vary") as client:
        for answer in (preflight(client), stream_from_page(client), refusal_to_page(client)):
            assert answer.headers[ALLOW] == ORIGIN
            assert "Vary" not in answer.headers


def test_no_cors_on_errors_spares_the_errors(system: Lab) -> None:
    with faulty_client(system, "no-cors-on-errors") as client:
        assert stream_from_page(client).headers[ALLOW] == ORIGIN
        refused = refusal_to_page(client)
        assert not [name for name in refused.headers if name.startswith("Access-Control-")]
        assert refused.json()["message"]


def test_no_cors_on_stream_spares_the_streams(system: Lab) -> None:
    with faulty_client(system, "no-cors-on-stream") as client:
        stream = stream_from_page(client)
        assert not [name for name in stream.headers if name.startswith("Access-Control-")]
        assert refusal_to_page(client).headers[ALLOW] == ORIGIN
        assert preflight(client).headers[ALLOW] == ORIGIN


def test_preflight_401_wants_a_token_of_preflights(system: Lab) -> None:
    with faulty_client(system, "preflight-401") as client:
        asked = preflight(client)
        assert asked.status_code == 401
        assert asked.headers[ALLOW] == ORIGIN
        assert stream_from_page(client).headers[EXPOSE] == HEADER


def test_thin_preflight_does_not_allow_the_token(system: Lab) -> None:
    with faulty_client(system, "thin-preflight") as client:
        asked = preflight(client)
        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type, X-User-ID"


def test_bugs_of_cors_go_together_and_with_the_name_of_the_header(system: Lab) -> None:
    with faulty_client(system, "no-vary", "bad-expose-grammar", "wrong-header=X-Stream-Id") as client:
        answer = client.stream(client.new_session(), headers={"Origin": ORIGIN})
        assert answer.content
        assert answer.headers[EXPOSE] == "X-Stream-Id X-Request-Id"
        assert "Vary" not in answer.headers


def test_the_other_services_have_no_bugs(system: Lab) -> None:
    with faulty_client(system, "no-vary") as client:
        answer = client.accounting("GET", "/credits/balance", headers={"Origin": ORIGIN})
        assert answer.headers["Vary"] == "Origin"
