"""A test of the tests: with any single rule disabled, the catalogue of cases is no longer satisfied."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from contract.findings import Verdict
from contract.rules import RULES, Rule
from contract.subjects import Ruling
from tests.contract.cases import catalogue
from tests.contract.judge import labels


def dissatisfied(rules: Mapping[str, Rule]) -> list[str]:
    return [
        case.name for case in catalogue() if labels(case.events, rules=rules) != tuple(sorted(case.expected))
    ]


def test_with_all_rules_every_case_is_satisfied() -> None:
    assert dissatisfied(RULES) == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_without_this_rule_some_case_is_not(code: str) -> None:
    rules = dict(RULES)
    del rules[code]
    names = dissatisfied(rules)
    assert names
    expected = {case.name for case in catalogue() if any(each.startswith(code) for each in case.expected)}
    assert set(names) == expected


@pytest.mark.parametrize("code", sorted(RULES))
def test_each_rule_is_registered_under_its_own_code_and_family(code: str) -> None:
    rule = RULES[code]
    assert rule.code == code
    assert code.startswith(rule.family)
    subjects = (
        *(rule.of_issue, rule.of_echo, rule.of_reply),
        *(rule.of_stream, rule.of_ending, rule.of_passage),
    )
    assert sum(judge is not None for judge in subjects) == 1


def verdicts_of(code: str) -> set[Verdict]:
    """What the rule says over the whole catalogue."""
    seen: set[Verdict] = set()

    def watched[S](judge: Callable[[S], Ruling] | None) -> Callable[[S], Ruling] | None:
        def watch(subject: S) -> Ruling:
            assert judge is not None
            ruling = judge(subject)
            seen.add(ruling.verdict)
            return ruling

        return None if judge is None else watch

    rule = RULES[code]
    changed = replace(
        rule,
        of_issue=watched(rule.of_issue),
        of_echo=watched(rule.of_echo),
        of_reply=watched(rule.of_reply),
        of_stream=watched(rule.of_stream),
        of_ending=watched(rule.of_ending),
        of_passage=watched(rule.of_passage),
    )
    for case in catalogue():
        labels(case.events, rules={code: changed})
    return seen


@pytest.mark.parametrize("code", sorted(RULES))
def test_each_rule_is_seen_to_pass_and_to_fail(code: str) -> None:
    assert {Verdict.PASS, Verdict.FAIL} <= verdicts_of(code)
