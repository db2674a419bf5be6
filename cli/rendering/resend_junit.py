"""What `streamid resend` found, as JUnit XML: a test for each exchange.

What could not be sent failed; what was left out because of Ctrl-C was skipped.
"""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cli.rendering.escaping import printable
from cli.rendering.resend_text import difference_line
from replay.resending.report import Fate

if TYPE_CHECKING:
    from replay.resending.report import Compared, Report


def junit_xml(report: "Report") -> str:
    """The document, in ASCII."""
    root = Element("testsuites", name="streamid resend")
    suite = SubElement(root, "testsuite", name=printable(report.recording))
    for each in report.exchanges:
        _test(suite, report.recording, each)
    for element in (suite, root):
        _count(element)
    indent(root)
    document: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return document.decode("ascii")


def _test(suite: Element, recording: str, each: "Compared") -> None:
    name = f"#{each.exchange} {printable(each.method)} {printable(each.path)}"
    test = SubElement(suite, "testcase", classname=printable(recording), name=name)
    new = each.timing[1]
    if new is not None and new.duration is not None:
        test.set("time", f"{new.duration / 1_000_000:.6f}")
    if each.fate is Fate.DIFFERENT:
        lines = [difference_line(one) for one in each.differences]
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        SubElement(test, "failure", type="different", message=f"{lines[0]}{more}").text = "\n".join(lines)
    elif each.fate is Fate.CUT:
        SubElement(test, "skipped", message=printable(each.because))
    elif each.fate is Fate.NOT_SENT:
        SubElement(test, "failure", type="not-sent", message=f"not sent: {printable(each.because)}")
    elif each.because:
        SubElement(test, "system-out").text = printable(each.because)


def _count(element: Element) -> None:
    element.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    element.set("failures", str(sum(1 for _ in element.iter("failure"))))
    element.set("errors", "0")
    element.set("skipped", str(sum(1 for _ in element.iter("skipped"))))
