"""The card in a real browser: on one screen of a phone, each line a link, script or not."""

import pytest
from playwright.sync_api import expect

from tests import test_browser
from tests.served import ACME, LONG, Served, story
from tests.test_browser import DESK, NARROW, PHONE, TIMELINE, TOO_WIDE, Open

__all__ = ["story"]

pytestmark = pytest.mark.browser

address, browser, open_page = test_browser.address, test_browser.browser, test_browser.open_page

CLIPPED = """() => [...document.querySelectorAll('.card li > *')]
  .filter(e => e.scrollHeight > e.clientHeight + 1).map(e => e.parentElement.className)"""
SMALL = """() => [...document.querySelectorAll('.card a')]
  .filter(e => e.getBoundingClientRect().height < 24).map(e => e.textContent)"""


@pytest.mark.parametrize("asked", ["", "?phone=%2B32+2+000+01+01", "?as_of=2026-09-10"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a28_the_eight_lines_and_the_footer_fit_one_screen_of_a_phone(
    open_page: Open, theme: str, asked: str
) -> None:
    page = open_page(f"{TIMELINE}{asked}", PHONE, theme)

    assert page.locator(".card li").count() == 8
    under = page.locator(".card .under").bounding_box()
    assert under is not None
    assert under["y"] + under["height"] <= PHONE[1]
    expect(page.locator(".card .under")).to_contain_text("as of event")
    assert page.evaluate(SMALL) == []
    assert page.evaluate(TOO_WIDE) <= 0


def test_on_a_phone_nothing_of_what_burns_or_was_promised_is_clipped(open_page: Open) -> None:
    for size in (PHONE, DESK):
        clipped = " ".join(open_page(TIMELINE, size).evaluate(CLIPPED))
        assert not {"burning", "promise", "who", "worth"} & {*clipped.split()}


def test_every_line_leads_to_its_evidence_and_back_without_script(open_page: Open) -> None:
    page = open_page(TIMELINE, NARROW, java_script_enabled=False)
    count = page.locator(".card li a").count()

    for number in range(count):
        page.locator(".card li a").nth(number).click()
        expect(page.locator(".entry").first).to_be_visible()
        expect(page.locator(".chip")).to_contain_text("Evidence: ")
        page.go_back()

    assert count >= 6


def test_start_replay_is_a_link_that_works(open_page: Open) -> None:
    page = open_page(TIMELINE, PHONE)

    page.get_by_role("link", name="Start replay").click()

    expect(page.locator(".step b").first).to_have_text("Step 1")
    expect(page.locator("h1")).to_contain_text(LONG)


def test_a_card_of_the_past_is_framed_and_leads_back_to_now(open_page: Open) -> None:
    page = open_page(f"{TIMELINE}?as_of=2026-09-10&known_at=120", PHONE)

    style = page.locator("main").evaluate("e => getComputedStyle(e).outlineStyle")
    expect(page.locator(".card .under")).to_contain_text("as it was on 10 Sep")
    page.get_by_role("link", name="Return to now").click()

    assert style == "solid"
    assert page.url.endswith(TIMELINE)
    expect(page.locator(".card .under")).to_contain_text("up to date")


def test_a10_a_number_typed_into_the_search_leads_to_the_caller(
    open_page: Open, story: Served
) -> None:
    page = open_page("/", PHONE)

    page.get_by_label("Find a company").fill("+32 2 000 01 01")
    page.keyboard.press("Enter")

    expect(page.locator(".card li").first).to_contain_text("Jan Peeters · VP Engineering · VIP")
    assert f"/companies/{ACME}?phone=" in page.url
