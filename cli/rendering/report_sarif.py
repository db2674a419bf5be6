"""The report as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), for code scanning.

A recording has no lines: the artifact is the whole file, and the exchange a logical location in it.
"""

import contextlib
import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cli.rendering.escaping import printable
from cli.rendering.report_text import exchange_line
from contract.findings import Severity, Verdict
from contract.rules import RULES, Rule

if TYPE_CHECKING:
    from replay.validation import Report, ReportedFinding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_json(report: "Report", command: str = "validate") -> str:
    """The document of a run of `command`, in ASCII."""
    indices = {code: index for index, code in enumerate(report.codes)}
    run = {
        "tool": {"driver": _driver(report)},
        "automationDetails": {"id": f"streamid/{command}/"},
        "artifacts": [{"location": {"uri": _uri(path)}} for path in report.recordings],
        "results": [_result(finding, report, indices) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)


def _driver(report: "Report") -> dict[str, Any]:
    driver: dict[str, Any] = {"name": "streamid", "rules": [_rule(RULES[code]) for code in report.codes]}
    with contextlib.suppress(PackageNotFoundError):
        driver["version"] = version("streamid-proxy")
    return driver


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.name.replace('-', ' ').capitalize()}"},
        "help": {"text": f"`streamid rule {rule.code}` explains this rule."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: "ReportedFinding", report: "Report", indices: dict[str, int]) -> dict[str, Any]:
    recording = report.recording_of(finding)
    return {
        "ruleId": finding.code,
        "ruleIndex": indices[finding.code],
        **_weight(finding),
        "message": {"text": _text(finding.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": _uri(recording),
                        "index": report.recordings.index(recording),
                    }
                },
                "logicalLocations": [_logical(finding)],
            }
        ],
        "partialFingerprints": {"defect/v1": finding.fingerprint},
        "properties": {
            "exchange": finding.exchange,
            "stream": printable(finding.stream),
            "side": finding.side,
            "at": finding.at,
            "verdict": finding.verdict.value,
            "evidence": {printable(fact): printable(value) for fact, value in finding.evidence.items()},
        },
    }


def _weight(finding: "ReportedFinding") -> dict[str, str]:
    """3.27.9, 3.27.10: a result that is open to a decision has no level."""
    if finding.verdict is Verdict.INCONCLUSIVE:
        return {"kind": "open", "level": "none"}
    return {"kind": "fail", "level": _LEVELS[finding.severity]}


def _logical(finding: "ReportedFinding") -> dict[str, str]:
    """3.33: the exchange, by its number and its line."""
    number = f"exchange #{finding.exchange}"
    line = exchange_line(finding)
    return {"name": number, "fullyQualifiedName": f"{number} {line}".rstrip(), "kind": "exchange"}


def _text(message: str) -> str:
    """3.11.5: a brace of a message is doubled; 3.11.6: and nothing in it is an embedded link."""
    return printable(message).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _uri(path: str) -> str:
    """3.4.3: relative to where the command runs, if the recording is below; else absolute. Or a URL."""
    if path.startswith(("http://", "https://")):
        return path
    absolute = Path(path).absolute()
    here = Path.cwd()
    if absolute.is_relative_to(here):
        return quote(os.fsencode(absolute.relative_to(here)))
    return absolute.as_uri()
