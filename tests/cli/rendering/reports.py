"""Reports made by hand: hostile values in every place that traffic or a file's name can reach."""

import os

from contract.findings import Severity, Verdict
from contract.rules import RULES
from replay.validation import Report, ReportedFinding, Summary

NASTY = (
    "\x00\x07\x1b[31mred\x1b[0m\x9b2J",
    "]]></failure><script>alert(1)</script><!--",
    "a|b `c` ``d`` *e* [x](javascript:1) <b> &amp; @team #1",
    "%0A::error::forged%0D,title=x:y\r\n::set-output name=a::b\n##[error]c",
    "\ud800lone\udfff\ufffe\u202e\u2028",
    "{0} {{1}} }{ \\",
    "`",
    "",
)

FILES = tuple(os.fsdecode(text.replace("\0", "").encode("utf-8", "replace") + b"\xff") for text in NASTY)
"""The same as names of files, none of which is UTF-8."""

_WEIGHTS = (
    (Severity.ERROR, Verdict.FAIL),
    (Severity.WARNING, Verdict.WARN),
    (Severity.INFO, Verdict.FAIL),
    (Severity.INFO, Verdict.INCONCLUSIVE),
)


def finding(
    text: str = "It failed.",
    *,
    code: str = "EC203",
    severity: Severity = Severity.ERROR,
    verdict: Verdict = Verdict.FAIL,
    stream: str = "s",
    exchange: int = 4,
    recording: str | None = None,
) -> ReportedFinding:
    return ReportedFinding(
        recording=recording,
        code=code,
        name=RULES[code].name,
        severity=severity,
        verdict=verdict,
        message=text,
        exchange=exchange,
        stream=stream,
        side="client",
        at=1000,
        evidence={text: text},
        method=text,
        url=text,
        status=400,
        fingerprint="f" * 32,
    )


def report(
    *findings: ReportedFinding, recordings: tuple[str, ...] = ("a.db",), profile: str = "chat"
) -> Report:
    return Report(
        recordings=list(recordings),
        profile=profile,
        exchanges=9,
        streams=3,
        findings=list(findings),
        summary=Summary(error=len(findings)),
        codes=list(RULES),
    )


def hostile() -> Report:
    """Each nasty string as message, evidence, method, URL, stream and recording, in each weight."""
    findings = [
        finding(text, severity=severity, verdict=verdict, stream=text, recording=file)
        for text, file in zip(NASTY, FILES, strict=True)
        for severity, verdict in _WEIGHTS
    ]
    return report(*findings, recordings=FILES, profile="".join(NASTY))
