"""The file and the page of a validation: complete, alone, labelled; what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.validation.districts import prepared

from riskstrat.errors import UsageError
from riskstrat.evaluation.about import SYNTHETIC_LABEL
from riskstrat.evaluation.plain import plain
from riskstrat.validation import ValidationReport, ValidationRules
from riskstrat.validation.feeds import feed_worth
from riskstrat.validation.learning import learning_curve
from riskstrat.validation.optimism import optimism
from riskstrat.validation.practices import leave_practices_out

FIGURES = {
    "withheld": False,
    "people": 1000,
    "events": 100,
    "auroc": {"value": 0.7, "low": 0.65, "high": 0.75},
    "average_precision": {"value": 0.3, "low": 0.25, "high": 0.35},
    "slope": {"value": 1, "low": 0.9, "high": 1.1},
    "observed_expected": {"value": 0.8, "low": 0.7, "high": 0.9},
}
PROGRAMMES = {
    "programmes": ["community matron"],
    "auroc": {"value": 0.012, "low": 0.002, "high": 0.02},
    "average_precision": {"value": 0.01, "low": 0, "high": 0.02},
}
EXTERNAL = {
    "index_date": "2024-01-01",
    "missing_feeds": ["council", "gp"],
    "without_facts": {"features": 3, "of": 40, "share_of_gain": 0.12, "largest": ["<Age> & sex"]},
    "before": FIGURES,
    "after": {**FIGURES, "observed_expected": {"value": 1, "low": 0.9, "high": 1.1}},
    "not_recalibrated": None,
}


def report_of(parts: dict, *, synthetic: bool = True) -> ValidationReport:
    head = {
        "schema_version": 1,
        "synthetic": synthetic,
        "label": SYNTHETIC_LABEL if synthetic else None,
        "study": {
            "name": "sample",
            "outcome": "emergency admission",
            "window_days": 365,
            "development_dates": ["2022-01-01"],
            "evaluation_dates": ["2024-01-01"],
        },
        "model_version": "abc",
        "settings": {"seed": 1, "resamples": 100, "groups": 2, "bootstraps": 2},
    }
    return ValidationReport(plain({**head, "parts": parts}))


@pytest.fixture(scope="module")
def full() -> ValidationReport:
    district = prepared(300, resamples=40)
    return report_of(
        {
            "practices": leave_practices_out(district, groups=2),
            "feeds": {**feed_worth(district), "programmes": PROGRAMMES},
            "learning": learning_curve(district),
            "optimism": optimism(district, bootstraps=2),
            "external": EXTERNAL,
        }
    )


def test_the_folder_holds_the_file_and_the_page(full: ValidationReport, tmp_path: Path) -> None:
    full.write(tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"validation.json", "validation.html"}
    text = (tmp_path / "out" / "validation.json").read_text("utf-8")
    assert json.loads(text) == full.found
    full.write(tmp_path / "out")
    assert (tmp_path / "out" / "validation.json").read_text("utf-8") == text


def test_the_page_shows_every_part_and_loads_nothing(
    full: ValidationReport, tmp_path: Path
) -> None:
    full.write(tmp_path / "out")
    page = (tmp_path / "out" / "validation.html").read_text("utf-8")
    for part in ("practices", "external", "feeds", "learning", "optimism"):
        assert f'<section id="{part}">' in page
        assert f'href="#{part}"' in page
    assert SYNTHETIC_LABEL in page
    assert "&lt;Age&gt; &amp; sex" in page
    assert "council, gp" in page
    assert "Were they known (community matron), the AUROC would change by 0.012" in page
    assert not any(word in page for word in ("http://", "https://", "<script", "src=", "@import"))
    assert page.count("<table") == page.count("<caption") == 5


def test_the_lines_say_what_was_found(full: ValidationReport) -> None:
    lines = full.describe()
    assert lines[0] == SYNTHETIC_LABEL
    assert len(lines) == 6
    assert (
        "The other place: AUROC 0.700, observed/expected 0.80; after recalibration AUROC 0.700, "
        "observed/expected 1.00." in lines
    )


def test_withheld_parts_and_real_data_have_a_page_too(tmp_path: Path) -> None:
    gone = {"withheld": True}
    parts = {
        "practices": {"not_possible": "the records hold one practice only"},
        "feeds": {"everything": gone, "kinds": [], "programmes": {"not_possible": "too few"}},
        "learning": {"fractions": [{"fraction": 0.125, "not_possible": "too few people"}]},
        "optimism": {"trees": gone, "logistic": gone},
        "external": {
            **EXTERNAL, "before": gone, "after": None, "not_recalibrated": "too few people",
        },
    }  # fmt: skip
    report = report_of(parts, synthetic=False)
    report.write(tmp_path / "out")
    page = (tmp_path / "out" / "validation.html").read_text("utf-8")
    assert SYNTHETIC_LABEL not in page
    assert "Not possible: the records hold one practice only." in page
    assert "withheld, too few people" in "\n".join(report.describe())


def test_a_folder_with_other_things_is_left_alone(full: ValidationReport, tmp_path: Path) -> None:
    (tmp_path / "work.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        full.write(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["work.txt"]


def test_a_part_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match=r"practices, feeds, learning, optimism, not 'feed'"):
        ValidationRules(("feed",)).require_known()
