"""Secrets that nobody issues are listed with where they stand; equal ones once."""

from contract.events import Event, Message, Side
from recordings.rows import Redaction
from replay.resending.secrets import Needed, given, needed_secrets, variable
from tests.replay.resending.build import JSON, exchange, put_together

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def redaction(number: int, token: str, where: str = "body", message: Message = Message.REQUEST) -> Redaction:
    return Redaction(number, message, Side.BOTH, where, 0, len(token), token)


def test_a_password_is_named_after_the_user_beside_it() -> None:
    body = b'{"login": {"username": "jo", "password": "~Abcdefg"}}'
    recorded = put_together(exchange(3, 0, "POST /login", fields=[JSON], body=body))
    (need,) = needed_secrets(recorded.values(), [redaction(3, "~Abcdefg")], ())
    assert need == Needed("jo", "~Abcdefg", ((3, "JSON login.password"),), 'username "jo"')
    assert str(need) == 'jo (request 3: JSON login.password, beside username "jo")'


def test_a_form_s_password_too() -> None:
    recorded = put_together(
        exchange(1, 0, "POST /login", fields=[FORM], body=b"email=a%40b.test&password=~Abcdefg")
    )
    (need,) = needed_secrets(recorded.values(), [redaction(1, "~Abcdefg")], ())
    assert (need.name, need.beside) == ("a@b.test", 'email "a@b.test"')
    assert variable(need.name) == "STREAMID_SECRET_A_B_TEST"


def test_one_secret_in_many_requests_is_needed_once_and_others_get_other_names() -> None:
    def call(number: int, token: str) -> list[Event]:
        return exchange(number, number, "GET /", fields=[(b"X-Api-Key", token.encode())])

    recorded = put_together(call(1, "~Aaaaaa"), call(2, "~Aaaaaa"), call(3, "~Bbbbbb"))
    where = "header x-api-key"
    rows = [redaction(1, "~Aaaaaa", where), redaction(2, "~Aaaaaa", where), redaction(3, "~Bbbbbb", where)]
    first, second = needed_secrets(recorded.values(), rows, ())
    assert (first.name, [number for number, _ in first.places]) == ("x-api-key", [1, 2])
    assert (second.name, [number for number, _ in second.places]) == ("x-api-key-2", [3])


def test_what_an_answer_issued_or_carried_is_not_needed() -> None:
    recorded = put_together(exchange(1, 0, "GET /", fields=[(b"Authorization", b"Bearer ~Aaaaaa")]))
    rows = [
        redaction(1, "~Aaaaaa", "header authorization"),
        redaction(1, "~Zzzzzz", "body", Message.RESPONSE),
    ]
    assert needed_secrets(recorded.values(), rows, {"~Aaaaaa"}) == []


def test_what_is_given_is_told_from_what_is_missing() -> None:
    needs = [Needed("a", "~1", ((1, "x"),), ""), Needed("b", "~2", ((1, "y"),), "")]
    assert given(needs, {"b": "secret"}) == ({"~2": "secret"}, needs[:1])
