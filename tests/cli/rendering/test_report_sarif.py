import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.rendering.report_sarif import sarif_json
from contract.findings import Severity, Verdict
from contract.rules import RULES
from replay.validation import Report
from tests.cli.rendering.reports import finding, hostile, report

SCHEMA = json.loads((Path(__file__).parent / "sarif" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def run_of(made: Report) -> Any:
    """The one run in the document, which is valid by the schema."""
    text = sarif_json(made)
    assert text.isascii()
    document = json.loads(text)
    validator = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    assert [f"{list(each.absolute_path)}: {each.message}" for each in validator.iter_errors(document)] == []
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


def test_the_schema_refuses_what_is_no_sarif() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "2.1.0", "runs": [{}]}, SCHEMA, jsonschema.Draft4Validator)


def test_a_report_without_findings_is_valid_and_has_the_rules() -> None:
    run = run_of(report())
    assert run["results"] == []
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["name"]) for rule in rules] == [(code, RULES[code].name) for code in RULES]
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert (levels["EC203"], levels["ID106"]) == ("error", "warning")


def test_a_result_names_rule_recording_and_exchange() -> None:
    run = run_of(report(finding(recording="b.db"), recordings=("a.db", "b.db")))
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "EC203"
    (location,) = result["locations"]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "b.db", "index": 1}}
    assert location["logicalLocations"][0]["name"] == "exchange #4"
    assert result["partialFingerprints"] == {"defect/v1": "f" * 32}


@pytest.mark.parametrize(
    ("severity", "verdict", "kind", "level"),
    [
        (Severity.ERROR, Verdict.FAIL, "fail", "error"),
        (Severity.WARNING, Verdict.WARN, "fail", "warning"),
        (Severity.INFO, Verdict.FAIL, "fail", "note"),
        (Severity.INFO, Verdict.INCONCLUSIVE, "open", "none"),
    ],
)
def test_the_level_is_the_severity_and_what_is_inconclusive_is_open(
    severity: Severity, verdict: Verdict, kind: str, level: str
) -> None:
    (result,) = run_of(report(finding(severity=severity, verdict=verdict)))["results"]
    assert (result["kind"], result["level"]) == (kind, level)


def test_a_recording_elsewhere_has_an_absolute_address_with_what_is_special_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = report(recordings=("/elsewhere/a b.db", str(tmp_path / "c#d%.db"), "e/f.db"))
    uris = [artifact["location"]["uri"] for artifact in run_of(made)["artifacts"]]
    assert uris == ["file:///elsewhere/a%20b.db", "c%23d%25.db", "e/f.db"]


def test_braces_and_brackets_of_a_message_are_no_placeholders_and_no_links() -> None:
    (result,) = run_of(report(finding("{0} [here](0)")))["results"]
    assert result["message"]["text"] == "{{0}} [here] (0)"


def test_hostile_values_stay_text_and_the_document_valid() -> None:
    made = hostile()
    results = run_of(made)["results"]
    assert len(results) == len(made.findings)
    for result in results:
        texts = [result["message"]["text"], *result["properties"]["evidence"]]
        assert all(text.isprintable() for text in texts)
