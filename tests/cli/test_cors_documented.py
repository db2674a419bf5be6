"""`docs/cors.md`: what it prints, and where it says that browsers deviate."""

import json
import re
from pathlib import Path

import pytest

from tests.browser.cases import DEVIATIONS
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, streamid
from tests.contract.build import CORS, FIRST, MISMATCH, ORIGIN, Talk

PAGE = (ROOT / "docs" / "cors.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ streamid (.+?)\n(.*?)```", PAGE, re.DOTALL)
ALLOW, TRUE, LISTED, _ = CORS
ANY = (ALLOW[0], "*")
EXPOSE = LISTED[0]
ASKS = (
    *ORIGIN,
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "authorization,content-type"),
)
GRANTS = (
    ALLOW,
    TRUE,
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
)


@pytest.fixture
def trouble(tmp_path: Path) -> Path:
    """One exchange for each thing that goes wrong most."""
    talk = Talk(token="")
    cookie = (*ORIGIN, ("Cookie", "accessToken=a"))
    path = talk.path("/stream")
    events = [
        *talk.exchange("OPTIONS", path, request=ASKS, status=204, response=GRANTS),
        *talk.stream(FIRST),
        *talk.stream(FIRST, more=(ALLOW, TRUE)),
        *talk.stream(FIRST, more=(ALLOW, TRUE, (EXPOSE, "X-Streaming-Session-Id X-Request-Id"))),
        *talk.stream(FIRST, more=(ALLOW, TRUE, (EXPOSE, "*")), request=cookie),
        *talk.stream(FIRST, more=(ANY, LISTED), request=cookie),
        *talk.stream(FIRST, more=(ANY, LISTED)),
        *talk.stream(FIRST, more=(ALLOW, ALLOW, TRUE, LISTED)),
        *talk.exchange("POST", talk.path("/update-stream"), request=ORIGIN, status=400, answer=MISMATCH),
        *talk.exchange("OPTIONS", path, request=ASKS, status=401, response=GRANTS[:2]),
        *talk.exchange(
            "OPTIONS", path, request=ASKS, status=204, response=(*GRANTS[:3], (GRANTS[3][0], "*"))
        ),
    ]
    return record(tmp_path / "trouble.db", events, redact=True)


def test_every_example_prints_what_the_page_says(trouble: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trouble.parent)
    assert EXAMPLES
    for command, printed in EXAMPLES:
        assert streamid(*command.split()).stdout == printed, command


def test_the_page_is_right_about_what_the_credentials_mode_changes(trouble: Path) -> None:
    for mode, readable in (("omit", True), ("include", False)):
        rows = json.loads(streamid("cors", trouble, "--credentials", mode, "--format", "json").stdout)
        assert [row["readable"] for row in rows if row["exchange"] == 7] == [readable]


def test_every_deviation_of_the_browser_is_on_the_page() -> None:
    for reason in DEVIATIONS.values():
        assert reason in PAGE
