"""The pages in Chromium: accessible (WCAG 2.2 AA), without a script, narrow, and on paper."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from tests.unit.serving.small_run import PEOPLE, make_model, make_scores, make_site

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE = Path(__file__).parents[2] / "serving" / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

LIST = "/review/practices/D82001"
ADA = f"{LIST}/patients/ada00000aaaa"
PAGES = {
    "practices": "/review/",
    "list": LIST,
    "second page": f"{LIST}?page=2",
    "mistake": f"{LIST}?top=x",
    "nobody": f"{LIST}?min_age=120",
    "patient": ADA,
    "patient without reasons": f"{LIST}/patients/bob00000bbbb",
    "not found": "/review/nothing",
}
MANY = [(f"p{n:04}", "D82001", n, 1 / (n + 1), 70, "male", False) for n in range(4, 160)]

WIDTHS = (1280, 390, 320)
"""A desk, a phone, and 1280 pixels at 400 % zoom (WCAG 1.4.10)."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    site = make_site(make_scores(make_model(), [*PEOPLE, *MANY]))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site.app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_at_any_width(page, address, path):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("tags => axe.run({runOnly: tags})", STANDARD)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
        assert len(found["passes"]) > 10
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", [PAGES["practices"], LIST, ADA])
def test_no_page_asks_elsewhere_or_breaks_its_own_rules(page, address, path):
    messages, asked = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + path)
    assert messages == []
    assert len(asked) >= 5
    assert all(url.startswith(address) for url in asked)


def test_titles_tell_pages_apart(page, address):
    titles = []
    for path in PAGES.values():
        page.goto(address + path)
        titles.append(page.title())
        assert page.locator("h1").count() == 1
    assert len(set(titles)) == len(titles) - 1  # 'nobody' is the list, filtered


def test_the_first_key_leads_past_the_header(page, address):
    page.goto(address + ADA)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text().strip() == "Skip to main content"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "maincontent"


def test_every_stop_of_the_keyboard_shows_its_focus(page, address):
    page.goto(address + LIST)
    for _ in range(8):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return [s.outlineStyle, s.boxShadow, s.backgroundColor]; })()"
        )
        assert seen[0] not in {"none"} or seen[1] != "none"


def test_everything_works_without_a_script(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/review/")
    page.get_by_role("link", name="Practice D82001").click()
    page.get_by_label("List length").fill("2")
    page.get_by_label("Order").select_option("youngest")
    page.get_by_role("button", name="Show list").click()
    assert page.locator(".riskstrat-id").all_inner_texts() == ["bob00000", "ada00000"]
    page.get_by_role("link", name="ada00000").click()
    assert page.locator("h1").inner_text() == "Patient ada00000"
    page.get_by_text("Expert view: contributions by clinical group").click()
    assert page.get_by_text("Baseline", exact=False).first.is_visible()
    assert not page.get_by_role("button", name="Print this page").is_visible()
    context.close()


def test_a_print_leaves_out_what_others_at_home_should_not_read(page, address):
    page.goto(address + ADA)
    assert page.get_by_role("button", name="Print this page").is_visible()
    assert page.get_by_text("Alcohol problems recorded").is_visible()
    page.emulate_media(media="print")
    for hidden in ("Alcohol problems recorded", "Expert view", "Print this page"):
        assert not page.get_by_text(hidden).first.is_visible()
    for shown in (
        "Sensitive reasons are left out of print.",
        "Risk: 32 in 100",
        "A fall recorded",
        "nobody here is real",
        "Not a medical device",
    ):
        assert page.get_by_text(shown).first.is_visible()
    assert page.pdf().startswith(b"%PDF")
