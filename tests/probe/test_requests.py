"""From a profile's requests to what is sent, and the IDs that were never issued."""

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.profile import Profile, builtin, builtin_toml
from contract.profile_sections import IdForm, ProbeRequest
from replay.probing.inventing import altered, invented, wrong_ids
from replay.probing.making import Known, Target, check, made, secrets, shown
from replay.probing.probing import Settings, to_be_sent
from replay.probing.requests import ProbeError, filled
from replay.probing.steps import Action, Call, planned

CHAT = builtin("chat")
NOW = 1_738_324_800_123
USER = {"username": "user1", "password": "a secret"}


def to(profile: Profile = CHAT, users: int = 1, **values: str | None) -> Target:
    known = {
        "chat": "http://c.test/api",
        "auth": "http://a.test",
        "title": "T",
        "message": "M",
        "model": None,
    }
    return Target(profile, {**known, **values}, (USER,) * users, "http://localhost:8080")


def steps(profile: Profile = CHAT, origin: str = "http://localhost:8080", users: int = 1) -> list[Action]:
    found = planned(profile, origin=origin, users=users, now_ms=NOW, random=Random(1))
    return [action for step in found for action in step.each()]


def a_request(**parts: object) -> ProbeRequest:
    return ProbeRequest.model_validate({"method": "POST", "url": "{chat}/s/{session}", **parts})


def test_values_are_percent_encoded_in_the_path_but_for_the_base() -> None:
    request = filled(a_request(), {"chat": "http://c.test/api", "session": "a/b ?"})
    assert request.url == "http://c.test/api/s/a%2Fb%20%3F"


def test_a_variable_alone_keeps_its_type_and_is_left_out_where_it_has_no_value() -> None:
    section = a_request(
        url="{chat}",
        headers={"X-Id": "{id}", "X-Text": "a {text}"},
        json={"id": "{id}", "tokens": "{tokens}", "text": "{text}!", "deep": [{"id": "{id}"}, "{id}"]},
    )
    values = {"chat": "http://c.test", "id": None, "tokens": 3, "text": "é"}
    request = filled(section, values)
    assert request.headers == (("X-Text", "a é"), ("Content-Type", "application/json"))
    assert json.loads(request.body or b"") == {"tokens": 3, "text": "é!", "deep": [{}]}


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(ProbeError, match=re.escape("needs {session}")):
        filled(a_request(), {"chat": "http://c.test"})


@pytest.mark.parametrize("missing", ["auth", "message"])
def test_what_is_missing_is_told_before_anything_is_sent(missing: str) -> None:
    values = dict(to().values)
    del values[missing]
    plan = planned(CHAT, origin="", users=1, now_ms=NOW, random=Random(1))
    with pytest.raises(ProbeError, match=re.escape(f"chat need {{{missing}}}")):
        check(Target(CHAT, values, (USER,)), plan)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((r"(?s)\[probe\.login\].*", ""), "has no \\[probe\\]"),
        (('origin = "server"', 'origin = "client"'), "clients make the IDs"),
        ((', streamingSessionId = "{id}"', ""), "has no {id}"),
    ],
)
def test_a_profile_that_cannot_be_probed_says_why(change: tuple[str, str], why: str) -> None:
    profile = Profile.from_toml(re.sub(*change, builtin_toml("chat")), "own.toml")
    with pytest.raises(ProbeError, match=why):
        steps(profile)


def test_a_url_whose_paths_the_profile_does_not_know_is_refused() -> None:
    plan = planned(CHAT, origin="", users=1, now_ms=NOW, random=Random(1))
    with pytest.raises(ProbeError, match="is no path of the profile chat"):
        to_be_sent(to(chat="http://c.test"), plan, Settings())


def test_more_requests_than_allowed_are_refused_before_the_first() -> None:
    plan = planned(CHAT, origin="", users=2, now_ms=NOW, random=Random(1))
    with pytest.raises(ProbeError, match="2 are allowed"):
        to_be_sent(to(users=2), plan, Settings(most_requests=2))


def test_what_is_shown_has_no_secret_and_one_request_for_each_action() -> None:
    target = to(users=2)
    plan = planned(CHAT, origin=target.origin, users=2, now_ms=NOW, random=Random(1))
    listed = to_be_sent(target, plan, Settings())
    assert "a secret" not in repr(listed)
    assert len(listed) == len(steps(users=2)) + 3  # and the sessions that the steps do not delete
    assert any(("Authorization", "Bearer ***") in request.headers for _, _, request in listed)
    assert all(("Origin", "http://localhost:8080") in request.headers for _, _, request in listed)


def test_secrets_are_known_by_the_names_that_they_have_and_had() -> None:
    known = Known(of_user={1: {"token": "T1", "other": "no secret"}}, cookies={1: {"accessToken": "T2"}})
    assert secrets(to(), known) == {"a secret", "T1", "T2"}
    renamed = builtin_toml("chat").replace("save = { token =", "save = { mine =").replace("{token}", "{mine}")
    profile = Profile.from_toml(renamed, "own.toml")
    assert secrets(to(profile), Known(of_user={1: {"mine": "T1"}})) == {"a secret", "T1"}


