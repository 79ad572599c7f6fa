"""Net benefit against the formula of Vickers and Elkin, counted by hand."""

import numpy as np
import pytest

from riskstrat.errors import UsageError
from riskstrat.evaluation import Observed, net_benefit, net_benefit_of_all

EVENT = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
RISK = [0.80, 0.40, 0.10, 0.50, 0.20, 0.20, 0.10, 0.05, 0.05, 0.01]


@pytest.mark.parametrize(
    ("threshold", "true_positive", "false_positive"),
    # A risk equal to the threshold is acted on, as in the dcurves package.
    [(0.05, 3, 6), (0.10, 3, 4), (0.20, 2, 3), (0.45, 1, 1), (0.60, 1, 0), (0.90, 0, 0)],
)
def test_net_benefit_counted_by_hand(threshold, true_positive, false_positive):
    by_hand = true_positive / 10 - false_positive / 10 * threshold / (1 - threshold)

    assert net_benefit(Observed.of(EVENT), RISK, [threshold])[0] == pytest.approx(by_hand)


def test_weights_are_counts():
    weight = [1, 2, 1, 3, 1, 1, 1, 1, 2, 1]
    repeated = [np.repeat(values, weight) for values in (EVENT, RISK)]
    thresholds = [0.05, 0.1, 0.3, 0.5]

    weighted = net_benefit(Observed.of(EVENT, weight), RISK, thresholds)

    assert weighted == pytest.approx(net_benefit(Observed.of(repeated[0]), repeated[1], thresholds))


def test_acting_for_all_is_worth_nothing_at_the_rate_itself():
    observed = Observed.of(EVENT)

    assert net_benefit_of_all(observed, [0.3, 0.1]) == pytest.approx([0.0, 0.3 - 0.7 / 9])
    assert net_benefit(observed, np.ones(10), [0.3]) == pytest.approx([0.0])


def test_thresholds_outside_zero_and_one_are_refused():
    with pytest.raises(UsageError, match="between 0 and 1"):
        net_benefit(Observed.of(EVENT), RISK, [1.0])


@pytest.mark.parametrize(
    ("threshold", "model", "everybody"),
    # dcurves 1.1.7 (Sjoberg and Vickers; the package of the method's authors) on the same 400
    # people. It needs lifelines, which refuses pandas 3, so its figures stand here.
    [(0.05, 0.402632, 0.400000), (0.10, 0.373333, 0.366667), (0.20, 0.316875, 0.287500),
     (0.30, 0.263214, 0.185714), (0.45, 0.177045, -0.036364), (0.60, 0.085000, -0.425000),
     (0.80, -0.002500, -1.850000)],
)  # fmt: skip
def test_dcurves_gives_the_same(threshold, model, everybody):
    person = np.arange(400)
    risk = (person * 37 % 101 + 1) / 120  # four people stand on each of 0.1, 0.3 and 0.45
    observed = Observed.of((person * 61 + 13) % 103 / 103 < risk)

    assert net_benefit(observed, risk, [threshold])[0] == pytest.approx(model, abs=1e-6)
    assert net_benefit_of_all(observed, [threshold])[0] == pytest.approx(everybody, abs=1e-6)
