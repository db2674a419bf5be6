"""The pages about profiles and rules say what is true."""

import re
from pathlib import Path

from contract.profile import Profile
from contract.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_of_a_profile_can_be_used() -> None:
    small, where, mismatch = re.findall(r"```toml\n(.*?)```", (DOCS / "profiles.md").read_text(), re.DOTALL)
    Profile.from_toml(small, "docs/profiles.md")
    Profile.from_toml(small + mismatch, "docs/profiles.md")
    Profile.from_toml(small.replace("[[echo]]\n", f"[[echo]]\n{where}"), "docs/profiles.md")


def test_every_rule_has_its_paragraph_with_name_and_severity() -> None:
    page = (DOCS / "rules.md").read_text()
    told = re.findall(r"^\*\*([A-Z]{2}\d{3}) ([a-z-]+)\*\* \((\w+)\)", page, re.MULTILINE)
    assert told == [(rule.code, rule.name, rule.severity) for rule in RULES.values()]


def test_every_section_and_key_of_a_profile_is_on_its_page() -> None:
    page = (DOCS / "profiles.md").read_text()
    for name, field in Profile.model_fields.items():
        assert (field.alias or name) in page
