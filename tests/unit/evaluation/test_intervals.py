import numpy as np
import pytest
from scipy.special import expit

from riskstrat.errors import UsageError
from riskstrat.evaluation import Observed, calibration_slope, observed_expected_ratio
from riskstrat.evaluation.calibration import log_odds
from riskstrat.evaluation.intervals import Estimate
from riskstrat.evaluation.plain import plain


@pytest.mark.parametrize("measure", [calibration_slope, observed_expected_ratio])
def test_intervals_have_the_width_of_the_spread_over_repeated_studies(measure):
    """Two rows per person that share their fate: the interval must not take them for two people."""
    rng = np.random.default_rng(12)
    values, widths = [], []
    for _ in range(250):
        risk = expit(rng.normal(-1, 1, 300))
        event = rng.random(300) < risk
        weight = rng.choice([1.0, 2.0], 300)
        twice = [np.tile(a, 2) for a in (event, weight, np.arange(300))]
        estimate = measure(Observed.of(*twice), np.tile(risk, 2))
        values.append(estimate.value)
        widths.append((estimate.high - estimate.low) / 2 / 1.96)

    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.15)
    assert np.mean(values) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    "arguments",
    [([0, 2],), ([0, 1], [1.0]), ([0, 1], [1.0, -1.0]), ([0, 1], [1.0, np.nan])],
)
def test_observed_refuses_what_cannot_be_judged(arguments):
    with pytest.raises(UsageError):
        Observed.of(*arguments)


@pytest.mark.parametrize("risk", [[0.1, 1.2], [0.1, float("nan")], [-0.1, 0.2]])
def test_risks_lie_between_zero_and_one(risk):
    with pytest.raises(UsageError, match="between 0 and 1"):
        log_odds(risk)


def test_no_slope_where_none_exists():
    one_class = calibration_slope(Observed.of([0, 0, 0]), [0.1, 0.2, 0.3])
    constant = calibration_slope(Observed.of([0, 1, 0]), [0.2, 0.2, 0.2])
    separated = calibration_slope(Observed.of([0, 0, 1, 1]), [0.1, 0.2, 0.3, 0.4])

    assert all(np.isnan(e.value) for e in (one_class, constant, separated))


def test_plain_values_have_no_nan_and_six_digits():
    assert plain(Estimate(1 / 3, float("nan"), float("inf"))) == {
        "value": 0.333333,
        "low": None,
        "high": None,
    }
    with pytest.raises(TypeError, match="set"):
        plain({1})
