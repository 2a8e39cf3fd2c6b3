"""The pages in a real browser: what is seen, reached by keyboard, and asked of whom."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.served import ACME, LONG, MOVED, Served, story

__all__ = ["story"]

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
DESK, PHONE, NARROW = (1200, 700), (390, 844), (320, 640)
TIMELINE, REPLAY = f"/companies/{ACME}", f"/tickets/{LONG}?step=40"
PAGES = ("/", TIMELINE, f"{TIMELINE}?search=frames&as_of=2026-10-01", REPLAY, f"/tickets/{MOVED}",
         "/companies/nobody", "/signin")  # fmt: skip

VISIBLE = """() => [...document.querySelectorAll('.entry')]
  .filter(e => e.getBoundingClientRect().bottom <= innerHeight).length"""
TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"
OPEN_ALL = "() => document.querySelectorAll('details').forEach(d => d.open = true)"
UNNAMED = """() => [...document.querySelectorAll('input, select, button')]
  .filter(e => !(e.labels?.length || e.ariaLabel || e.textContent.trim())).map(e => e.outerHTML)"""
FAINT = """() => {
  const canvas = document.createElement('canvas'), paper = canvas.getContext('2d');
  const rgba = css => { paper.clearRect(0, 0, 1, 1); paper.fillStyle = css;
    paper.fillRect(0, 0, 1, 1); return [...paper.getImageData(0, 0, 1, 1).data]; };
  const over = (top, under) => top.slice(0, 3)
    .map((c, i) => c * top[3] / 255 + under[i] * (1 - top[3] / 255));
  const behind = e => { const layers = [];
    for (; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]); };
  const light = rgb => { const [r, g, b] = rgb.map(c => c / 255)
    .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const said = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!said || !e.checkVisibility()) continue;
    const ground = behind(e), ink = over(rgba(getComputedStyle(e).color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return found;
}"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(story: Served) -> Iterator[str]:
    """Serve the story on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(story.client.app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, address: str, story: Served) -> Iterator[Open]:
    """Open a page, signed in; in the end nothing was wrong, and nobody else was asked."""
    with watched(browser, address, story) as (opened, wrong):
        yield opened
        assert wrong == []


@contextmanager
def watched(browser: Browser, address: str, story: Served) -> Iterator[tuple[Open, list[str]]]:
    contexts: list[Any] = []
    wrong: list[str] = []

    def opened(path: str, size: tuple[int, int] = DESK, theme: Any = "light", **known: Any) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, base_url=address,
            **known,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if _is_wrong(m) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if _is_ours(r.url, address) else wrong.append(r.url))
        page.goto(f"/signin?key={story.keys['auditor']}")
        assert "key=" not in page.url
        page.goto(path)
        return page

    yield opened, wrong
    for context in contexts:
        context.close()


def _is_wrong(message: Any) -> bool:
    return message.type == "error" and "404" not in message.text


def _is_ours(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:"))


def test_much_of_the_timeline_is_seen_at_once(open_page: Open) -> None:
    assert open_page(TIMELINE).evaluate(VISIBLE) >= 14


@pytest.mark.parametrize("size", [DESK, PHONE, NARROW])
def test_nothing_scrolls_sideways(open_page: Open, size: tuple[int, int]) -> None:
    page = open_page("/", size)

    for path in PAGES:
        page.goto(path)
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_nothing_scrolls_sideways_when_everything_is_open(open_page: Open) -> None:
    for path in (TIMELINE, f"{TIMELINE}?as_of=2026-10-01", REPLAY):
        page = open_page(path, NARROW)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(TOO_WIDE) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(open_page: Open, theme: str) -> None:
    page = open_page("/", theme=theme)

    for path in PAGES:
        page.goto(path)
        page.evaluate(
            "() => document.querySelectorAll('.entry details').forEach(d => d.open = true)"
        )
        assert page.evaluate(FAINT) == [], path


def test_every_control_has_a_name(open_page: Open) -> None:
    page = open_page("/")

    for path in PAGES:
        page.goto(path)
        assert page.evaluate(UNNAMED) == [], path
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1


def test_everything_is_reached_by_keyboard_and_focus_is_seen(open_page: Open) -> None:
    page, reached = open_page(TIMELINE), []

    for _ in range(70):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.name || e.textContent.trim().slice(0, 20), s.outlineStyle] }"
        )
        reached.append(focused[0])
        assert focused[1] != "none", focused

    assert reached[0] == "Skip to content"
    for name in ("q", "search", "type", "contact", "from", "to", "More", "order", "Show"):
        assert name in reached, reached
    assert any(name.startswith("Jan Peeters wrote") for name in reached)


def test_an_entry_opens_by_keyboard(open_page: Open) -> None:
    page = open_page(TIMELINE)
    entry = page.locator(".entry").first

    entry.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(entry.locator("dl")).to_be_visible()
    expect(entry.get_by_text("Replay the ticket as it was then")).to_be_visible()


def test_the_back_button_brings_the_filters_back(open_page: Open) -> None:
    page = open_page(TIMELINE)

    page.get_by_label("What").select_option("messages")
    page.get_by_label("Words").fill("frames")
    page.get_by_role("button", name="Show").click()
    filtered, entries = page.url, page.locator(".entry").count()
    page.locator(".entry .end a").first.click()
    expect(page.locator("h1")).to_contain_text("TCK-")
    page.go_back()

    assert page.url == filtered
    assert filtered.endswith("?search=frames&type=messages")
    assert page.locator(".entry").count() == entries > 0
    expect(page.get_by_label("What")).to_have_value("messages")
    expect(page.get_by_label("Words")).to_have_value("frames")


def test_on_a_phone_what_is_filtered_comes_first_and_the_filters_fold(open_page: Open) -> None:
    page = open_page(f"{TIMELINE}?type=messages", PHONE)
    first = page.locator(".entry").first.bounding_box()

    assert first is not None
    assert first["y"] < 300
    expect(page.get_by_label("Ticket", exact=True)).to_be_hidden()
    page.get_by_text("Filters").click()
    expect(page.get_by_label("Ticket", exact=True)).to_be_visible()


def test_at_a_desk_the_filters_are_open(open_page: Open) -> None:
    expect(open_page(TIMELINE).get_by_label("Ticket", exact=True)).to_be_visible()


def test_a_replay_is_walked_by_its_links(open_page: Open) -> None:
    page = open_page(REPLAY)

    for step in (41, 42, 43):
        page.get_by_role("link", name="Next →").click()
        expect(page.locator(".step b").first).to_have_text(f"Step {step}")
    page.get_by_label("Step", exact=True).fill("12")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".changed").first).to_be_visible()
    page.get_by_role("link", name="Return to now").click()
    expect(page.locator(".step b").first).to_have_text("Step 106")


def test_the_pages_need_no_script(open_page: Open) -> None:
    page = open_page(TIMELINE, java_script_enabled=False)

    page.locator(".entry summary").first.click()

    expect(page.locator(".entry dl").first).to_be_visible()


def test_signing_in_by_hand_and_out_again(browser: Browser, address: str, story: Served) -> None:
    with watched(browser, address, story) as (opened, _):
        page = opened("/")
        page.get_by_role("button", name="Sign out").click()
        page.goto(TIMELINE)
        expect(page.locator("h1")).to_have_text("Please sign in")
        page.get_by_label("API key").fill(story.keys["agent"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("link", name="Acme Broadcast")).to_be_visible()
