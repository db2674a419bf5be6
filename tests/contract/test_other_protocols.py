"""Profiles of other shapes: where else an ID may be issued and sent back."""

import tomllib

import pytest

from contract.events import Event, Message
from contract.findings import ExchangeFacts, Role
from contract.profile import Profile
from tests.contract.build import Talk, cut, lost
from tests.contract.judge import findings, labels, outputs

JSON = (("Content-Type", "application/json"),)
STREAM = (("Content-Type", "text/event-stream"),)
OPEN = (
    ("Access-Control-Allow-Origin", "https://app.example"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Vary", "Origin"),
)
APP = (("Origin", "https://app.example"),)


def profile(issue: str, echo: str = 'id.header = "X-Id"', more: str = "", where: str = "") -> Profile:
    return Profile.from_toml(
        f"""
        name = "own"
        id.format = '[a-z][0-9]+'
        {more}
        [[issue]]
        method = "POST"
        path = "/rooms/{{room}}/runs"
        {where}
        {issue}
        [[echo]]
        method = "PUT"
        path = "/rooms/{{room}}/runs/{{run}}"
        {echo}
        [scope]
        path = "room"
        """,
        "own.toml",
    )


def issue(t: Talk, answer: bytes, kind: tuple[tuple[str, str], ...] = STREAM, **more: object) -> list[Event]:
    response = (*kind, *OPEN)
    return t.exchange("POST", "/rooms/1/runs", request=APP, response=response, answer=answer, **more)  # type: ignore[arg-type]


def echo(t: Talk, id_: str, run: str = "x", query: str = "") -> list[Event]:
    return t.exchange("PUT", f"/rooms/1/runs/{run}{query}", request=(("X-Id", id_),))


IN_EVENT = profile('id.event = "start"\nid.json = "run.id"')
IN_SSE_ID = profile("id.sse-id = true")
IN_JSON = profile('id.json = "runs.0.id"')
FILLER = b'event: chunk\ndata: {"run":{"id":"z9"}}\n\n'


@pytest.mark.parametrize(
    ("own", "kind", "answer"),
    [
        (IN_EVENT, STREAM, FILLER + b'event: start\ndata: {"run":{"id":"a1"}}\n\n' + FILLER),
        (IN_SSE_ID, STREAM, b"data: x\n\nid: a1\ndata: y\n\nid: a2\ndata: z\n\n"),
        (IN_JSON, JSON, b'{"runs":[{"id":"a1"}]}'),
    ],
)
@pytest.mark.parametrize("size", [None, 1, 10])
def test_an_id_in_a_body_is_found_whatever_the_chunks(
    own: Profile, kind: tuple[tuple[str, str], ...], answer: bytes, size: int | None
) -> None:
    t = Talk()
    events = issue(t, answer, kind, size=size) + echo(t, "a1")
    assert labels(events + echo(t, "b2"), own) == ("EC202:error", "EC203:error", "SV302:error")
    assert labels(events, own) == ()
    facts = [out for out in outputs(events, own) if isinstance(out, ExchangeFacts)]
    assert facts[0] == ExchangeFacts(1, Role.ISSUE, "a1", "1")


@pytest.mark.parametrize("own", [IN_EVENT, IN_SSE_ID, IN_JSON])
def test_a_body_without_the_id_is_missing_it(own: Profile) -> None:
    assert labels(issue(Talk(), b"data: {}\n\n"), own) == ("ID101:error",)


@pytest.mark.parametrize("own", [IN_EVENT, IN_SSE_ID, IN_JSON])
def test_a_body_that_was_not_seen_whole_is_inconclusive_and_so_is_its_echo(own: Profile) -> None:
    t = Talk()
    unseen = lost(issue(t, b"data: {}\n\n"), Message.RESPONSE) + echo(t, "a1")
    assert labels(unseen, own, ignore=["SS"]) == ("EC202?:info", "ID101?:info", "SV302?:info")
    t = Talk()
    (found,) = findings(cut(issue(t, b"data: {}\n\n" * 2, size=10), 4), own, select=["ID"])
    assert found.message == f"The ID belongs in {_place(own)}, but the body broke off."


def _place(own: Profile) -> str:
    place = own.issue[0].id
    if place.sse_id:
        return "the id of an SSE event"
    return f"JSON {place.json_path} of {'SSE start' if place.event else 'the body'}"


def test_an_id_in_a_body_is_readable_if_the_cors_check_passes() -> None:
    t = Talk()
    closed = t.exchange("POST", "/rooms/1/runs", request=APP, response=JSON, answer=b'{"runs":[{"id":"a1"}]}')
    assert labels(closed, IN_JSON) == ("CO401:error", "CO402:error")


def test_an_id_in_the_path_of_a_url_header() -> None:
    own = profile('id.header = "Location"\nid.template = "/rooms/{room}/runs/{id}"')
    t = Talk()
    where = (("Location", "https://h/rooms/1/runs/a1?x=y"), ("Access-Control-Expose-Headers", "Location"))
    events = issue(t, b"", (*where, *JSON)) + echo(t, "a1")
    assert labels(events, own) == ()
    assert labels(issue(Talk(), b"", (("Location", "http://[/"), *JSON)), own) == ("ID101:error",)


@pytest.mark.parametrize(
    ("place", "run", "query"),
    [("query", "x", "?run=a1"), ("path", "a1", "")],
)
def test_an_echo_in_query_or_path(place: str, run: str, query: str) -> None:
    own = profile('id.json = "id"', f'id.{place} = "run"')
    t = Talk()
    issued = issue(t, b'{"id":"a1"}', JSON)
    assert labels(issued + echo(t, "", run, query), own) == ()
    wrong = echo(t, "", run.replace("a1", "b2"), query.replace("a1", "b2"))
    assert labels(issued + wrong, own) == ("EC202:error", "EC203:error", "SV302:error")


def test_one_id_for_a_whole_scope_may_be_issued_again() -> None:
    t = Talk()
    events = issue(t, b'{"id":"a1"}', JSON) + issue(t, b'{"id":"a1"}', JSON) + echo(t, "a1")
    assert labels(events, profile('id.json = "id"')) == ("ID105:error",)
    assert labels(events, profile('id.json = "id"', more='id.rotation = "scope"')) == ()


def test_a_service_that_trims_and_folds_takes_altered_ids() -> None:
    t = Talk()
    events = issue(t, b'{"id":"a1"}', JSON) + t.exchange("PUT", "/rooms/1/runs/x?run=%20A1%20")
    own = 'id.query = "run"'
    assert labels(events, profile('id.json = "id"', own)) == ("EC206:error", "SV302:error")
    assert labels(events, profile('id.json = "id"', own, more='id.compare = "normalised"')) == ()


def test_a_route_may_depend_on_the_requests_body() -> None:
    own = profile('id.json = "id"', where='where = [{ json = "stream", equals = true }]')
    t = Talk()
    assert labels(issue(t, b"{}", JSON, body=b'{"stream":true}'), own) == ("ID101:error",)
    for body in (b'{"stream":1}', b'{"stream":false}', b"{}", b"no JSON", b""):
        events = issue(t, b"{}", JSON, body=body)
        assert labels(events, own) == ()
        assert [out.role for out in outputs(events, own) if isinstance(out, ExchangeFacts)] == [Role.OTHER]


def test_an_answer_before_the_request_was_complete_leaves_such_a_route_open() -> None:
    own = profile('id.json = "id"', where='where = [{ json = "stream", equals = true }]')
    t = Talk()
    events = issue(t, b'{"id":"a1"}', JSON, body=b'{"stream":true}')
    early = [events[0], *events[3:], *events[1:3]]
    assert labels(early, own) == ()
    assert labels(early + echo(t, "a1"), own) == ("EC202?:info", "SV302?:info")


def test_other_versions_of_a_protocol_are_other() -> None:
    own = profile(
        'id.json = "id"', more='version = { header = "X-Version", accepts = ["2.*"], default = false }'
    )
    t = Talk()
    for number, expected in (("2.1", ("ID101:error",)), ("1", ())):
        head = (("X-Version", number), *APP)
        events = t.exchange("POST", "/rooms/1/runs", request=head, response=(*JSON, *OPEN), answer=b"{}")
        assert labels(events, own) == expected
    assert labels(issue(t, b"{}", JSON), own) == ()


def test_ids_that_clients_make_are_not_judged_as_issued() -> None:
    assert labels(issue(Talk(), b"{}", JSON), profile('id.json = "id"', more='origin = "client"')) == ()


def test_a_mismatch_in_an_sse_error_event_is_a_refusal() -> None:
    mismatch = """
        [[mismatch.unknown]]
        status = [200]
        event = "error"
        where = [{ json = "code", equals = "unknown-run" }]
    """
    own = profile('id.json = "id"', more='id.probes = ["wrong"]')
    own = Profile.model_validate({**own.model_dump(by_alias=True), "mismatch": _mismatch(mismatch)})
    t = Talk()

    def echoed(data: bytes) -> list[Event]:
        head = (("X-Id", "wrong"),)
        answer = b"event: error\ndata: " + data + b"\n\n"
        return t.exchange("PUT", "/rooms/1/runs/x", request=head, response=STREAM, answer=answer)

    issued = issue(t, b'{"id":"a1"}', JSON)
    assert labels(issued + echoed(b'{"code":"unknown-run"}'), own) == ("EC202:info",)
    assert labels(issued + echoed(b'{"code":"model failed"}'), own) == ("EC202:error", "SV302:error")
    assert labels(issued + echoed(b"{"), own) == ("EC202:error", "SV302:error")


def _mismatch(toml: str) -> object:
    return tomllib.loads(toml)["mismatch"]
