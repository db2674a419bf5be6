import json

import pytest

from lab.processes import Lab
from tests.support.faulty import faulty_client, streamed_id

MISMATCH = "Streaming session ID mismatch"


def test_lower_case_compare_accepts_the_id_in_capitals(system: Lab) -> None:
    with faulty_client(system, "lower-case-compare") as client:
        session = client.new_session()
        streaming_id = streamed_id(client, session)
        assert client.update(session, f" {streaming_id.upper()} ").status_code == 200
        assert client.update(session, "wrong").status_code == 400
        assert client.update(session, None).status_code == 400


def test_adopt_unknown_accepts_any_well_formed_id_until_one_is_stored(system: Lab) -> None:
    with faulty_client(system, "adopt-unknown") as client:
        session = client.new_session()
        assert client.update(session, "wrong").status_code == 400
        assert client.update(session, "stream-1700000000000-0a1b2c3d").status_code == 200
        streaming_id = streamed_id(client, session)
        assert client.update(session, "stream-1700000000000-0a1b2c3d").status_code == 400
        assert client.update(session, streaming_id).status_code == 200


@pytest.mark.parametrize("status", [200, 409, 500])
def test_wrong_status_tells_the_mismatch_under_it(system: Lab, status: int) -> None:
    with faulty_client(system, f"wrong-status={status}") as client:
        answer = client.update(client.new_session(), "wrong")
        assert answer.status_code == status
        assert answer.json() == {"message": MISMATCH, "details": {"expected": None, "received": "wrong"}}


def test_hide_details_tells_the_mismatch_alone(system: Lab) -> None:
    with faulty_client(system, "hide-details") as client:
        answer = client.update(client.new_session(), "wrong")
        assert answer.status_code == 400
        assert answer.json() == {"message": MISMATCH}


@pytest.mark.parametrize(
    ("more", "details"), [((), {"details": {"expected": None, "received": "wrong"}}), (("hide-details",), {})]
)
def test_error_in_stream_is_an_event_stream_with_one_error(
    system: Lab, more: tuple[str, ...], details: dict[str, object]
) -> None:
    with faulty_client(system, "error-in-stream", *more) as client:
        session = client.new_session()
        answer = client.update(session, "wrong")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        event, data, *ends = answer.text.split("\n")
        assert event == "event: error"
        assert json.loads(data.removeprefix("data: ")) == {"error": MISMATCH, **details}
        assert ends == ["", ""]
        assert (
            client.update(session, streamed_id(client, session)).json()["message"] == "Chat session updated"
        )
