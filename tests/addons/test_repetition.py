"""The log says what repeats itself a few times, and then how often it did."""

from dataclasses import replace

from addons.repetition import IN_FULL, SORTS, Found, Repetition
from contract.events import Side
from contract.findings import Finding, Severity, Verdict

VARY = Finding(
    *("CO408", "vary-origin", Severity.WARNING, Verdict.FAIL, "'http://a:1' is reflected without Vary."),
    *(1, "", "s", Side.SERVER, 5),
)


def found(exchange: int, **changed: object) -> Found:
    return Found(replace(VARY, exchange=exchange, **changed), None)  # type: ignore[arg-type]


def said(repetition: Repetition) -> list[tuple[int, int]]:
    return [(count, last.finding.exchange) for count, last in repetition.counted()]


def test_the_first_are_logged_in_full_and_the_others_counted() -> None:
    repetition = Repetition()
    admitted = [repetition.admits(found(number)) for number in range(1, 101)]
    assert admitted == [True] * IN_FULL + [False] * (100 - IN_FULL)
    assert said(repetition) == [(100 - IN_FULL, 100)]


def test_what_goes_on_is_one_line_an_interval_and_begins_anew_after_a_quiet_one() -> None:
    repetition = Repetition()
    for number in range(10):
        repetition.admits(found(number))
    assert said(repetition) == [(10 - IN_FULL, 9)]
    assert not repetition.admits(found(10))
    assert said(repetition) == [(1, 10)]
    assert said(repetition) == []
    assert not repetition
    assert repetition.admits(found(11))


def test_sentences_that_differ_in_values_alone_are_the_same() -> None:
    repetition = Repetition()
    for number in range(IN_FULL):
        assert repetition.admits(found(number, message=f"'http://host-{number}' is reflected without Vary."))
    assert not repetition.admits(found(9, message='"http://other" is reflected without Vary.'))


def test_another_code_severity_verdict_or_sentence_is_logged_in_full() -> None:
    repetition = Repetition()
    for number in range(50):
        repetition.admits(found(number))
    assert repetition.admits(found(50, code="CO409"))
    assert repetition.admits(found(51, severity=Severity.ERROR))
    assert repetition.admits(found(52, verdict=Verdict.INCONCLUSIVE))
    assert repetition.admits(found(53, message="The wildcard is sent without Vary."))


def test_a_peer_that_makes_up_sentences_neither_fills_the_memory_nor_floods_the_log() -> None:
    repetition = Repetition()
    letters = [chr(0x4E00 + number) for number in range(3 * SORTS)]
    admitted = [repetition.admits(found(1, message=f"it said {letter}")) for letter in letters]
    assert admitted.count(True) == SORTS + IN_FULL
    assert len(repetition.counted()) == 1
