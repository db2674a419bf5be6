"""Applies the chosen rules to a subject, and makes findings of what they say."""

from collections.abc import Callable, Collection, Iterable, Mapping

from contract.events import Side
from contract.exchange import Exchange
from contract.findings import Finding, Output, Verdict
from contract.rules import Family, Rule
from contract.subjects import NA, PASS, Echo, Ending, Issue, Passage, Reply, Ruling, Stream

_EMITTED = (Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE)
_SIDES = {Family.SV: Side.SERVER, Family.HT: Side.SERVER, Family.HP: Side.BOTH}
"""The side that a family judges; the others judge what the client got."""
_CLIENT_ALL_THE_SAME = ("HT603",)


class Judge:
    """The chosen rules, by what they judge. A list of them that is empty need not be given a subject."""

    def __init__(
        self, rules: Mapping[str, Rule], select: Collection[str] | None, ignore: Collection[str]
    ) -> None:
        chosen = [rule for rule in rules.values() if is_chosen(rule.code, select, ignore)]
        self.of_issue = _pairs(chosen, lambda rule: rule.of_issue)
        self.of_echo = _pairs(chosen, lambda rule: rule.of_echo)
        self.of_reply = _pairs(chosen, lambda rule: rule.of_reply)
        self.of_stream = _pairs(chosen, lambda rule: rule.of_stream)
        self.of_ending = _pairs(chosen, lambda rule: rule.of_ending)
        self.of_passage = _pairs(chosen, lambda rule: rule.of_passage)

    def issue(self, issue: Issue, exchange: Exchange, stream: str, out: list[Output]) -> None:
        """Judge an issuing response."""
        _judge(self.of_issue, issue, exchange, stream, out)

    def echo(self, echo: Echo, exchange: Exchange, out: list[Output]) -> None:
        """Judge an echo."""
        _judge(self.of_echo, echo, exchange, echo.value, out)

    def reply(self, reply: Reply, exchange: Exchange, out: list[Output]) -> None:
        """Judge a response's head."""
        _judge(self.of_reply, reply, exchange, exchange.known_stream, out)

    def stream(self, stream: Stream, exchange: Exchange, out: list[Output]) -> None:
        """Judge the events of a stream."""
        _judge(self.of_stream, stream, exchange, exchange.known_stream, out)

    def ending(self, ending: Ending, exchange: Exchange, out: list[Output]) -> None:
        """Judge how a response ended."""
        _judge(self.of_ending, ending, exchange, exchange.known_stream, out)

    def passage(self, passage: Passage, exchange: Exchange, out: list[Output]) -> None:
        """Judge what became of an exchange between the two sides."""
        _judge(self.of_passage, passage, exchange, exchange.known_stream, out)


def _judge[S](
    rules: list[tuple[Rule, Callable[[S], Ruling]]],
    subject: S,
    exchange: Exchange,
    stream: str,
    out: list[Output],
) -> None:
    for rule, judge in rules:
        ruling = judge(subject)
        if ruling is not PASS and ruling is not NA:  # the usual ones, and nothing to say of them
            _say(rule, ruling, exchange, stream, out)


def is_chosen(code: str, select: Collection[str] | None, ignore: Collection[str]) -> bool:
    """Whether a rule is among those that are asked for; the longer beginning of a code wins."""
    selected = max((len(each) for each in select or () if code.startswith(each)), default=-1)
    ignored = max((len(each) for each in ignore if code.startswith(each)), default=-1)
    if select is not None and selected < 0:
        return False
    return ignored < 0 or ignored < selected


def _pairs[F](chosen: Iterable[Rule], of: Callable[[Rule], F | None]) -> list[tuple[Rule, F]]:
    return [(rule, judge) for rule in chosen if (judge := of(rule)) is not None]


def _say(rule: Rule, ruling: Ruling, exchange: Exchange, stream: str, out: list[Output]) -> None:
    if ruling.verdict not in _EMITTED:
        return
    out.append(
        Finding(
            code=rule.code,
            name=rule.name,
            severity=ruling.severity or rule.severity,
            verdict=ruling.verdict,
            message=ruling.message,
            exchange=exchange.number,
            stream=stream,
            scope=exchange.scope.key,
            side=_side(rule, exchange),
            at=exchange.at,
            evidence=ruling.evidence,
        )
    )


def _side(rule: Rule, exchange: Exchange) -> Side:
    if rule.family is Family.EC:
        return Side(exchange.judged_side)
    return Side.CLIENT if rule.code in _CLIENT_ALL_THE_SAME else _SIDES.get(rule.family, Side.CLIENT)
