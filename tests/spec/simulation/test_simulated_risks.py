"""The true risks of a simulated district: they hold, and no model of the records betters them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import district_risks as risks
from benchmarks.district_figure import misses
from benchmarks.district_programme import of_the_programme, without_effect

ERRORS = 3.0


def test_the_best_achievable_risk_is_calibrated(rows) -> None:
    """By age and by admissions told within three standard errors of 1; overall within 0.02."""
    found = risks.calibration(rows)
    wide = [one for one in found if "within" in one.name]
    assert misses([one for one in found if one not in wide]) == []
    assert misses(wide, ERRORS) == []
    assert len(found) >= 2 * 10


def test_a_model_like_sparra_v3_tells_people_apart_as_published(scores) -> None:
    """AUROC 0.76 to 0.80, over 80 0.69 to 0.74; the best achievable is better, the oracle best."""
    assert misses(risks.discrimination(scores), ERRORS) == []


def test_the_top_of_the_list_holds_mostly_events(scores) -> None:
    """Of the top 0.4 % 70 to 85 % by the model, 75 to 92 % by the best achievable risk."""
    assert misses(risks.top_of_the_list(scores), ERRORS) == []


def test_true_risks_are_probabilities_of_exclusive_events(rows) -> None:
    kept = rows[rows["best_risk"].notna()]
    for who in ("best", "oracle"):
        both = kept[f"{who}_risk"] + kept[f"{who}_death_risk"]
        assert kept[f"{who}_risk"].between(0, 1).all()
        assert both.between(0, 1 + 1e-9).all()


def test_a_sample_of_people_has_true_risks_and_is_like_everybody(rows) -> None:
    sampled = rows["best_risk"].notna()
    people = rows.assign(sampled=sampled).groupby("person")["sampled"].max().mean()
    assert people == pytest.approx(0.4, abs=0.02)
    error = rows["age"].std() * np.sqrt(1 / sampled.sum() + 1 / (~sampled).sum()) * np.sqrt(3)
    assert abs(rows.loc[sampled, "age"].mean() - rows.loc[~sampled, "age"].mean()) < 3 * error


def test_a_programme_of_no_effect_seems_to_reduce_admissions(district) -> None:
    """People are taken at their worst: fewer admissions after than before, and the truth says 0."""
    assert misses(without_effect(district), ERRORS) == []


def test_the_year_before_is_counted_up_to_the_day_of_being_taken(district) -> None:
    """Months add up to the years of the truth, less those who object and those who moved away."""
    months = of_the_programme(district)
    (told,) = district.programmes
    arm = told["arms"]["enrolled"]
    assert 0.97 * arm["people"] < months["person"].nunique() <= arm["people"]
    for is_after, year in ((False, "year_before"), (True, "with")):
        counted = months.loc[(months["month"] >= 0) == is_after, "admissions"].sum()
        assert 0.95 * arm[year]["admissions"] < counted <= arm[year]["admissions"]
