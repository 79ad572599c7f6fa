"""Two models on the same rows: which ranks better, which is better calibrated, whom each lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from riskstrat.errors import DataError, UsageError
from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.bootstrap import Discrimination, bootstrap_discrimination
from riskstrat.evaluation.calibration import calibration_slope, observed_expected_ratio
from riskstrat.evaluation.disclosure import is_small, rounded
from riskstrat.evaluation.intervals import Estimate, cluster_variance, normal_interval
from riskstrat.evaluation.judged import Judged
from riskstrat.evaluation.plain import plain
from riskstrat.evaluation.workload import capacity_words, listed

__all__ = ["common_rows", "compare"]

KEYS = ["patient_id", "index_date"]
FIRST, SECOND = "first", "second"


def common_rows(first: Judged, second: Judged) -> tuple[Judged, Judged]:
    """The rows that both judge, in one order.

    Raises
    ------
    DataError
        When there are none.
    UsageError
        When the same person and date has another outcome, so that the models predict other things.
    """
    keys = first.frame[KEYS].merge(second.frame[KEYS], on=KEYS)
    if keys.empty:
        raise DataError(
            "expected people and dates that both models may be judged on, but there are none.",
            do="Both studies need an index date from both their 'split.evaluate_from'.",
        )
    one, other = (
        judged.take(judged.frame[KEYS].merge(keys, on=KEYS, how="left", indicator=True)["_merge"]
        .eq("both").to_numpy())
        for judged in (first, second)
    )  # fmt: skip
    if not np.array_equal(one.outcome, other.outcome):
        raise UsageError(
            "expected models of one outcome, but it differs for the same people and dates.",
            do="Compare models whose [outcome] is the same.",
        )
    return one, other


def compare(
    first: Judged, second: Judged, *, capacities: Sequence[float], resampling: Resampling
) -> dict[str, Any]:
    """Figures of two models on the same rows, and their paired differences.

    Parameters
    ----------
    first, second : Judged
        From :func:`common_rows`.
    capacities : sequence of float
        List lengths; see :func:`riskstrat.evaluation.workload.listed`.
    resampling : Resampling

    Returns
    -------
    dict
        ``people``, ``rows``, ``events``; ``auroc`` and ``average_precision``, each with ``first``,
        ``second`` and ``difference`` (second minus first, on the same bootstrap draws of people);
        ``calibration`` of each; ``lists``, a row per capacity. Plain values; counts rounded, small
        ones withheld.

    Raises
    ------
    DataError
        When there are too few people or events to show anything.
    """
    observed = first.observed
    if is_small(observed.followed, observed.events):
        raise DataError("expected more people with the outcome: figures about so few are withheld.")
    risks = {FIRST: first.model.values, SECOND: second.model.values}
    found = bootstrap_discrimination(
        observed, risks, resamples=resampling.resamples, seed=resampling.seed
    )
    return dict(
        plain(
            {
                "people": rounded(observed.people),
                "rows": rounded(len(observed)),
                "events": rounded(observed.events),
                "auroc": _paired(found, 0),
                "average_precision": _paired(found, 1),
                "calibration": {
                    name: {
                        "slope": calibration_slope(observed, risk),
                        "observed_expected": observed_expected_ratio(observed, risk),
                    }
                    for name, risk in risks.items()
                },
                "lists": [_lists(first, second, capacity) for capacity in capacities],
            }
        )
    )


def _paired(found: Discrimination, measure: int) -> dict[str, Estimate]:
    return {
        FIRST: found.estimate(FIRST, measure),
        SECOND: found.estimate(SECOND, measure),
        "difference": found.difference(SECOND, FIRST, measure),
    }


def _lists(first: Judged, second: Judged, capacity: float) -> dict[str, Any]:
    """Share of all people with the outcome that each list holds, and how alike the lists are."""
    observed = first.observed
    on = [
        listed(judged.model.values, judged.frame[KEYS], capacity, pooled=judged.pooled)
        for judged in (first, second)
    ]
    events = observed.weight * observed.event
    held = [float(events[mask].sum() / events.sum()) for mask in on]
    change = on[1].astype(np.float64) - on[0]
    influence = events * (change - (held[1] - held[0])) / events.sum()
    variance = cluster_variance(influence, observed.patient)
    return {
        "capacity": capacity,
        "label": capacity_words(capacity),
        "sensitivity": {
            FIRST: held[0],
            SECOND: held[1],
            "difference": normal_interval(held[1] - held[0], variance),
        },
        "shared": float((on[0] & on[1]).sum() / on[0].sum()),
    }
