"""All rules that there are, by code. A rule is a pure function from its subject to a ruling."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from contract.findings import Severity
from contract.rules import cors, echo, ident
from contract.subjects import Echo, Issue, Ruling


class Family(StrEnum):
    """What a rule is about; its codes begin with it."""

    ID = "ID"
    EC = "EC"
    CO = "CO"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code and name are stable, `severity` is that of a plain failure.

    Exactly one of `of_issue` and `of_echo` is there, by what the rule judges.
    """

    code: str
    name: str
    severity: Severity
    family: Family
    of_issue: Callable[[Issue], Ruling] | None = None
    of_echo: Callable[[Echo], Ruling] | None = None


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.code: rule for rule in rules}


_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

RULES = MappingProxyType(
    _rules(
        Rule("ID101", "id-missing", _ERROR, Family.ID, of_issue=ident.id_missing),
        Rule("ID102", "id-renamed", _ERROR, Family.ID, of_issue=ident.id_renamed),
        Rule("ID103", "id-malformed", _ERROR, Family.ID, of_issue=ident.id_malformed),
        Rule("ID104", "id-duplicated", _ERROR, Family.ID, of_issue=ident.id_duplicated),
        Rule("ID105", "id-reused", _ERROR, Family.ID, of_issue=ident.id_reused),
        Rule("ID106", "id-on-failure", _WARNING, Family.ID, of_issue=ident.id_on_failure),
        Rule("EC201", "echo-missing", _ERROR, Family.EC, of_echo=echo.echo_missing),
        Rule("EC202", "echo-unknown", _ERROR, Family.EC, of_echo=echo.echo_unknown),
        Rule("EC203", "echo-fabricated", _ERROR, Family.EC, of_echo=echo.echo_fabricated),
        Rule("EC204", "echo-stale", _ERROR, Family.EC, of_echo=echo.echo_stale),
        Rule("EC205", "echo-foreign", _ERROR, Family.EC, of_echo=echo.echo_foreign),
        Rule("EC206", "echo-altered", _ERROR, Family.EC, of_echo=echo.echo_altered),
        Rule("EC207", "echo-after-end", _ERROR, Family.EC, of_echo=echo.echo_after_end),
        Rule("CO402", "id-not-exposed", _ERROR, Family.CO, of_issue=cors.id_not_exposed),
    )
)
