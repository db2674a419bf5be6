"""The page of `streamid report` in Chromium: it is quiet, fits, paints soon, and heeds its keys."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from postmortem.report.building import build
from postmortem.report.html import page as page_of
from postmortem.report.model import Source
from postmortem.report.visible import visible
from recordings.reader import Recording
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, streamid
from tests.support.report_page import DESKTOP, PHONE, assert_quiet_and_fits, opened
from tests.support.reports import ATTACKS, diagnosed, hostile, hostile_incident, large

type Pages = dict[str, Path]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("reports")
    made = {
        "samples": ROOT / "recordings" / "samples",
        "sample": ROOT / "recordings" / "samples" / "echo-fabricated.db",
        "empty": record(folder / "empty.db", []),
        "large": large(folder / "large.db"),
    }
    pages = {name: folder / f"{name}.html" for name in (*made, "hostile")}
    for name, recordings in made.items():
        assert streamid("report", recordings, "-o", pages[name]).exit_code == 0
    with Recording(hostile(folder / "hostile.db")) as recording:
        name = " ".join(ATTACKS)
        source = Source(name, recording, diagnosed(name, hostile_incident()))
        made_now = datetime(2025, 1, 31, tzinfo=UTC)
        pages["hostile"].write_text(page_of(build([source], version="1", made=made_now)), encoding="utf-8")
    return pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", ["samples", "empty", "large", "hostile"])
def test_it_asks_for_nothing_complains_of_nothing_and_fits(
    browser: Browser, pages: Pages, name: str, size: tuple[int, int], scheme: str
) -> None:
    assert_quiet_and_fits(browser, pages[name], size, scheme)


def test_a_page_of_ten_thousand_exchanges_paints_within_a_second(browser: Browser, pages: Pages) -> None:
    assert pages["large"].stat().st_size < 4_000_000
    times = []
    for _ in range(3):
        with opened(browser, pages["large"]) as shown:
            paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
            times.append(shown.until(paint))
            assert shown.page.locator("table.waterfall").get_attribute("aria-rowcount") == "10001"
            assert 10 < shown.page.locator("#fall-rows tr[data-key]").count() < 100
    assert min(times) < 1000


def test_the_table_shows_the_rows_that_it_is_scrolled_to(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["large"]) as shown:
        shown.value("document.querySelector('#fall').scrollTop = 1e9")
        shown.page.locator("tr[data-key='1-10000']").wait_for()
        assert shown.page.locator("tr[data-key='1-1']").count() == 0
        bars = shown.page.locator("tr[data-key='1-9999'] svg rect")
        assert bars.count() == 2
        label = shown.page.locator("tr[data-key='1-9999'] svg").get_attribute("aria-label")
        assert label == "+20.0 s, first byte after 1 ms, 1 ms in all, complete"


def test_what_is_hostile_is_text_and_nothing_but_text(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["hostile"]) as shown:
        for number in (1, 2, 3):
            shown.page.locator(f"tr[data-key='1-{number}']").click()
        shown.page.locator("#search").fill("<script>alert(8)")
        shown.page.locator("#matches:not(:empty)").wait_for()
        assert shown.page.locator("#matches").inner_text() == "2 of 3 exchanges"
        for attack in ATTACKS:
            assert str(visible(attack)) in shown.text, attack
        assert "\\u202e" in shown.text
        assert not any(
            character in shown.text for character in "\u202e\u2066\u2028\u2029\x00\x1b\ufeff\u200d"
        )
        assert shown.page.locator("script").count() == 2
        assert (
            shown.page.locator("img, iframe, object, embed, base, [onclick], [onerror], [onload]").count()
            == 0
        )
        links = shown.value("[...document.querySelectorAll('[href]')].map(at => at.getAttribute('href'))")
        assert {link[0] for link in links if link != "data:,"} == {"#"}
        assert shown.page.title().startswith("1 incident in 3 exchanges")
        assert shown.is_quiet()


INJECTED = (
    "<script>window.owned = 1</script>"
    "<img src='data:text/plain,no' onerror='window.owned = 2'>"
    "<p id='styled' style='color: rgb(1, 2, 3)'>styled</p>"
    "<img src='http://127.0.0.1:9/away'>"
)


def test_its_policy_stops_what_escaping_might_let_through(
    browser: Browser, pages: Pages, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html"
    text = pages["sample"].read_text(encoding="utf-8")
    broken.write_text(text.replace("<footer>", f"{INJECTED}<footer>"), encoding="utf-8")
    color = "getComputedStyle(document.querySelector('#styled')).color"
    with opened(browser, broken) as shown:
        shown.until("refused.length >= 4")
        assert shown.value("window.owned") is None
        assert shown.value(color) != "rgb(1, 2, 3)"
        assert shown.requests == []
        assert {"script-src-elem", "script-src-attr", "style-src-attr", "img-src"} <= set(shown.refused)
        with pytest.raises(Exception, match="TrustedHTML"):
            shown.value("document.body.innerHTML = '<b>markup</b>'")
    policy = text.index('<meta http-equiv="Content-Security-Policy"')
    without = text[:policy] + text[text.index(">", policy) + 1 :]
    broken.write_text(without.replace("<footer>", f"{INJECTED}<footer>"), encoding="utf-8")
    with opened(browser, broken) as shown:
        assert shown.value("window.owned")
        assert shown.value(color) == "rgb(1, 2, 3)"
        assert shown.requests == ["http://127.0.0.1:9/away"]


def test_all_of_it_can_be_reached_by_keys(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["sample"]) as shown:
        press = shown.page.keyboard.press
        press("Tab")
        assert shown.focused == "a#.skip"
        assert shown.value("document.activeElement.getBoundingClientRect().left") >= 0
        press("Enter")
        assert shown.focused == "main#main."
        press("j")
        assert shown.focused == "article#.incident certain"
        press("/")
        assert shown.focused == "input#search."
        shown.page.keyboard.type("login")
        shown.page.locator("#matches:not(:empty)").wait_for()
        assert shown.page.locator("#matches").inner_text() == "1 of 4 exchanges"
        assert not shown.page.locator(".incident").is_visible()
        press("Escape")
        assert shown.page.locator("#fall-rows tr").count() == 4
        shown.page.locator(".waterfall").focus()
        for key in ("ArrowDown", "j", "k", "End"):
            press(key)
        assert shown.page.locator("tr[aria-selected]").get_attribute("data-key") == "1-4"
        assert "/update-stream" in shown.page.locator("#panel").inner_text()
        row, panel = (shown.page.locator(each).bounding_box() for each in ("#chosen", "#panel"))
        assert row
        assert panel
        assert row["y"] + row["height"] <= panel["y"]
        press("Enter")
        assert shown.value("document.activeElement.closest('details').id") == "d1-4"
        assert shown.page.locator("#d1-4").get_attribute("open") is not None
        assert shown.is_quiet()


def test_a_link_to_an_exchange_chooses_it_though_the_filter_hides_it(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["sample"]) as shown:
        shown.page.locator("#more").click()
        shown.page.locator("select[name=codes]").select_option("EC203")
        assert shown.page.locator("#fall-rows tr").count() == 1
        assert shown.page.locator(".rule:visible").count() == 3
        shown.page.locator(".evidence a.x").first.click()
        assert shown.page.locator("tr[aria-selected]").get_attribute("data-key") == "1-3"
        assert shown.page.locator("#fall-rows tr").count() == 4
        shown.page.locator("select[name=role]").select_option("issue")
        assert shown.page.locator("#fall-rows tr").get_attribute("data-key") == "1-3"
        assert shown.page.locator(".rule:visible").count() == 0


def test_printing_opens_what_is_folded_and_leaves_out_the_controls(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["sample"]) as shown:
        folded = shown.page.locator("details:not([open])")
        before = folded.count()
        assert before > 5
        shown.page.emulate_media(media="print")
        shown.value("dispatchEvent(new Event('beforeprint'))")
        assert folded.count() == 0
        assert not shown.page.locator("#search, #theme, #more").first.is_visible()
        shown.value("dispatchEvent(new Event('afterprint'))")
        assert folded.count() == before
    with opened(browser, pages["large"]) as shown:
        shown.value("dispatchEvent(new Event('beforeprint'))")
        assert shown.page.locator("#fall-rows tr").count() == 400
        assert shown.page.locator("#fall-print").inner_text() == "9,600 more rows are not printed."


def test_the_theme_is_the_systems_until_another_is_chosen(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages["empty"], scheme="dark") as shown:
        background = "getComputedStyle(document.body).backgroundColor"
        dark = shown.value(background)
        shown.page.locator("#theme").click()
        assert shown.page.locator("#theme").inner_text() == "Theme: light"
        light = shown.value(background)
        assert light != dark
        shown.page.locator("#theme").click()
        assert shown.value(background) == dark
