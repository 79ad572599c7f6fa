"""The pages of a run in Chromium: accessible (WCAG 2.2 AA), no script, narrow, and on paper."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
from tests.unit.evaluation.standin import district

from riskstrat.evaluation import evaluate

pytestmark = pytest.mark.browser

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AXE = Path(__file__).parents[2] / "serving" / "node_modules" / "axe-core" / "axe.min.js"
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390, 320)
"""A desk, a phone, and 1280 pixels at 400 % zoom (WCAG 1.4.10)."""

A4_PIXELS = 695
"""Width between the margins of A4 at 96 pixels to the inch: 184 mm."""

LEGEND = re.compile(r"^\s*\d\s+\w")
"""An entry such as '1 This model'."""

CIRCLE_PIXELS = 16
"""Width of the circle around a number on the widest screen, where a figure is 820 wide."""


@pytest.fixture(scope="module", params=["report", "explanations"])
def address(request, tmp_path_factory):
    if request.param == "explanations":
        return (request.getfixturevalue("district_run") / "explanations.html").as_uri()
    folder = tmp_path_factory.mktemp("report")
    evaluate(*district(2500), capacity=150, resamples=20).write(folder)
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(address)
    opened.asked = asked
    yield opened
    context.close()


def test_there_is_nothing_for_axe_to_find(page):
    page.add_script_tag(path=str(AXE))
    found = page.evaluate(
        "standard => axe.run(document, {runOnly: {type: 'tag', values: standard}})", STANDARD
    )

    told = [
        f"{broken['id']}: {node['html'][:160]}"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]
    assert told == []


def test_it_loads_nothing_but_itself(page):
    assert len(page.asked) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_table_and_figure_fits_on_paper(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PIXELS, "height": 1000})

    wide = page.evaluate(
        "width => [...document.querySelectorAll('table, figure svg, dl')]"
        ".filter(e => e.getBoundingClientRect().right > width + 1)"
        ".map(e => e.outerHTML.slice(0, 120))",
        A4_PIXELS,
    )
    assert wide == []
    assert not page.locator("nav").is_visible()


def test_words_of_figures_are_at_least_seven_points_on_paper(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PIXELS, "height": 1000})

    smallest = page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('figure svg text')].map(text => {"
        "  const svg = text.ownerSVGElement;"
        "  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;"
        "  return parseFloat(getComputedStyle(text).fontSize) * scale * 0.75; }))"
    )
    assert smallest >= 7


@pytest.mark.parametrize("address", ["report"], indirect=True)
def test_the_number_of_a_line_stands_on_it_in_both_panels_and_none_hides_another(page):
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('svg[aria-labelledby^=discrimination] text')]"
        ".filter(text => /^[1-6]$/.test(text.textContent.trim()))"
        ".map(text => [text.textContent.trim(), text.getBoundingClientRect()])"
        ".map(([number, box]) => [number, box.x + box.width / 2, box.y + box.height / 2])"
    )

    names = page.locator("svg[aria-labelledby^=discrimination] text", has_text=LEGEND)
    numbers = [name.split()[0] for name in names.all_text_contents()]
    assert len(numbers) > 1
    assert sorted(number for number, *_ in boxes) == sorted(2 * numbers)
    for (_, x, y), (_, other_x, other_y) in itertools.combinations(boxes, 2):
        assert math.hypot(x - other_x, y - other_y) > CIRCLE_PIXELS
