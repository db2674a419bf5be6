"""The report as JUnit XML, as Jenkins and GitLab read it: a suite per recording.

A rule that has nothing to say of a recording is a test that passed; else each stream that it speaks of is
a test, which failed if one finding is as severe as asked, and was skipped if all are inconclusive.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cli.rendering.escaping import printable
from cli.rendering.report_text import exchange_line
from contract.findings import Severity, Verdict
from contract.rules import RULES

if TYPE_CHECKING:
    from replay.validation import FailOn, Report, ReportedFinding

FAILING = {
    "error": {Severity.ERROR},
    "never": {Severity.ERROR},
    "warning": {Severity.ERROR, Severity.WARNING},
}
"""The severities that are failures, by `--fail-on`."""


def junit_xml(report: "Report", fail_on: "FailOn") -> str:
    """The document, in ASCII. `never` is about the exit code: errors are failures all the same."""
    root = Element("testsuites", name="streamid")
    found = _by_test(report)
    for recording in report.recordings:
        suite = SubElement(root, "testsuite", name=printable(recording))
        for code in report.codes:
            tests = found.get((recording, code)) or {"": []}
            for stream, findings in tests.items():
                _test(suite, recording, code, stream, findings, FAILING[fail_on])
        count(suite)
    count(root)
    indent(root)
    document: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return document.decode("ascii")


def _by_test(report: "Report") -> "dict[tuple[str, str], dict[str, list[ReportedFinding]]]":
    found: dict[tuple[str, str], dict[str, list[ReportedFinding]]] = defaultdict(dict)
    for finding in report.findings:
        streams = found[report.recording_of(finding), finding.code]
        streams.setdefault(finding.stream, []).append(finding)
    return found


def _test(
    suite: Element,
    recording: str,
    code: str,
    stream: str,
    findings: "list[ReportedFinding]",
    failing: set[Severity],
) -> None:
    name = f"{code} {RULES[code].name}{': ' if stream else ''}{printable(stream)}"
    test = SubElement(suite, "testcase", classname=printable(recording), name=name)
    sure = [finding for finding in findings if finding.verdict is not Verdict.INCONCLUSIVE]
    failed = [finding for finding in sure if finding.severity in failing]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        message = f"{printable(failed[0].message)}{more}"
        SubElement(test, "failure", type=failed[0].severity.value, message=message).text = finding_text(
            failed
        )
    elif findings and not sure:
        SubElement(test, "skipped", message=printable(findings[0].message))
    others = [finding for finding in findings if finding not in failed]
    if others:
        SubElement(test, "system-out").text = finding_text(others)


def finding_text(findings: "list[ReportedFinding]") -> str:
    """Each with its exchange and its evidence."""
    return "\n".join(line for finding in findings for line in _lines(finding))


def _lines(finding: "ReportedFinding") -> Iterator[str]:
    yield f"#{finding.exchange} {exchange_line(finding)}".rstrip()
    yield f"{finding.severity.value}: {printable(finding.message)}"
    for fact, value in finding.evidence.items():
        yield f"{printable(fact)}: {printable(value)}"


def count(element: Element) -> None:
    """Give a suite the numbers of its tests, failures and skipped ones."""
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    element.set("failures", str(sum(1 for _ in element.iter("failure"))))
    element.set("errors", "0")
    element.set("skipped", str(sum(1 for _ in element.iter("skipped"))))
