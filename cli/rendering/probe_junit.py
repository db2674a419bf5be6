"""What `streamid probe` found, as JUnit XML: a test per rule, and one per step that was not carried out.

A rule that does not apply, or cannot be decided, is a test that was skipped.
"""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cli.rendering.escaping import printable
from cli.rendering.report_junit import FAILING, count, finding_text
from contract.findings import Verdict
from replay.probing.conformance import Result

if TYPE_CHECKING:
    from replay.probing.report import ProbeReport, RuleRow, StepReport
    from replay.validation import FailOn, ReportedFinding


def junit_xml(report: "ProbeReport", fail_on: "FailOn") -> str:
    """The document, in ASCII. `never` is about the exit code: errors are failures all the same."""
    root = Element("testsuites", name="streamid")
    suite = SubElement(root, "testsuite", name=printable(report.url))
    for row in report.rules:
        found = [finding for finding in report.findings if finding.code == row.code]
        _rule(suite, report.url, row, found, fail_on)
    for step in report.steps:
        _step(suite, report.url, step)
    count(suite)
    count(root)
    indent(root)
    document: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return document.decode("ascii")


def _rule(
    suite: Element, url: str, row: "RuleRow", found: "list[ReportedFinding]", fail_on: "FailOn"
) -> None:
    test = SubElement(suite, "testcase", classname=printable(url), name=f"{row.code} {row.name}")
    sure = [each for each in found if each.verdict is not Verdict.INCONCLUSIVE]
    failed = [each for each in sure if each.severity in FAILING[fail_on]]
    if failed:
        message = printable(failed[0].message) + (f" (and {len(failed) - 1} more)" if failed[1:] else "")
        failure = SubElement(test, "failure", type=failed[0].severity.value, message=message)
        failure.text = finding_text(failed)
    elif row.result == Result.NA:
        SubElement(test, "skipped", message=row.because)
    elif found and not sure:
        SubElement(test, "skipped", message=printable(found[0].message))
    others = [each for each in found if each not in failed]
    if others:
        SubElement(test, "system-out").text = finding_text(others)


def _step(suite: Element, url: str, step: "StepReport") -> None:
    test = SubElement(suite, "testcase", classname=printable(url), name=f"step: {step.name}")
    if step.troubles:
        SubElement(test, "failure", type="error", message=printable("; ".join(step.troubles)))
