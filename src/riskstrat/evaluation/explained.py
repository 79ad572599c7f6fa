"""Can the explanations of a model be trusted: what they say over many people, for a page and JSON.

Everything is measured on the evaluation rows of a study, with contributions and reasons as a list
would show them. Counts and shares only: groups of few people are withheld, with what would give
them away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from riskstrat.evaluation import about
from riskstrat.evaluation.disclosure import FEWEST_PEOPLE, is_small, merge_small, rounded, withheld
from riskstrat.evaluation.explained_page import render_explanations
from riskstrat.evaluation.intervals import cluster_variance, normal_interval
from riskstrat.evaluation.plain import plain
from riskstrat.evaluation.subgroups import DIVISIONS, divide
from riskstrat.explanation import LOWERING, RAISING, build_reasons, explain
from riskstrat.explanation.dependence import FEWEST_IN_BIN, ValueGroup, dependence
from riskstrat.explanation.shapley import Explanations
from riskstrat.explanation.trust import (
    covered_share,
    interactions,
    peer_group_contributions,
    strongest,
    told_groups,
)
from riskstrat.features import GROUPS, Feature

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.features import FeatureMatrix
    from riskstrat.training import RiskModel

__all__ = [
    "EXPLANATIONS",
    "SCHEMA_VERSION",
    "ExplanationReport",
    "explain_evaluation",
    "told_shares",
]

EXPLANATIONS = "explanations.json"

SCHEMA_VERSION = 1
"""Version of the layout of ``explanations.json``."""

MOST_ROWS = 20_000
"""Rows that are explained for the page; of more, every k-th [judgement]: a share of one half is
then known to 0.7 percentage points (95 %)."""

LISTED_FEATURES, DRAWN_FEATURES = 15, 6
"""Features in the table and those drawn [judgement]: what fits on a page of its own."""

SHOWN_INTERACTIONS = 8

SHOWN_DIVISIONS = ("age_band", "sex", "imd_quintile", "ethnic_category")
"""By whom reasons are counted; people whose group is not recorded are a group of their own."""

RISK_EDGES = (0.05, 0.1, 0.2, 0.4)
"""Where bands of risk begin above the lowest [judgement]."""

SHARE_DECIMALS = 2
"""Shares of people in whole percent, so that no count can be computed back from them."""

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExplanationReport:
    """What was found about the explanations of a model, as plain values that JSON can hold.

    Parameters
    ----------
    found : dict
        Everything the page shows.
    """

    found: dict[str, Any] = field(repr=False)

    def write(self, directory: str | Path) -> None:
        """Write ``explanations.json`` and ``explanations.html`` into a folder that is there.

        The same values give the same bytes.
        """
        out = Path(directory)
        text = json.dumps(self.found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (out / EXPLANATIONS).write_text(text, encoding="utf-8", newline="\n")
        page = render_explanations(self.found)
        (out / "explanations.html").write_text(page, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class _Rows:
    """The explained rows: who they are, what contributes, what they were told."""

    frame: pd.DataFrame
    patient: Ints
    explanations: Explanations
    groups: list[str]
    group_sums: Floats
    told: Mapping[str, Bools]
    covered: Floats


def explain_evaluation(
    model: RiskModel, matrix: FeatureMatrix, cohort: Cohort
) -> ExplanationReport:
    """Explain the evaluation rows of a cohort and sum up what the explanations say.

    Parameters
    ----------
    model : RiskModel
        With the reference values of peers.
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        Rows of its development part are left out.

    Returns
    -------
    ExplanationReport
    """
    chosen, step = _sampled(cohort.frame)
    head = {
        "schema_version": SCHEMA_VERSION,
        "label": about.data_label(model.provenance),
        "study": about.study_facts(cohort.study),
        "model_version": model.version,
        "every": step,
    }
    people = cohort.frame["patient_id"].iloc[chosen]
    if people.nunique() < FEWEST_PEOPLE:
        return ExplanationReport(plain({**head, "withheld": True}))
    rows = _explained(model, matrix.take(chosen), cohort.frame.iloc[chosen])
    found = {
        **head,
        "withheld": False,
        "rows": rounded(len(chosen)),
        "people": rounded(people.nunique()),
        "baseline_risk": float(expit(rows.explanations.baseline)),
        "fewest_in_bin": FEWEST_IN_BIN,
        "groups": _group_sizes(rows),
        **_feature_parts(rows),
        "reasons": _reasons_part(rows),
        "coverage": _coverage(rows),
    }
    return ExplanationReport(plain(found))


def _sampled(frame: pd.DataFrame) -> tuple[Ints, int]:
    """Positions of the rows explained: all, or every k-th of each index date in turn."""
    rows = np.flatnonzero((frame["part"] == "evaluation").to_numpy())
    step = max(-(-len(rows) // MOST_ROWS), 1)
    by_date = np.argsort(frame["index_date"].to_numpy()[rows], kind="stable")
    return np.sort(rows[by_date][::step]), step


def _explained(model: RiskModel, matrix: FeatureMatrix, frame: pd.DataFrame) -> _Rows:
    people = frame.reset_index(drop=True)
    explanations = explain(model, matrix)
    sums = explanations.by_group()
    groups = list(sums.columns)
    told = told_groups(build_reasons(model, matrix, explanations, people), people, groups)
    against_peers = peer_group_contributions(model, explanations, people)
    return _Rows(
        frame=people,
        patient=pd.factorize(people["patient_id"], sort=True)[0].astype(np.intp),
        explanations=explanations,
        groups=groups,
        group_sums=sums.to_numpy(),
        told=told,
        covered=covered_share(against_peers, told[RAISING]),
    )


def _mean_size(amounts: Floats, patient: Ints) -> Any:
    """Mean size with its 95 % interval, which allows for several rows per person."""
    sizes = np.abs(amounts)
    mean = float(sizes.mean())
    return normal_interval(mean, cluster_variance((sizes - mean) / len(sizes), patient))


def _group_sizes(rows: _Rows) -> list[dict[str, Any]]:
    """Clinical groups by the mean size of their contribution, largest first."""
    names = [feature.group for feature in rows.explanations.features]
    sizes = [
        {
            "group": group,
            "label": GROUPS.get(group, group),
            "features": names.count(group),
            "size": _mean_size(rows.group_sums[:, place], rows.patient),
        }
        for place, group in enumerate(rows.groups)
    ]
    return sorted(sizes, key=lambda one: -one["size"].value)


def _feature_parts(rows: _Rows) -> dict[str, Any]:
    """The strongest features: sizes, dependence on their own value, and on others."""
    found, features = rows.explanations, rows.explanations.features
    top = strongest(found.contributions, LISTED_FEATURES)
    values = found.values if found.values is not None else np.empty((0, 0), dtype=np.float32)
    return {
        "features": [
            {**_named(features[k]), "size": _mean_size(found.contributions[:, k], rows.patient)}
            for k in top
        ],
        "dependence": [
            {
                **_named(features[k]),
                "unit": features[k].unit,
                "values": [
                    _value_group(group)
                    for group in dependence(values[:, k], found.contributions[:, k], rows.patient)
                ],
            }
            for k in top[:DRAWN_FEATURES]
        ],
        "interactions": [
            {
                **_named(features[one.column]),
                "own_share": one.own_share,
                "rest": one.rest,
                "partner": one.partner
                and {**_named(features[one.partner.column]), "share": one.partner.share},
            }
            for one in interactions(found, top)[:SHOWN_INTERACTIONS]
        ],
    }


def _named(feature: Feature) -> dict[str, str]:
    return {"feature": feature.name, "label": feature.label, "group": feature.group}


def _value_group(group: ValueGroup) -> dict[str, Any]:
    return {
        "lower": group.lower,
        "upper": group.upper,
        "is_missing": group.is_missing,
        "rows": rounded(group.rows),
        "mean": group.mean,
        "low": group.low,
        "high": group.high,
    }


def _reasons_part(rows: _Rows) -> dict[str, Any]:
    """How often each group is told as a reason, by direction, for everybody and by division."""
    columns = [
        {"direction": direction, "group": group, "label": GROUPS.get(group, group)}
        for direction in (RAISING, LOWERING)
        for group in rows.groups
    ]
    told = np.concatenate([rows.told[RAISING], rows.told[LOWERING]], axis=1)
    everyone = np.ones(len(rows.frame), dtype=bool)
    kept = np.flatnonzero(told.any(axis=0))
    told = told[:, kept]
    return {
        "columns": [columns[k] for k in kept],
        "everyone": [
            told_shares([everyone], told[:, k], rows.patient)[0] for k in range(len(kept))
        ],
        "divisions": {name: _division(rows, name, told) for name in SHOWN_DIVISIONS},
    }


def _division(rows: _Rows, name: str, told: Bools) -> dict[str, Any]:
    masks = divide(rows.frame, name)
    columns = [
        told_shares(list(masks.values()), told[:, k], rows.patient) for k in range(told.shape[1])
    ]
    people = [_people(rows.patient, mask) for mask in masks.values()]
    hidden = withheld(people, people)
    groups = [
        {
            "group": label,
            "withheld": gone,
            "rows": None if gone else rounded(int(mask.sum())),
            "shares": None if gone else [shares[place] for shares in columns],
        }
        for place, (label, mask, gone) in enumerate(zip(masks, masks.values(), hidden, strict=True))
    ]
    return {"title": DIVISIONS[name][0], "groups": groups}


def told_shares(masks: Sequence[Bools], told: Bools, patient: Ints) -> list[float | None]:
    """Share of the rows of each group that were told; None where people could be counted back.

    Few people told, or few not told, are withheld, with the smallest others until they cannot be
    worked out from the whole.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (n,)
        The groups; together they are everybody.
    told : ndarray of bool, shape (n,)
    patient : ndarray of intp, shape (n,)
        Number of the person of each row.

    Returns
    -------
    list of float or None
        In whole percent, as a share of 1.
    """
    people = [_people(patient, mask) for mask in masks]
    hidden = withheld(people, people)
    for side in (told, ~told):
        hidden = withheld(people, [_people(patient, mask & side) for mask in masks], hidden)
    return [
        None if gone else round(float(told[mask].mean()), SHARE_DECIMALS)
        for mask, gone in zip(masks, hidden, strict=True)
    ]


def _people(patient: Ints, mask: Bools) -> int:
    return int(np.count_nonzero(np.bincount(patient[mask])))


def _coverage(rows: _Rows) -> list[dict[str, Any]]:
    """How much of what raises a risk above the peers' the told reasons stand for, by band of risk.

    Bands of few people are joined with the next.
    """
    risk = expit(rows.explanations.baseline + rows.group_sums.sum(axis=1))
    band = np.searchsorted(RISK_EDGES, risk, side="right")
    people = np.array([_people(rows.patient, band == k) for k in range(len(RISK_EDGES) + 1)])
    joined = merge_small(people, people)
    edges = (0.0, *RISK_EDGES, 1.0)
    found = []
    for number in range(joined.max() + 1):
        bands = np.flatnonzero(joined == number)
        mask = np.isin(band, bands)
        if mask.any():
            limits = {"lower": edges[bands[0]], "upper": edges[bands[-1] + 1]}
            found.append({**limits, **_covered(rows, mask)})
    return found


def _covered(rows: _Rows, mask: Bools) -> dict[str, Any]:
    silent = mask & ~rows.told[RAISING].any(axis=1)
    counts = [_people(rows.patient, silent), _people(rows.patient, mask & ~silent)]
    is_hidden = any(is_small(count, count) for count in counts if count)
    known = mask & ~np.isnan(rows.covered)
    is_shown = _people(rows.patient, known) >= FEWEST_PEOPLE
    quartiles = np.percentile(rows.covered[known], [25, 50, 75]) if is_shown else np.full(3, np.nan)
    return {
        "rows": rounded(int(mask.sum())),
        "silent": None if is_hidden else round(float(silent.sum() / mask.sum()), SHARE_DECIMALS),
        "low": quartiles[0],
        "median": quartiles[1],
        "high": quartiles[2],
    }
