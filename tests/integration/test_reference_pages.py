"""The committed reference pages are what the code says, and say what a reader needs."""

from __future__ import annotations

import pytest
from docs.build import PAGES, REFERENCE


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_current(name: str) -> None:
    committed = (REFERENCE / name).read_text("utf-8")
    assert committed == PAGES[name]().rstrip() + "\n", "run 'make docs'"


def test_pages_say_what_they_must() -> None:
    assert "| `recorded_date` | DATE | yes |" in PAGES["tables.md"]()
    assert "`riskstrat train`" in PAGES["commands.md"]()
    features = PAGES["features.md"]()
    assert (
        "| `emergency_admissions_365` | Emergency admissions in the last 12 months | admissions "
        "| 365 days | `count emergency_admission` | hospital |  |  |" in features
    )
    assert "| `points hfrs` | hospital | Gilbert 2018 |" in features
    assert features.count("\n| `") >= 300
    assert "Raises" in PAGES["python.md"]()
