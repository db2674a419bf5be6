import re
import tomllib

from tests.cli.streamid import ROOT

PLUGIN = (ROOT / "pytest-streamid" / "pytest_streamid.py").read_text("utf-8")
PAGE = (ROOT / "docs" / "pytest.md").read_text("utf-8")


def test_the_page_has_every_option_fixture_and_argument_of_the_marker() -> None:
    options = re.findall(r'addoption\(\s*"(--[\w-]+)"', PLUGIN) + re.findall(r'addini\(\s*"(\w+)"', PLUGIN)
    fixtures = re.findall(r"@pytest\.fixture\ndef ([a-z]\w+)", PLUGIN)
    marker = re.search(r"streamid\(([^)]*)\):", PLUGIN)
    assert marker is not None
    assert len(options) == 9
    assert fixtures == ["streamid_playback", "streamid_recorder"]
    for name in (*options, *fixtures, *marker[1].split(", ")):
        assert f"`{name}`" in PAGE or f"`{name}:" in PAGE, name


def test_nothing_of_streamid_is_imported_and_pytest_is_all_that_is_needed() -> None:
    imported = set(re.findall(r"^(?:from|import) (\w+)", PLUGIN, re.MULTILINE))
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert not imported & set(rooms["wheel"]["packages"])
    project = tomllib.loads((ROOT / "pytest-streamid" / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["dependencies"] == ["pytest>=8"]
    assert project["entry-points"]["pytest11"] == {"streamid": "pytest_streamid"}
