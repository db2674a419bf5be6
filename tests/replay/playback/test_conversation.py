"""What one client was told and has used up, and whose request is whose."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from replay.playback import conversation
from replay.playback.conversation import Conversation, Conversations

# Order


def test_entries_are_considered_unused_ones_first() -> None:
    talk = Conversation()
    assert talk.window([1, 2, 3], 9) == [1, 2, 3]
    talk.use(1)
    assert talk.window([1, 2, 3], 9) == [2, 3, 1]


def test_a_window_moves_with_what_was_used() -> None:
    numbers, talk = list(range(100, 200)), Conversation()
    for number in range(100, 130):
        talk.use(number)
    assert talk.window(numbers, 5) == [130, 131, 132, 133, 134, 125, 126, 127, 128, 129]
    talk.use(131)
    assert talk.window(numbers, 5) == [130, 132, 133, 134, 125, 126, 127, 128, 129]


def test_once_all_are_used_the_last_ones_are_left() -> None:
    numbers, talk = list(range(100)), Conversation()
    for number in numbers:
        talk.use(number)
    assert talk.window(numbers, 3) == [97, 98, 99]


def test_what_starts_again_is_unused() -> None:
    numbers, talk = list(range(100)), Conversation()
    for number in numbers[:50]:
        talk.use(number)
    assert talk.first_unused(numbers) == 50
    talk.start_again([10, 11])
    assert talk.window(numbers, 4)[:2] == [10, 11]
    assert talk.first_unused(numbers) == 10


@given(st.lists(st.integers(0, 40)), st.integers(1, 8))
def test_a_window_never_leaves_out_the_first_unused(used: list[int], most: int) -> None:
    numbers, talk = list(range(41)), Conversation()
    for number in used:
        talk.use(number)
    window = talk.window(numbers, most)
    unused = [number for number in numbers if number not in used]
    assert window[: 1 if unused else 0] == unused[:1]
    assert len(window) == len(set(window)) <= 2 * most


# Values


def test_what_was_issued_is_understood_with_or_without_a_scheme() -> None:
    talk = Conversation()
    talk.issue("old", "new")
    assert [talk.term(said) for said in ("new", "Bearer new", "other new", "newer", "old")] == [
        *("old", "Bearer old", "other old", "newer", "old")
    ]
    assert talk.target("/a/new?x=new&y=newer") == "/a/old?x=old&y=newer"


def test_an_older_value_is_still_understood() -> None:
    talk = Conversation()
    talk.issue("token", "first")
    talk.issue("token", "second")
    assert (talk.term("first"), talk.term("second"), talk.live["token"]) == ("token", "token", "second")


def test_older_values_are_bounded() -> None:
    talk = Conversation()
    for number in range(5000):
        talk.issue("token", f"new {number}")
    assert len(talk.recorded) <= 1001
    assert talk.term("new 4999") == talk.term("new 4500") == "token"


def test_what_a_client_makes_up_is_bounded() -> None:
    talk = Conversation()
    for number in range(1000):
        talk.choose("same", f"new {number}")
        talk.choose(f"old {number}", f"own {number}")
    assert len(talk.recorded) <= 200
    assert len(talk.chosen) <= 200
    assert talk.chosen["same"] == "new 999"
    assert talk.term("own 999") == "old 999"
    assert talk.term("own 1") == "own 1"


def test_an_issued_value_keeps_its_meaning_wherever_the_client_puts_it() -> None:
    talk = Conversation()
    talk.issue("session", "mine")
    talk.choose("another", "mine")
    talk.choose("session", "garbage")
    assert talk.term("mine") == "session"
    assert talk.chosen == {}


# Whose request it is


def test_all_have_one_conversation_where_none_is_kept_apart() -> None:
    talks = Conversations(apart=False)
    assert talks.of(["a"]) is talks.of(["b"])


def test_a_request_belongs_to_whom_its_values_were_issued() -> None:
    talks = Conversations(apart=True)
    one, other = talks.of([]), talks.of([])
    assert one is not other
    talks.issued(one, "a")
    talks.issued(other, "b")
    assert talks.of(["x", "a"]) is one
    assert talks.of(["b"]) is other
    assert talks.of(["x"]) not in (one, other)


def test_a_value_of_last_resort_counts_where_no_other_does() -> None:
    talks = Conversations(apart=True)
    one, other = Conversation(), Conversation()
    talks.issued(one, "a")
    talks.issued(other, "b")
    assert talks.of(["x"], else_by="a") is one
    assert talks.of(["b"], else_by="a") is other
    assert one.joined is None


def test_values_of_two_in_one_request_make_them_one() -> None:
    talks = Conversations(apart=True)
    one, other = Conversation(), Conversation()
    for talk, name in ((one, "a"), (other, "b")):
        talk.issue(f"old {name}", name)
        talk.current[name] = name
        talks.issued(talk, name)
        talks.issued(talk, f"was-{name}")
    for number in (1, 2, 3):
        other.use(number)
    one.use(4)
    assert talks.of(["a", "b"]) is one
    assert [talks.of([value]) for value in ("a", "b", "was-b")] == [one, one, one]
    assert (one.term("b"), one.live["old b"], one.current) == ("old b", "b", {"a": "a", "b": "b"})
    one.use(5)
    assert max(one.used, key=lambda number: one.used[number]) == 5
    assert set(one.used) == {1, 2, 3, 4, 5}


def test_three_that_join_one_after_the_other_are_one() -> None:
    talks = Conversations(apart=True)
    for name in "abc":
        talks.issued(Conversation(), name)
    first = talks.of(["b", "c"])
    assert talks.of(["a", "c"]) is talks.of(["b"]) is talks.of(["a"])
    assert first.joined is talks.of(["a"])


def test_clients_that_say_nothing_for_longest_are_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(conversation, "MOST_OWNED", 3)
    talks = Conversations(apart=True)
    known = {name: Conversation() for name in "abcd"}
    for name in "abc":
        talks.issued(known[name], name)
    assert talks.of(["a"]) is known["a"]
    talks.issued(known["d"], "d")
    assert talks.of(["a"]) is known["a"]
    assert talks.of(["b"]) is not known["b"]
