"""How well risks tell people apart in a simulated district, and whether the true ones hold.

``scores`` are people of the last index date with risks: see
:func:`benchmarks.district_model.judged`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.district_figure import Figure, Measured, figure
from benchmarks.district_outcomes import AGE_BANDS, age_band
from riskstrat.evaluation import Observed, auroc, calibration_slope, observed_expected_ratio
from riskstrat.evaluation.intervals import z_value

__all__ = ["area", "calibration", "calibration_groups", "discrimination", "top_of_the_list"]

_OUTCOMES = {"event": "admission or death", "admitted": "emergency admission"}
_RISKS = {"v3": "like SPARRA v3", "best": "best achievable", "oracle": "oracle"}
_OLD_AGE = 80
_WANTED = {"everybody": (0.76, 0.80), "over 80": (0.69, 0.74)}
"""AUROC of the model like SPARRA's version 3 for SPARRA's outcome."""
_PERCENT = 100
_TOP = 0.004
_HELD = {"v3": (70.0, 85.0), "best": (75.0, 92.0)}
"""Percent with an event of the top 0.4 %."""
_NO_TOLERANCE = 0.0
_TOLERATED_ERRORS = 3.0
"""Standard errors by which calibration in a group may miss 1."""
_SLOPE = (0.98, 1.02)
_LEAST_EVENTS = 30
"""Groups with fewer events are passed over."""
_TOLD = ("no admission told", "one admission told", "two or more told")


def area(rows: pd.DataFrame, outcome: str, risk: str) -> Measured:
    """AUROC with the standard error of Hanley and McNeil (1982)."""
    value = auroc(rows[outcome], rows[f"{outcome}_{risk}"])
    cases = int(rows[outcome].sum())
    others = len(rows) - cases
    both, either = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (cases - 1) * (both - value**2)
    variance += (others - 1) * (either - value**2)
    return Measured(value, float(np.sqrt(variance / (cases * others))))


def discrimination(scores: pd.DataFrame) -> list[Figure]:
    """AUROC of each risk, everybody and over 80, and the share of the achievable gain."""
    found = []
    for outcome, said in _OUTCOMES.items():
        for who, some in (
            ("everybody", scores),
            ("over 80", scores[scores["age"] > _OLD_AGE]),
        ):
            areas = {risk: area(some, outcome, risk) for risk in _RISKS}
            group = f"AUROC for {said}, {who}"
            for risk, name in _RISKS.items():
                asked = _WANTED[who] if (outcome, risk) == ("event", "v3") else None
                made = figure((group, name), areas[risk], asked, _NO_TOLERANCE, scale=1)
                found.append(made)
            found += [*_order(group, areas), _share_of_gain(group, areas)]
    return found


def _order(group: str, areas: dict[str, Measured]) -> list[Figure]:
    """How much better the best achievable is than the model, and the oracle than it."""
    pairs = (("best", "v3"), ("oracle", "best"))
    return [
        Figure(
            group,
            f"{_RISKS[better]} less {_RISKS[worse]}",
            areas[better].value - areas[worse].value,
            0.0,
            "above 0",
            0.0,
            1.0,
        )
        for better, worse in pairs
    ]


def _share_of_gain(group: str, areas: dict[str, Measured]) -> Figure:
    """What the model gains over chance, of what could be gained."""
    share = (areas["v3"].value - 0.5) / (areas["best"].value - 0.5)
    return figure((group, "% of the achievable gain, like SPARRA v3"), Measured(share))


def top_of_the_list(scores: pd.DataFrame) -> list[Figure]:
    """Percent of the top 0.4 % of people by each risk who are admitted or die.

    The error is that of a share in the middle of what is asked: a few people on a short list may
    all be admitted.
    """
    listed = max(1, round(_TOP * len(scores)))
    found = []
    for risk, name in _RISKS.items():
        first = np.argsort(-scores[f"event_{risk}"].to_numpy(), kind="stable")[:listed]
        share = float(scores["event"].to_numpy()[first].mean())
        asked = _HELD.get(risk)
        likely = share if asked is None else sum(asked) / 2 / _PERCENT
        error = float(np.sqrt(likely * (1 - likely) / listed))
        what = ("% with an event, of the top 0.4 %", f"by {name}")
        found.append(figure(what, Measured(share, error), asked, _NO_TOLERANCE))
    return found


def calibration_groups(rows: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
    """Everybody, ten-year age bands, and emergency admissions told of the last twelve months."""
    band, told = age_band(rows), rows["emergency_year_count"]
    groups = {"everybody": np.ones(len(rows), bool)}
    groups |= {f"age {name}": (band == n).to_numpy() for n, name in enumerate(AGE_BANDS)}
    counted = told.clip(upper=len(_TOLD) - 1)
    return groups | {name: (counted == n).to_numpy() for n, name in enumerate(_TOLD)}


def calibration(rows: pd.DataFrame) -> list[Figure]:
    """Slope, and observed over expected admissions, of the best achievable risk.

    Within three standard errors of 1 in every group; the overall slope also within its own limits.

    Parameters
    ----------
    rows : DataFrame
        Every index date; rows without true risks are passed over.
    """
    kept = rows[rows["best_risk"].notna()]
    found = []
    for name, group in calibration_groups(kept).items():
        some = kept[group]
        if some["admitted"].sum() < _LEAST_EVENTS:
            continue
        observed = Observed.of(some["admitted"], patient=some["person"])
        slope = calibration_slope(observed, some["best_risk"])
        ratio = observed_expected_ratio(observed, some["best_risk"])
        for what, estimate in (("slope", slope), ("observed over expected", ratio)):
            error = (estimate.high - estimate.low) / (2 * z_value())
            reach = _TOLERATED_ERRORS * error
            measured = Figure(
                f"calibration of the best achievable, {what}", name, estimate.value, error,
                "1, 3 standard errors", 1 - reach, 1 + reach,
            )  # fmt: skip
            found.append(measured)
            if (what, name) == ("slope", "everybody"):
                limits = figure(
                    (measured.group, "everybody, within 0.02"), Measured(estimate.value, error),
                    _SLOPE, _NO_TOLERANCE, scale=1,
                )  # fmt: skip
                found.append(limits)
    return sorted(found, key=lambda made: made.group, reverse=True)
