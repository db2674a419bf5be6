"""The page about profiles says what is true."""

import re
from pathlib import Path

from contract.profile import Profile

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_of_a_profile_can_be_used() -> None:
    small, where, mismatch, answer, tells = re.findall(
        r"```toml\n(.*?)```", (DOCS / "profiles.md").read_text(), re.DOTALL
    )
    Profile.from_toml(small, "docs/profiles.md")
    Profile.from_toml(small + mismatch + answer, "docs/profiles.md")
    told = Profile.from_toml(small + mismatch + tells, "docs/profiles.md")
    assert told.mismatch.tells is not None
    assert told.service.instance == ("X-Replica",)
    Profile.from_toml(small.replace("[[echo]]\n", f"[[echo]]\n{where}"), "docs/profiles.md")


def test_every_section_and_key_of_a_profile_is_on_its_page() -> None:
    page = (DOCS / "profiles.md").read_text()
    for name, field in Profile.model_fields.items():
        assert (field.alias or name) in page
