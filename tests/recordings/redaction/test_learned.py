from hypothesis import given
from hypothesis import strategies as st

from recordings.redaction.learned import LearnedSecrets

secrets = st.binary(min_size=4, max_size=40).map(lambda rest: b"1aB+" + rest)


def knowing(*known: bytes, bound: int = 1000) -> LearnedSecrets:
    learned = LearnedSecrets(bound)
    for secret in known:
        learned.learn(secret)
    return learned


@given(secrets, st.binary(max_size=40), st.binary(max_size=40))
def test_a_known_secret_is_found_at_every_offset(secret: bytes, before: bytes, after: bytes) -> None:
    text = before + secret + after
    covered = {at for start, end, _ in knowing(secret).find(text) for at in range(start, end)}
    assert covered.issuperset(range(len(before), len(before) + len(secret)))


def test_secrets_are_found_in_json_and_in_urls_as_they_are_written_there() -> None:
    secret = 'pä"ss/wörd 1'.encode()
    for written in (
        secret,
        b'p\xc3\xa4\\"ss/w\xc3\xb6rd 1',
        b'p\\u00e4\\"ss/w\\u00f6rd 1',
        b'p\xc3\xa4\\"ss\\/w\xc3\xb6rd 1',
        b"p%C3%A4%22ss%2Fw%C3%B6rd%201",
        b"p%C3%A4%22ss%2Fw%C3%B6rd+1",
    ):
        assert knowing(secret).find(b"<" + written + b">") == [(1, 1 + len(written), secret)]


def test_the_longest_of_two_secrets_wins() -> None:
    learned = knowing(b"abcdefgh1", b"abcdefgh12345")
    assert learned.find(b"x abcdefgh12345 y") == [(2, 15, b"abcdefgh12345")]


def test_what_cannot_be_told_from_ordinary_text_is_not_learned() -> None:
    learned = knowing(
        b"short1", b"question", b" question", b"********", b"[REDACTED]", b"undefined", b"00000000"
    )
    assert len(learned) == 0
    assert not learned.maybe_in(b"a question for [REDACTED]")


def test_only_the_newest_are_kept_and_use_keeps_them() -> None:
    learned = knowing(*(b"secret-%04d" % number for number in range(3)), bound=3)
    learned.learn(b"secret-0000")
    learned.learn(b"secret-9999")
    assert [learned.find(b"secret-%04d" % number) != [] for number in (0, 1, 2, 9999)] == [
        True,
        False,
        True,
        True,
    ]
    assert len(learned) == 3


def test_forgetting_leaves_nothing_behind() -> None:
    learned = knowing(*(b"secret/%04d x" % number for number in range(500)), bound=10)
    assert len(learned._by_group) <= 10 * 8 * 4
    assert len(learned._secret_of) <= 10 * 8
    assert learned._groups == set(learned._by_group)


def test_a_beginning_at_the_end_of_a_text_is_undecided() -> None:
    learned = knowing(b"eyJhbGciOi1")
    assert learned.undecided(b"a text with eyJhb") == 12
    assert learned.undecided(b"a text with e") == 12
    assert learned.undecided(b"a text with eyJhbx") == 18
