"""All rules that there are, by code. A rule is a pure function from its subject to a ruling."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from contract.findings import Severity
from contract.rules import cors, echo, hop, ident, service, stream, transport
from contract.subjects import Echo, Ending, Issue, Passage, Reply, Ruling, Stream


class Family(StrEnum):
    """What a rule is about; its codes begin with it."""

    ID = "ID"
    EC = "EC"
    SV = "SV"
    CO = "CO"
    SS = "SS"
    HT = "HT"
    HP = "HP"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code and name are stable, `severity` is that of a plain failure.

    Exactly one of the `of_…` is there, by what the rule judges (see `contract.subjects`).
    """

    code: str
    name: str
    severity: Severity
    family: Family
    of_issue: Callable[[Issue], Ruling] | None = None
    of_echo: Callable[[Echo], Ruling] | None = None
    of_reply: Callable[[Reply], Ruling] | None = None
    of_stream: Callable[[Stream], Ruling] | None = None
    of_ending: Callable[[Ending], Ruling] | None = None
    of_passage: Callable[[Passage], Ruling] | None = None


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.code: rule for rule in rules}


_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

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
        Rule("SV301", "valid-rejected", _ERROR, Family.SV, of_echo=service.valid_rejected),
        Rule("SV302", "invalid-accepted", _ERROR, Family.SV, of_echo=service.invalid_accepted),
        Rule("SV303", "wrong-status", _ERROR, Family.SV, of_echo=service.wrong_status),
        Rule("SV304", "id-leaked", _WARNING, Family.SV, of_echo=service.id_leaked),
        Rule("CO401", "cors-origin", _ERROR, Family.CO, of_reply=cors.cors_origin),
        Rule("CO402", "id-not-exposed", _ERROR, Family.CO, of_issue=cors.id_not_exposed),
        Rule("CO403", "expose-wildcard", _ERROR, Family.CO, of_issue=cors.expose_wildcard),
        Rule("CO404", "expose-grammar", _ERROR, Family.CO, of_reply=cors.expose_grammar),
        Rule("CO405", "expose-preflight-only", _ERROR, Family.CO, of_issue=cors.expose_preflight_only),
        Rule("CO406", "preflight-refused", _ERROR, Family.CO, of_reply=cors.preflight_refused),
        Rule("CO407", "preflight-incomplete", _ERROR, Family.CO, of_reply=cors.preflight_incomplete),
        Rule("CO408", "vary-origin", _WARNING, Family.CO, of_reply=cors.vary_origin),
        Rule("CO409", "cors-on-errors", _ERROR, Family.CO, of_reply=cors.cors_on_errors),
        Rule("SS501", "sse-media-type", _ERROR, Family.SS, of_reply=stream.sse_media_type),
        Rule("SS502", "sse-incomplete-event", _ERROR, Family.SS, of_stream=stream.sse_incomplete_event),
        Rule("SS503", "sse-no-terminal", _ERROR, Family.SS, of_stream=stream.sse_no_terminal),
        Rule("SS504", "sse-escaped-newline", _ERROR, Family.SS, of_stream=stream.sse_escaped_newline),
        Rule("SS505", "sse-encoding", _ERROR, Family.SS, of_stream=stream.sse_encoding),
        Rule("SS506", "sse-payload", _ERROR, Family.SS, of_stream=stream.sse_payload),
        Rule("HT601", "truncated", _ERROR, Family.HT, of_ending=transport.truncated),
        Rule("HT602", "client-abort", _INFO, Family.HT, of_ending=transport.client_abort),
        Rule("HT603", "buffered", _ERROR, Family.HT, of_stream=transport.buffered),
        Rule("HT604", "transformed", _ERROR, Family.HT, of_reply=transport.transformed),
        Rule("HT605", "cached", _ERROR, Family.HT, of_reply=transport.cached),
        Rule("HT606", "idle-cut", _ERROR, Family.HT, of_ending=transport.idle_cut),
        Rule("HT607", "redirected", _ERROR, Family.HT, of_reply=transport.redirected),
        Rule("HP701", "hop-dropped", _ERROR, Family.HP, of_passage=hop.hop_dropped),
        Rule("HP702", "hop-renamed", _ERROR, Family.HP, of_passage=hop.hop_renamed),
        Rule("HP703", "hop-changed", _ERROR, Family.HP, of_passage=hop.hop_changed),
        Rule("HP704", "hop-body", _ERROR, Family.HP, of_passage=hop.hop_body),
    )
)
