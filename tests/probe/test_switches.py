"""Each thing that the lab's chat service can get wrong is found by one probe, by the rule that names it."""

import asyncio
from pathlib import Path

import pytest

from lab.bugs import BUGS
from replay.probing.conformance import ABOUT_CLIENTS
from replay.probing.report import ProbeReport
from tests.probe.probed import labels, probed, target
from tests.probe.services import chat_services

VALUES = {
    "race": ("300",),
    "expire": ("0.2",),
    "no-affinity": ("2",),
    "wrong-header": ("X-Stream-Id", "X-Unknown"),
    "wrong-status": ("422",),
}
SWITCHES = [f"{name}={value}" if value else name for name in BUGS for value in VALUES.get(name, ("",))]
AT_ONCE = 4

type Reports = dict[str, ProbeReport]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """A probe of a plain service, and of one for each switch."""
    names = ["", *SWITCHES]
    turns = asyncio.Semaphore(AT_ONCE)
    bugs = [(name,) if name else () for name in names]
    with chat_services(bugs, tmp_path_factory.mktemp("services")) as (lab, urls):

        async def one(url: str) -> ProbeReport:
            async with turns:
                return await probed(target(lab, url))

        async def every() -> list[ProbeReport]:
            return await asyncio.gather(*map(one, urls))

        return dict(zip(names, asyncio.run(every()), strict=True))


def test_a_service_without_a_bug_has_one_warning_which_its_page_explains(reports: Reports) -> None:
    report = reports[""]
    assert labels(report) == {"SV304:warning"}
    assert report.troubles == report.left == []


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_bug_is_found_by_its_rules(reports: Reports, switch: str) -> None:
    name, _, value = switch.partition("=")
    wanted = {code for code in BUGS[name].breaks if not code.startswith(ABOUT_CLIENTS)}
    if name == "wrong-header":
        wanted = {"ID101"} if value == "X-Unknown" else {"ID102"}
    report = reports[switch]
    assert wanted <= {label[:5] for label in labels(report)}
    print(switch, sorted(labels(report)), report.troubles)
