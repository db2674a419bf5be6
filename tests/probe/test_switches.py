"""Each thing that the lab's chat service can get wrong is found by one probe, by the rule that names it."""

import asyncio

import pytest

from lab.bugs import BUGS
from replay.probing.conformance import ABOUT_CLIENTS, Result
from replay.probing.report import ProbeReport
from tests.matrix.cell import Cell
from tests.matrix.table import BUGS as CELLS
from tests.matrix.table import TELLS
from tests.probe.probed import labels, probed, target
from tests.probe.services import chat_services

MEETS_MORE = {
    "strict-compare": "SV302",  # the stored ID is in capitals: the one in the other case is accepted
    "overwrite": "SV302",  # the ID of another session is accepted
    "no-affinity=2": "SV302",  # a replica that has not seen the newest stream takes the stale ID
}
"""What the tester does not send, and what the service makes of it."""
TELLS_NOTHING = ("not-stored", "hide-details")
AT_ONCE = 4
SWITCHES = [cell.bugs[0].replace("race=150", "race=300") for cell in CELLS]
"""As in the matrix; the race is longer, as several services share a processor here."""

type Reports = dict[str, ProbeReport]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """A probe of a plain service, and of one for each switch."""
    names = ["", *SWITCHES]
    bugs = [(name,) if name else () for name in names]
    with chat_services(bugs, tmp_path_factory.mktemp("services")) as (lab, urls):

        async def every() -> list[ProbeReport]:
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(url: str) -> ProbeReport:
                async with turns:
                    return await probed(target(lab, url))

            return await asyncio.gather(*map(one, urls))

        return dict(zip(names, asyncio.run(every()), strict=True))


def test_a_service_without_a_bug_has_one_warning_which_its_page_explains(reports: Reports) -> None:
    report = reports[""]
    assert labels(report) == {TELLS}
    assert report.troubles == report.left == []
    assert not report.fails("error")
    assert all(each.status for step in report.steps for each in step.requests)


def test_whatever_judges_services_is_judged_but_what_takes_a_wildcard(reports: Reports) -> None:
    idle = {row.code for row in reports[""].rules if row.result == Result.NA}
    assert {code for code in idle if not code.startswith((*ABOUT_CLIENTS, "HP"))} == {"CO403"}


def test_every_switch_has_been_probed() -> None:
    assert {switch.partition("=")[0] for switch in SWITCHES} == set(BUGS)


@pytest.mark.parametrize(("switch", "cell"), list(zip(SWITCHES, CELLS, strict=True)), ids=SWITCHES)
def test_a_switch_gives_its_rules_and_no_others(reports: Reports, switch: str, cell: Cell) -> None:
    report = reports[switch]
    expected = {label for label in cell.expected if not label.startswith(ABOUT_CLIENTS)}
    expected |= {MEETS_MORE[switch]} if switch in MEETS_MORE else set()
    expected |= {TELLS} if switch not in TELLS_NOTHING else set()
    assert labels(report) == expected
    assert report.fails("error") == any(label.isalnum() for label in expected)
    assert report.troubles == report.left == []


def test_the_table_says_of_each_rule_what_its_findings_say(reports: Reports) -> None:
    for report in reports.values():
        for row in report.rules:
            counted = row.failed + row.warned + row.inconclusive
            assert counted == sum(finding.code == row.code for finding in report.findings), row.code
