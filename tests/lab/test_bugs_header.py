from lab.processes import Lab
from tests.support.faulty import HEADER, ORIGIN, faulty_client, stream_on_wire, streamed_id


def lines_of(lines: list[str], name: str) -> list[str]:
    return [line for line in lines if line.lower().startswith(f"{name.lower()}:")]


def test_wrong_header_sends_and_exposes_the_other_name(system: Lab) -> None:
    with faulty_client(system, "wrong-header=X-Stream-Id") as client:
        session = client.new_session()
        answer = client.stream(session, headers={"Origin": ORIGIN})
        assert HEADER not in answer.headers
        assert answer.headers["X-Stream-Id"].startswith("stream-")
        assert answer.headers["Access-Control-Expose-Headers"] == "X-Stream-Id"
        assert answer.content
        assert client.update(session, answer.headers["X-Stream-Id"]).status_code == 200


def test_no_header_leaves_the_id_out(system: Lab) -> None:
    with faulty_client(system, "no-header") as client:
        wire = stream_on_wire(client)
        assert wire.lines[0] == "HTTP/1.1 200 OK"
        assert lines_of(wire.lines, HEADER) == []


def test_empty_header_sends_the_name_alone(system: Lab) -> None:
    with faulty_client(system, "empty-header") as client:
        assert [line.strip() for line in lines_of(stream_on_wire(client).lines, HEADER)] == [f"{HEADER}:"]


def test_mangled_id_is_in_quotes_and_the_plain_one_is_stored(system: Lab) -> None:
    with faulty_client(system, "mangled-id") as client:
        session = client.new_session()
        quoted = streamed_id(client, session)
        assert quoted == f'"{quoted[1:-1]}"'
        assert client.update(session, quoted).json()["details"]["expected"] == quoted[1:-1]
        assert client.update(session, quoted[1:-1]).status_code == 200


def test_duplicate_header_sends_two_equal_lines(system: Lab) -> None:
    with faulty_client(system, "duplicate-header") as client:
        first, second = lines_of(stream_on_wire(client).lines, HEADER)
        assert first == second
        session = client.new_session()
        both = streamed_id(client, session)
        assert both == ", ".join([both.split(", ")[0]] * 2)
        assert client.update(session, both).status_code == 400
        assert client.update(session, both.split(", ")[0]).status_code == 200


def test_bugs_of_the_header_go_together(system: Lab) -> None:
    with faulty_client(system, "duplicate-header", "mangled-id", "wrong-header=stream-id") as client:
        first, second = lines_of(stream_on_wire(client).lines, "Stream-Id")
        assert first == second
        assert first.endswith('"')
