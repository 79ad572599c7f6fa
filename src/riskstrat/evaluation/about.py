"""The study, the model and the cohort in facts and plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from riskstrat.cohort import CENSORED
from riskstrat.evaluation.disclosure import rounded
from riskstrat.evaluation.judged import LAG_MATTERS_DAYS, WITHOUT_LAG, Judged
from riskstrat.features import GROUPS
from riskstrat.study import OUTCOMES

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.study import Study
    from riskstrat.training import RiskModel

__all__ = [
    "SYNTHETIC_LABEL",
    "cohort_facts",
    "data_label",
    "lag_sentence",
    "list_sentence",
    "model_facts",
    "study_facts",
    "summary_text",
]

SYNTHETIC_LABEL = "Synthetic data: says nothing about real accuracy"
"""Stands on every page and in every file made from simulated records."""


def data_label(provenance: Mapping[str, Any]) -> str | None:
    """The label of results from simulated records; None for real ones."""
    return SYNTHETIC_LABEL if provenance.get("synthetic") else None


def study_facts(study: Study) -> dict[str, Any]:
    """What the study declares, as far as a reader of the results needs it."""
    return {
        "name": study.name,
        "contact": study.contact,
        "outcome_kind": study.outcome.kind,
        "window_days": study.outcome.window_days,
        "gap_days": study.outcome.gap_days,
        "lag_days": study.outcome.lag_days,
        "competing": study.outcome.competing if study.outcome.has_competing_death else None,
        "censoring": study.outcome.censoring,
        "min_age": study.eligibility.min_age,
        "max_age": study.eligibility.max_age,
        "min_registered_days": study.eligibility.min_registered_days,
        "exclude": study.eligibility.exclude,
        "event": study.index.event,
        "index_stay": study.index.index_stay,
        "development_dates": study.development_dates(),
        "evaluation_dates": study.evaluation_dates(),
        "hold_out_practices": len(study.split.hold_out_practices),
        "hold_out_share": study.split.hold_out_share,
        "develop_to": study.split.develop_to,
        "evaluate_from": study.split.evaluate_from,
        "history_days": study.features.history_days,
    }


def model_facts(model: RiskModel) -> dict[str, Any]:
    """What the model is made of and where it comes from."""
    groups: dict[str, list[str]] = {}
    for feature in model.features:
        groups.setdefault(GROUPS.get(feature.group, feature.group), []).append(feature.label)
    return {
        "version": model.version,
        "catalogue_hash": model.catalogue_hash,
        "features": len(model.features),
        "feature_groups": groups,
        "sources": sorted({source for feature in model.features for source in feature.sources}),
        "predicts_death": model.death is not None,
        "calibration": {
            "slope": model.admission.slope,
            "intercept": model.admission.intercept,
        },
        "params": model.params,
        "provenance": _published(model.provenance),
    }


_FIT_NOTES = {
    "admission",
    "death",
    "features_constant",
    "features_without_facts",
    "people",
    "reference",
}
"""Notes of the fits stay in the artefact: they hold counts of deaths too small to publish, name
what nobody had, are for the checks only, or stand elsewhere in the metrics."""


def _published(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance without the notes of the fits; row counts rounded to 5."""
    kept = {key: value for key, value in provenance.items() if key not in _FIT_NOTES}
    if "rows" in kept:
        kept["rows"] = {name: rounded(count) for name, count in kept["rows"].items()}
    return kept


def cohort_facts(judged: Judged, cohort: Cohort) -> dict[str, Any]:
    """Who is judged and how the number came about; counts of each step rounded to 5."""
    rows = len(judged.observed)
    left = int((judged.outcome == CENSORED).sum())
    cap = cohort.censoring.cap if cohort.censoring is not None else float("inf")
    capped = int((judged.observed.weight >= cap).sum())
    return {
        "people": judged.observed.people,
        "rows": rows,
        "left_share": rounded(left) / rows,
        "capped_share": rounded(capped) / rows,
        "weight_cap": cap,
        "attrition": [
            {"rule": step.rule, "rows": rounded(step.rows), "people": rounded(step.people)}
            for step in cohort.attrition
        ],
    }


def list_sentence(metrics: Mapping[str, Any], section: Mapping[str, Any]) -> str:
    """One list length in a sentence: people listed, with the outcome, and expected to have it.

    Parameters
    ----------
    metrics : mapping
        The metrics of a report.
    section : mapping
        One entry of its ``workload``.
    """
    row = section["scores"][0]
    if row["withheld"]:
        return "Too few people would be on this list to say what became of them."
    had = OUTCOMES[metrics["study"]["outcome_kind"]].had
    window = f"within {metrics['study']['window_days']} days"
    found, expected = round(row["found"]), round(row["expected"])
    if section["lists"] == 1:
        start = f"Of the {row['rows']:,} people with the highest risk, {found:,} {had} {window}"
    else:
        start = (
            f"Of the {row['rows']:,} places on {section['lists']} lists of the people with the "
            f"highest risk, {found:,} went to people who {had} {window}"
        )
    return f"{start}; the model expected {expected:,}."


def lag_sentence(metrics: Mapping[str, Any]) -> str | None:
    """Why a window of a month or less is not also judged without lag; None where it is, or longer.

    Parameters
    ----------
    metrics : mapping
        The metrics of a report in which figures are shown.
    """
    is_judged = any(score["name"] == WITHOUT_LAG for score in metrics["everyone"]["scores"])
    if is_judged or metrics["study"]["window_days"] > LAG_MATTERS_DAYS:
        return None
    return (
        "What this model would reach if no feed had a lag is not given here: that takes a second "
        "model, which is trained beside it on records in a folder and is not kept. The report of "
        "the training has the result."
    )


def summary_text(metrics: Mapping[str, Any]) -> str:
    """The main figures in a few lines."""
    lines = [metrics["label"]] if metrics["label"] else []
    block = metrics["everyone"]
    if block["withheld"]:
        lines.append("too few people to show any figure")
    else:
        lines.append(
            f"{block['people']:,} people, {block['rows']:,} rows, {block['events']:,} outcomes"
        )
        lines += [_score_line(score) for score in block["scores"]]
        lines += [list_sentence(metrics, section) for section in metrics["workload"]]
    lines += [f"{f['code']} {f['level']}: {f['message']}" for f in metrics["findings"]]
    return "\n".join(lines)


def _score_line(score: Mapping[str, Any]) -> str:
    auroc = score["auroc"]
    line = f"{score['label']}: AUROC {auroc['value']:.3f}"
    if auroc["low"] is not None:
        line += f" ({auroc['low']:.3f} to {auroc['high']:.3f})"
    figures = score["calibration"]
    if figures is not None and figures["slope"]["value"] is not None:
        ratio = figures["observed_expected"]["value"]
        line += f", slope {figures['slope']['value']:.2f}, observed/expected {ratio:.2f}"
    return line
