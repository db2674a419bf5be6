"""Protocols of other shapes: without scopes, with the ID in a body, with other names for instances."""

from contract.events import Event
from contract.profile import Profile
from tests.contract.build import Fields, Talk
from tests.contract.causes.concluding import causes, explained, incidents
from tests.contract.test_other_protocols import IN_JSON, JSON, echo, issue

UNSCOPED = Profile.from_toml(
    """
    name = "unscoped"
    id.format = '[a-z][0-9]+'
    service.instance = ["X-Replica"]
    [[issue]]
    method = "POST"
    path = "/runs"
    id.header = "X-Id"
    [[echo]]
    method = "PUT"
    path = "/runs"
    status = [200]
    id.header = "X-Id"
    [[mismatch.unknown]]
    status = [409]
    text = "wrong run"
    [mismatch.tells]
    expected = "want"
    received = "got"
    """,
    "unscoped.toml",
)
WRONG = b'{"error":"wrong run"}'


def issued(t: Talk, id_: str, more: Fields = ()) -> list[Event]:
    return t.exchange("POST", "/runs", response=(("X-Id", id_), *JSON, *more), answer=b"{}")


def sent_back(t: Talk, id_: str, *, answer: bytes = b"", more: Fields = ()) -> list[Event]:
    sent = (("X-Id", id_),) if id_ else ()
    return t.exchange(
        "PUT", "/runs", request=sent, status=409 if answer else 200, response=more, answer=answer
    )


def test_without_scopes_each_id_is_a_case_of_its_own() -> None:
    t = Talk()
    events = issued(t, "a1") + issued(t, "b2") + sent_back(t, "a1") + sent_back(t, "b2")
    explainer, found = explained(events, UNSCOPED)
    assert found == []
    assert (explainer.diagnosis.streams, explainer.diagnosis.healthy) == (2, 2)
    late = issued(t, "c3") + sent_back(t, "c3", answer=WRONG) + sent_back(t.wait(1), "c3")
    (race,) = incidents(events + late, UNSCOPED)
    assert (race.cause, race.exchanges) == ("server-race", (5, 6, 7))


def test_an_instance_is_told_by_the_header_that_the_profile_names() -> None:
    t, one, two = Talk(), (("X-Replica", "one"),), (("X-Replica", "two"),)
    events = issued(t, "a1", one) + sent_back(t, "a1", answer=WRONG, more=two) + sent_back(t, "a1", more=one)
    assert causes(events, UNSCOPED) == ("server-no-affinity",)
    renamed = Profile.model_validate(
        {**UNSCOPED.model_dump(by_alias=True), "service": {"instance": ("X-Other",)}}
    )
    assert causes(events, renamed) == ("server-race",)


def test_what_a_refusal_tells_is_read_where_the_profile_says() -> None:
    t = Talk()
    events = issued(t, "a1") + issued(t, "b2")
    told = b'{"error":"wrong run","want":"b2","got":"a1"}'
    assert causes(events + sent_back(t, "a1", answer=told), UNSCOPED) == ("server-overwritten",)
    told = b'{"error":"wrong run","want":"a1","got":null}'
    assert causes(events + sent_back(t, "a1", answer=told), UNSCOPED) == ("network-request-stripped",)


def test_an_id_in_a_body_is_explained_as_one_in_a_header_is() -> None:
    t = Talk()
    none = issue(t, b"{}", JSON)
    assert causes(none, IN_JSON) == ("server-never-issued",)
    t = Talk()
    wrong = issue(t, b'{"runs":[{"id":"a1"}]}', JSON) + echo(t, "b2")
    assert "client-fabricated-id" in causes(wrong, IN_JSON)
