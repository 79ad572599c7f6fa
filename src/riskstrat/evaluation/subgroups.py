"""The same figures for each group of people, with small groups withheld.

Observed/expected ratios, slopes and missed shares have intervals adjusted for the number of groups
(Bonferroni): with twenty groups one 95 % interval in twenty misses by chance. A difference in the
missed share between groups mostly reflects their base rates, so each stands beside the one that the
group's own risks imply.

Long-term conditions divide into groups that overlap: somebody with two is in both. Such a group is
withheld when it, or everybody else, is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import age_band
from riskstrat.errors import StudyError
from riskstrat.evaluation.blocks import WITHHELD, Resampling
from riskstrat.evaluation.bootstrap import bootstrap_discrimination
from riskstrat.evaluation.calibration import calibration_slope, observed_expected_ratio
from riskstrat.evaluation.disclosure import FEWEST_PEOPLE, is_small, rounded, withheld
from riskstrat.evaluation.intervals import Estimate, adjusted_level
from riskstrat.evaluation.judged import MODEL, Judged
from riskstrat.evaluation.known import ADMISSIONS, CARE_HOME, CONDITION, FRAIL
from riskstrat.evaluation.workload import missed

__all__ = [
    "DIVISIONS",
    "OVERLAPPING",
    "divide",
    "division_rows",
    "group_order",
    "published_groups",
]

NOT_RECORDED = "not recorded"
"""Group of people without a value; always shown as a group of its own."""

SHOWN_DECIMALS = 3
"""Decimals of subgroup figures, so that no count can be computed back from them."""

ETHNIC_CATEGORIES = {
    "A": "White: British",
    "B": "White: Irish",
    "C": "White: any other",
    "D": "Mixed: White and Black Caribbean",
    "E": "Mixed: White and Black African",
    "F": "Mixed: White and Asian",
    "G": "Mixed: any other",
    "H": "Asian: Indian",
    "J": "Asian: Pakistani",
    "K": "Asian: Bangladeshi",
    "L": "Asian: any other",
    "M": "Black: Caribbean",
    "N": "Black: African",
    "P": "Black: any other",
    "R": "Other: Chinese",
    "S": "Other: any other",
    "Z": "Not stated",
}
"""Names of the codes of the NHS Data Dictionary (ETHNIC CATEGORY CODE), shortened; a value that is
none of them stands as it is."""

MOST_CONDITIONS, MOST_ADMISSIONS = 4, 2
"""Counts from which people are one group: four conditions or more, two admissions or more."""

Mask = npt.NDArray[np.bool_]


def _age_band(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(age_band(frame["age"])).astype("str")


def _imd_decile(frame: pd.DataFrame) -> pd.Series:
    return _numbered(frame["imd_decile"], 10)


def _imd_quintile(frame: pd.DataFrame) -> pd.Series:
    return _numbered(np.ceil(frame["imd_decile"] / 2), 5)


def _numbered(values: pd.Series, last: int) -> pd.Series:
    ends = {1: "1 (most deprived)", last: f"{last} (least deprived)"}
    names = {float(number): ends.get(number, str(number)) for number in range(1, last + 1)}
    return values.map(names)


def _care_home(frame: pd.DataFrame) -> pd.Series:
    return frame[CARE_HOME].map({1.0: "in a care home", 0.0: "not in a care home"})


def _conditions_count(frame: pd.DataFrame) -> pd.Series:
    """How many of the conditions are known; missing where one of them is not."""
    columns = frame.filter(regex=f"^{CONDITION}").astype(float)
    counts = columns.sum(axis=1, skipna=False)
    return _counted(counts if len(columns.columns) else counts * np.nan, MOST_CONDITIONS)


def _counted(counts: pd.Series, most: int) -> pd.Series:
    names = {0.0: "none", float(most): f"{most} or more"}
    names |= {float(count): str(count) for count in range(1, most)}
    return counts.clip(upper=most).map(names)


DIVISIONS = {
    "age_band": ("Age", _age_band),
    "sex": ("Sex", lambda frame: frame["sex"]),
    "imd_decile": ("Deprivation (tenths)", _imd_decile),
    "imd_quintile": ("Deprivation (fifths)", _imd_quintile),
    "ethnic_category": (
        "Ethnic category",
        lambda frame: frame["ethnic_category"].replace(ETHNIC_CATEGORIES),
    ),
    "care_home": ("Care home", _care_home),
    "condition_count": ("Number of long-term conditions", _conditions_count),
    "prior_admissions": (
        "Emergency admissions in the year before",
        lambda frame: _counted(frame[ADMISSIONS], MOST_ADMISSIONS),
    ),
    "practice": ("Practice", lambda frame: frame["practice_code"]),
    "index_date": ("Index date", lambda frame: frame["index_date"].dt.strftime("%Y-%m-%d")),
    "unseen": (
        "Person in development",
        lambda frame: frame["unseen"].map({True: "never", False: "at an earlier date"}),
    ),
}
"""Ways to divide everybody: title, and the group of each row (null is a group of its own)."""


OVERLAPPING = {"long_term_condition": "Long-term condition"}
"""Ways to look at groups that overlap."""

_NO_CONDITION = "none of these"


def divide(frame: pd.DataFrame, name: str) -> dict[str, Mask]:
    """Rows of each group of a division, in the order they are shown.

    Parameters
    ----------
    frame : DataFrame
        Of :class:`Judged`.
    name : str
        A key of :data:`DIVISIONS` or :data:`OVERLAPPING`.

    Raises
    ------
    StudyError
        When the division is not known.
    """
    if name in OVERLAPPING:
        return _conditions(frame)
    if name not in DIVISIONS:
        known = ", ".join([*DIVISIONS, *OVERLAPPING])
        raise StudyError(f"expected subgroups among {known}, but 'report.subgroups' has '{name}'.")
    labels = DIVISIONS[name][1](frame).astype("object")
    labels = labels.where(labels.notna(), NOT_RECORDED).to_numpy()
    return {label: labels == label for label in sorted(set(labels), key=group_order)}


def _conditions(frame: pd.DataFrame) -> dict[str, Mask]:
    """People with each condition, with none, and not known; groups of nobody are left out."""
    columns = frame.filter(regex=f"^{CONDITION}").astype(float)
    values = columns.to_numpy()
    masks = {
        str(column).removeprefix(CONDITION): values[:, place] == 1
        for place, column in enumerate(columns)
    }
    masks[_NO_CONDITION] = (values == 0).all(axis=1)
    masks[NOT_RECORDED] = np.isnan(values).any(axis=1) & ~(values == 1).any(axis=1)
    return {label: mask for label, mask in masks.items() if len(columns.columns) and mask.any()}


def group_order(label: str) -> tuple[bool, int, str]:
    """Numbers in their order, words alphabetically, 'not recorded' last."""
    digits = label.split("-")[0].split("+")[0].split(" ")[0]
    return label == NOT_RECORDED, int(digits) if digits.isdigit() else 0, label


def published_groups(judged: Judged, name: str, masks: Mapping[str, Mask]) -> list[bool]:
    """Which groups of the division `name` may be shown, in the order of `masks`."""
    if name in OVERLAPPING:
        return [_shown(judged, [mask, ~mask])[0] for mask in masks.values()]
    return _shown(judged, list(masks.values()))


def _shown(judged: Judged, masks: Sequence[Mask]) -> list[bool]:
    """Which of the groups that are together everybody may be shown."""
    taken = [judged.observed.take(mask) for mask in masks]
    hidden = withheld([group.followed for group in taken], [group.events for group in taken])
    return [not is_hidden for is_hidden in hidden]


def division_rows(
    judged: Judged, name: str, chosen: Mask, *, comparisons: int, resampling: Resampling
) -> list[dict[str, Any]]:
    """One row of figures per group.

    Parameters
    ----------
    judged : Judged
    name : str
        A key of :data:`DIVISIONS`.
    chosen : ndarray of bool, shape (n,)
        Who is on the lists of everybody.
    comparisons : int
        Number of groups the intervals are adjusted for.
    resampling : Resampling
    """
    masks = divide(judged.frame, name)
    shown = published_groups(judged, name, masks)
    shares = _shares(judged, name, masks, shown, chosen)
    rows = []
    for (label, mask), is_shown, share in zip(masks.items(), shown, shares, strict=True):
        figures: dict[str, Any] = dict(WITHHELD)
        if is_shown:
            figures = {
                "withheld": False,
                **_figures(judged.take(mask), chosen[mask], adjusted_level(comparisons)),
                "auroc": _auroc(judged.take(mask), resampling),
                **share,
            }
        rows.append({"group": label, **figures})
    return rows


def _figures(group: Judged, chosen: Mask, level: float) -> dict[str, Any]:
    observed, risk = group.observed, group.model.values
    rows = rounded(len(observed))
    return {
        "people": rounded(observed.people),
        "rows": rows,
        "events": rounded(observed.events),
        "observed_rate": _short(rounded(observed.rate * len(observed)) / rows),
        "mean_risk": _short(float(np.average(risk, weights=observed.weight))),
        "observed_expected": _shortened(observed_expected_ratio(observed, risk, level)),
        "slope": _shortened(calibration_slope(observed, risk, level)),
        "missed": _missed(group, chosen, level),
    }


def _missed(group: Judged, chosen: Mask, level: float) -> dict[str, Any] | None:
    """Missed share, withheld when 1 to 7 people were found or missed."""
    observed = group.observed
    found, lost = observed.take(chosen).events, observed.take(~chosen).events
    if is_small(observed.people, found) or is_small(observed.people, lost):
        return None
    share = missed(observed, group.model.values, chosen, level)
    return {
        "observed": _shortened(share.observed),
        "expected": _short(share.expected),
        "difference": _shortened(share.difference),
    }


def _auroc(group: Judged, resampling: Resampling) -> Estimate:
    discrimination = bootstrap_discrimination(
        group.observed,
        {MODEL: group.model.values},
        resamples=resampling.resamples,
        seed=resampling.seed,
    )
    return _shortened(discrimination.estimate(MODEL, 0))


def _shares(
    judged: Judged, name: str, masks: Mapping[str, Mask], shown: list[bool], chosen: Mask
) -> list[dict[str, float | None]]:
    """Each group's share of the list, of the events and of the people known to be frail.

    Small shares are withheld, and with them whatever would give them, or those of the groups that
    are withheld altogether, away.
    """
    followed = judged.observed.weight > 0
    kinds = {
        "list_share": chosen,
        "event_share": (judged.observed.event > 0) & followed,
        "frail_share": (judged.frame[FRAIL] == 1).to_numpy(),
    }
    people = [judged.observed.take(mask).people for mask in masks.values()]
    columns = {}
    for kind, whole in kinds.items():
        counts = [int((mask & whole).sum()) for mask in masks.values()]
        total = int(whole.sum())
        if name in OVERLAPPING:
            hidden = [any(withheld([FEWEST_PEOPLE] * 2, [n, total - n])) for n in counts]
        else:
            hidden = withheld(people, counts, [not is_shown for is_shown in shown])
        columns[kind] = _rounded_shares(counts, total, hidden)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _rounded_shares(counts: list[int], total: int, hidden: list[bool]) -> list[float | None]:
    return [
        None if is_hidden or total == 0 else _short(min(rounded(n) / max(rounded(total), 1), 1.0))
        for n, is_hidden in zip(counts, hidden, strict=True)
    ]


def _short(value: float) -> float:
    return round(value, SHOWN_DECIMALS)


def _shortened(estimate: Estimate) -> Estimate:
    return Estimate(_short(estimate.value), _short(estimate.low), _short(estimate.high))
