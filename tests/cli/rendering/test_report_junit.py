from xml.etree.ElementTree import Element, fromstring

from cli.rendering.report_junit import junit_xml
from contract.findings import Severity, Verdict
from contract.rules import RULES
from tests.cli.rendering.reports import NASTY, finding, hostile, report


def cases(root: Element) -> dict[str, Element]:
    return {test.attrib["name"]: test for test in root.iter("testcase")}


def test_a_rule_without_findings_is_a_test_that_passed() -> None:
    root = fromstring(junit_xml(report(), "error"))
    assert [suite.attrib["name"] for suite in root] == ["a.db"]
    assert list(cases(root)) == [f"{code} {rule.name}" for code, rule in RULES.items()]
    assert not [each for test in root.iter("testcase") for each in test]
    assert root.attrib | {"name": ""} == {
        "name": "",
        "tests": str(len(RULES)),
        "failures": "0",
        "errors": "0",
        "skipped": "0",
    }


def test_each_stream_is_a_test_of_a_rule_and_fails_once() -> None:
    made = report(finding("One."), finding("Two.", exchange=6), finding("Other.", stream="t"))
    root = fromstring(junit_xml(made, "error"))
    one, other = cases(root)["EC203 echo-fabricated: s"], cases(root)["EC203 echo-fabricated: t"]
    failure = one.find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "error", "message": "One. (and 1 more)"}
    assert failure.text is not None
    assert failure.text.splitlines()[4:6] == ["error: Two.", "Two.: Two."]
    assert [each.tag for each in other] == ["failure"]
    assert (root.attrib["tests"], root.attrib["failures"]) == (str(len(RULES) + 1), "2")


def test_warnings_fail_only_where_they_are_asked_to() -> None:
    made = report(finding(severity=Severity.WARNING, verdict=Verdict.WARN))
    for fail_on, tag in (("error", "system-out"), ("never", "system-out"), ("warning", "failure")):
        root = fromstring(junit_xml(made, fail_on))  # type: ignore[arg-type]
        assert [each.tag for each in cases(root)["EC203 echo-fabricated: s"]] == [tag]


def test_an_error_is_a_failure_whatever_the_exit_code() -> None:
    root = fromstring(junit_xml(report(finding()), "never"))
    assert root.attrib["failures"] == "1"


def test_what_is_inconclusive_is_skipped_with_its_reason() -> None:
    made = report(finding("Not seen.", severity=Severity.INFO, verdict=Verdict.INCONCLUSIVE))
    root = fromstring(junit_xml(made, "warning"))
    skipped = cases(root)["EC203 echo-fabricated: s"].find("skipped")
    assert skipped is not None
    assert skipped.attrib == {"message": "Not seen."}
    assert root.attrib["skipped"] == "1"


def test_hostile_values_stay_text_and_the_document_well_formed() -> None:
    text = junit_xml(hostile(), "error")
    assert text.isascii()
    root = fromstring(text)
    assert len(root) == len(NASTY)
    tags = {element.tag for element in root.iter()}
    assert tags == {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    values = [value for element in root.iter() for value in (*element.attrib.values(), element.text or "")]
    assert all(line.isprintable() for value in values for line in value.split("\n"))
    assert any("]]></failure><script>alert(1)</script><!--" in value for value in values)
