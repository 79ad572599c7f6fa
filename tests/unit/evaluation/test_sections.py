import numpy as np
import pytest
from scipy.special import expit

from riskstrat.evaluation import CalibrationCurve, Observed, auroc, risk_groups
from riskstrat.evaluation.discrimination import RankedScore, precision_recall_curve, roc_curve
from riskstrat.evaluation.distributions import histogram


def population(rows=5000, seed=4):
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-2, 1, rows))
    return Observed.of(rng.random(rows) < risk), risk


def test_drawn_curves_agree_with_the_areas():
    observed, risk = population()
    ranked = RankedScore.of(observed, risk)

    wrong, found = roc_curve(ranked)
    recall, precision = precision_recall_curve(ranked)

    assert np.trapezoid(found, wrong) == pytest.approx(auroc(observed.event, risk), abs=0.003)
    assert precision.mean() == pytest.approx(ranked.areas()[1], abs=0.01)
    assert precision[-1] >= observed.rate
    assert (wrong[0], wrong[-1], found[-1], recall[-1]) == (0, 1, 1, 1)


def test_groups_are_tenths_and_equal_risks_stay_together():
    observed, risk = population()
    groups = risk_groups(observed, risk)
    halves = risk_groups(observed, np.where(risk > np.median(risk), 0.2, 0.05))

    assert len(groups) == 10
    assert sum(g.rows for g in groups) == 5000
    assert all(g.observed.low <= g.observed.value <= g.observed.high for g in groups)
    assert [g.mean_risk for g in groups] == sorted(g.mean_risk for g in groups)
    assert [g.rows for g in halves] == [2500, 2500]


def test_groups_with_few_events_are_joined():
    observed, risk = population(rows=600)
    groups = risk_groups(observed, risk)

    assert 1 < len(groups) < 10
    assert all(round(g.observed.value * g.rows) >= 8 for g in groups)


def test_the_curve_has_a_band_that_narrows_with_people():
    few, many = (population(rows) for rows in (2000, 32_000))
    widths = []
    for observed, risk in (few, many):
        low, high = CalibrationCurve.of(observed, risk).band([0.1])
        widths.append(high[0] - low[0])

    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.35)


def test_a_constant_risk_has_no_curve():
    observed = Observed.of([0, 1] * 30)

    assert not CalibrationCurve.of(observed, np.full(60, 0.5)).exists


def test_histograms_have_area_one_and_no_bar_of_a_few_people():
    _, risk = population()
    shape = histogram(risk, np.ones(5000), width=0.01)
    counts = shape.density * np.diff(shape.edges) * 5000

    assert counts.sum() == pytest.approx(5000)
    assert counts.round().min() >= 10
    assert not histogram(risk[:9], np.ones(9), width=0.01).exists
