"""The page about the checks names each of them, with what to do; `make docs` writes it."""

from __future__ import annotations

from docs.build import PAGES

from riskstrat.evaluation import CHECKS as EVALUATION_CHECKS
from riskstrat.records.checks import CHECKS
from riskstrat.records.checks.rates import REFERENCES


def test_the_page_has_every_check_in_order_with_its_words() -> None:
    page = PAGES["checks.md"]()
    place = 0
    for check in CHECKS:
        text = (
            f"## {check.code}: {check.name}\n\nLevel: {check.level}.\n\n{check.what}\n\n"
            f"**Why.** {check.why}\n\n**What to do.** {check.do}\n"
        )
        place = page.index(text, place) + 1


def test_the_page_says_what_a_reader_needs() -> None:
    page = PAGES["checks.md"]()
    assert "## R021: gaps" in page
    assert "Ask the supplier for the month and link again" in page
    assert "| emergency admissions | 50 to 200 | per 1,000 registered person-years |" in page
    assert all(reference.source in page for reference in REFERENCES)
    assert "exit status 3" in page


def test_the_page_of_evaluations_has_every_code_with_what_to_do() -> None:
    page = PAGES["evaluation-checks.md"]()
    for check in EVALUATION_CHECKS.values():
        assert f"## {check.code}: {check.name}\n\nLevel: {check.level}." in page
        assert f"**What to do.** {check.do}\n" in page