def test_what_is_shown_is_what_is_sent() -> None:
    target, known = to(), Known()
    known.of_user[1], known.of_session["A"] = {"token": "TOKEN"}, {"session": "SESSION"}
    known.ids["A1"] = "stream-1732312345678-1a2b3c4d"
    for action in steps():
        if action.session in ("", "A") and action.stream in ("", "A1"):
            sent, told = made(target, action, known), shown(target, action)
            text = sent.url.replace("SESSION", "{session A}")
            assert (sent.method, text, len(sent.headers)) == (told.method, told.url, len(told.headers))
            assert (sent.body is None) == (told.body is None)


def test_the_probe_list_is_sent_the_right_id_last() -> None:
    sent = [action for action in steps() if action.call is Call.UPDATE]
    texts = [action.text for action in sent if not action.stream]
    assert texts[1:] == [
        None,
        "",
        "incorrect-id-1738324800",
        "incorrect-format",
        "stream-12345",
        "stream-12345-uuid",
    ]
    assert re.fullmatch(CHAT.id.format, texts[0] or "")


def test_a_request_without_a_credential_has_neither_token_nor_cookie() -> None:
    known = Known(of_user={1: {"token": "T"}}, of_session={"B": {"session": "S"}})
    known.cookies[1] = {"accessToken": "T"}
    (bare,) = [action for action in steps() if not action.knows and action.call is Call.STREAM]
    assert not {"Authorization", "Cookie"} & {name for name, _ in made(to(), bare, known).headers}
    usual = Action(Call.STREAM, "", session="B")
    assert ("Cookie", "accessToken=T") in made(to(), usual, known).headers


def test_without_an_origin_there_are_neither_preflights_nor_cookies() -> None:
    assert not any(action.call is Call.PREFLIGHT for action in steps(origin=""))
    target = Target(CHAT, to().values, (USER,))
    known = Known(of_user={1: {"token": "T"}}, of_session={"A": {"session": "S"}}, cookies={1: {"a": "b"}})
    names = {name for name, _ in made(target, Action(Call.STREAM, "", session="A"), known).headers}
    assert not {"Origin", "Cookie"} & names


def test_a_profile_without_sessions_is_probed_in_its_one_scope() -> None:
    text = builtin_toml("chat").replace('path = "session"', "")
    text = re.sub(r"(?s)\[probe\.create\].*?(?=\[probe\.stream\])", "", text).replace("/{session}", "")
    text = re.sub(r"(?s)\[probe\.delete\].*", "", re.sub(r"(?s)\[\[life\.close\]\].*?\n\n", "", text))
    actions = steps(Profile.from_toml(text, "own.toml"))
    assert {action.call for action in actions} >= {Call.STREAM, Call.UPDATE}
    assert {action.session for action in actions} == {"", "A"}


HEX, DIGITS = "0123456789abcdef", "0123456789"
parts = st.one_of(
    st.tuples(st.just("[0-9]{13}"), st.text(DIGITS, min_size=13, max_size=13)),
    st.tuples(st.just("[0-9]{10}"), st.text(DIGITS, min_size=10, max_size=10)),
    st.tuples(st.just("[0-9a-f]{8}"), st.text(HEX, min_size=8, max_size=8)),
    st.tuples(st.just("[0-9]+"), st.text(DIGITS, min_size=1, max_size=12)),
)
literals = st.sampled_from(["-", "id_", "Z", ""]).map(lambda text: (text, text))


@settings(max_examples=50, deadline=None)
@given(st.lists(literals, max_size=2), parts, st.lists(st.one_of(parts, literals), max_size=4), st.randoms())
def test_an_invented_id_is_in_the_format_and_not_the_example(
    before: list[tuple[str, str]], some: tuple[str, str], after: list[tuple[str, str]], random: Random
) -> None:
    form, example = ("".join(each) for each in zip(*before, some, *after, strict=True))
    text = invented(IdForm(format=form, example=example), NOW, random)
    assert re.fullmatch(form, text)
    assert text != example


def test_without_an_example_none_is_invented() -> None:
    assert invented(IdForm(format="[0-9]+"), NOW, Random(1)) == ""


def test_patterns_that_mean_more_than_digits_are_left_out() -> None:
    assert wrong_ids(IdForm(format="x", probes=("a-[0-9]+", r"b-\d+", "c-(d|e)")), NOW) == [
        "a-1738324800",
        "b-1738324800",
    ]


@pytest.mark.parametrize(("value", "other"), [("a-1B", "A-1B"), ("A", "a"), ("1", "1")])
def test_an_altered_id_is_in_the_other_case(value: str, other: str) -> None:
    assert altered(value) == other
