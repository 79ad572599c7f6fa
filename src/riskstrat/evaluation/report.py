"""Judge a model on the evaluation part of a cohort, and write down what was found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskstrat.errors import DataError, UsageError
from riskstrat.evaluation import about, sections
from riskstrat.evaluation.blocks import Resampling, block, death_figures, is_withheld
from riskstrat.evaluation.bootstrap import RESAMPLES
from riskstrat.evaluation.card import render_card
from riskstrat.evaluation.characteristics import characteristics
from riskstrat.evaluation.checks import find
from riskstrat.evaluation.disclosure import withheld
from riskstrat.evaluation.equity import equity_section
from riskstrat.evaluation.inputs import drift_section, input_section
from riskstrat.evaluation.intervals import LEVEL, adjusted_level
from riskstrat.evaluation.judged import Judged, Score, evaluation_rows, judge
from riskstrat.evaluation.known import NOT_ADMITTED_LATELY
from riskstrat.evaluation.page import render_page
from riskstrat.evaluation.plain import plain
from riskstrat.evaluation.stability import list_stability
from riskstrat.evaluation.subgroups import (
    DIVISIONS,
    OVERLAPPING,
    divide,
    division_rows,
    published_groups,
)
from riskstrat.evaluation.tripod import render_tripod
from riskstrat.training.fitting import mean_history

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.features import FeatureMatrix
    from riskstrat.training import RiskModel
    from riskstrat.training.trees import CalibratedTrees

__all__ = ["SCHEMA_VERSION", "EvaluationReport", "add_stability", "evaluate"]

SCHEMA_VERSION = 2
"""Version of the layout of ``metrics.json``; 2 added ``people`` (docs/reference/metrics.md)."""

OLDER_AGE = 65
"""Age in years from which results stand apart: published models of older people are compared."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class EvaluationReport:
    """What was found, as plain values that JSON can hold.

    Parameters
    ----------
    metrics : dict
        Everything the report shows; the page and the model card are made from it alone. Counts
        and rates only, small numbers withheld.
    """

    metrics: dict[str, Any] = field(repr=False)

    def describe(self) -> str:
        """The main figures in a few lines; counts and rates only."""
        return about.summary_text(self.metrics)

    def write(self, directory: str | Path) -> None:
        """Write ``metrics.json``, ``report.html``, ``model_card.md`` and ``tripod.md``.

        The same metrics give the same bytes. Other files in the directory stay as they are.

        Parameters
        ----------
        directory : str or Path
            Made when it does not exist.

        Raises
        ------
        DataError
            When the directory cannot be written.
        """
        out = Path(directory)
        files = {
            "metrics.json": json.dumps(self.metrics, indent=1, ensure_ascii=False) + "\n",
            "report.html": render_page(self.metrics),
            "model_card.md": render_card(self.metrics),
            "tripod.md": render_tripod(self.metrics),
        }
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (out / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            raise DataError(
                f"expected to write the evaluation into '{out.name}', but: {reason}.",
                do="Check the folder's permissions and the free disk space, then run it again.",
            ) from error


def evaluate(  # noqa: PLR0913  # model, rows and three options by name
    model: RiskModel,
    matrix: FeatureMatrix,
    cohort: Cohort,
    *,
    capacity: int | None = None,
    beside: tuple[Score, ...] = (),
    resamples: int = RESAMPLES,
) -> EvaluationReport:
    """Judge a model and its comparators on the evaluation rows of a cohort.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        With outcomes. Rows of its development part are left out.
    capacity : int, optional
        People a team can review at each index date, beside the shares the study names.
    beside : tuple of Score
        More scores of the evaluation rows to be judged, such as the one without lag.
    resamples : int
        Bootstrap replicates; their seed is the study's ``split.seed``.

    Returns
    -------
    EvaluationReport

    Raises
    ------
    UsageError
        When matrix and cohort do not have the same rows, or the capacity is not positive.
    DataError
        When the cohort has no evaluation rows.
    StudyError
        When the study names a subgroup that does not exist.
    """
    if capacity is not None and capacity < 1:
        raise UsageError("expected a capacity of at least one person.")
    judged = judge(model, matrix, cohort, beside=beside)
    rows = evaluation_rows(matrix, cohort)
    resampling = Resampling(resamples, cohort.study.split.seed)
    capacities = [*cohort.study.report.capacities, *([capacity] if capacity else [])]
    metrics: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "synthetic": bool(model.provenance.get("synthetic", False)),
        "label": about.data_label(model.provenance),
        "study": about.study_facts(cohort.study),
        "model": about.model_facts(model),
        "cohort": {
            **about.cohort_facts(judged, cohort),
            "mean_registered_days": mean_history(rows),
        },
        "settings": {**plain(resampling), "level": LEVEL, "capacities": capacities},
        **_figures(judged, cohort, capacities, resampling),
        "people": _people(judged, model, cohort.study.report.subgroups),
        "inputs": _inputs(judged, model, rows),
        "stability": [],
    }
    metrics = plain(metrics)
    metrics["equity"] = equity_section(metrics["subgroups"])
    return EvaluationReport({**metrics, "findings": plain(find(metrics))})


def add_stability(
    report: EvaluationReport,
    model: RiskModel,
    matrix: FeatureMatrix,
    cohort: Cohort,
    refits: Sequence[CalibratedTrees],
) -> EvaluationReport:
    """The report with how much of each list stays the same when the model is fitted again.

    Parameters
    ----------
    report : EvaluationReport
        Of the same model, matrix and cohort.
    model : RiskModel
    matrix : FeatureMatrix
    cohort : Cohort
    refits : sequence of CalibratedTrees
        The model of admission fitted on other samples of the people in development; see
        :func:`riskstrat.training.refit`.

    Raises
    ------
    UsageError
        When there is no refit.
    """
    rows = evaluation_rows(matrix, cohort)
    pooled = cohort.study.index.event is not None
    own = model.admission.raw_score(rows.values)
    scores = [trees.raw_score(rows.values) for trees in refits]
    found = [
        list_stability(own, scores, rows.keys, capacity, pooled=pooled)
        for capacity in report.metrics["settings"]["capacities"]
    ]
    metrics = {**report.metrics, "stability": plain(found)}
    return EvaluationReport({**metrics, "findings": plain(find(metrics))})


def _figures(
    judged: Judged, cohort: Cohort, capacities: list[float], resampling: Resampling
) -> dict[str, Any]:
    everyone = block(judged, resampling)
    if is_withheld(judged):
        return _nothing(everyone)
    main = sections.list_of(judged, judged.model, capacities[-1])
    names = cohort.study.report.subgroups
    comparisons = sum(
        sum(published_groups(judged, name, divide(judged.frame, name))) for name in names
    )
    return {
        "everyone": everyone,
        **{
            name: _part(judged, rows, everyone, resampling) for name, rows in _parts(judged).items()
        },
        "death_first": death_figures(judged, resampling),
        "curves": {
            "discrimination": sections.discrimination_section(judged),
            "calibration": sections.calibration_section(judged),
            "net_benefit": sections.net_benefit_section(judged),
            "distributions": sections.distribution_section(judged),
        },
        "workload": sections.workload_section(judged, capacities),
        "subgroup_level": adjusted_level(comparisons),
        "subgroups": {
            name: _division(judged, name, main, comparisons, resampling) for name in names
        },
        "by_index_date": None
        if judged.pooled
        else _division(judged, "index_date", main, comparisons, resampling),
    }


def _parts(judged: Judged) -> dict[str, Mask]:
    """Who is judged apart, by the name of the part."""
    return {
        "unseen": judged.frame["unseen"].to_numpy(bool),
        "aged_65_and_over": (judged.frame["age"] >= OLDER_AGE).to_numpy(),
        "not_admitted_lately": (judged.frame[NOT_ADMITTED_LATELY] == 1).to_numpy(),
    }


def _people(judged: Judged, model: RiskModel, names: Sequence[str]) -> dict[str, Any]:
    """Table 1: those of development as the artefact keeps them, and those judged."""
    return {
        "development": model.provenance.get("people"),
        "evaluation": characteristics(
            judged.frame, judged.observed, names, _published(judged, names)
        ),
    }


def _published(judged: Judged, names: Sequence[str]) -> list[Mask]:
    """The groups whose figures the report shows; nobody can be told by subtracting from them."""
    shown = [part for part in _parts(judged).values() if _is_shown(judged, part)]
    for name in names:
        masks = divide(judged.frame, name)
        groups = published_groups(judged, name, masks)
        shown += [mask for mask, is_shown in zip(masks.values(), groups, strict=True) if is_shown]
    return shown


def _nothing(everyone: Mapping[str, Any]) -> dict[str, Any]:
    """Too few people for any figure."""
    return {
        "everyone": everyone,
        "unseen": None,
        "aged_65_and_over": None,
        "not_admitted_lately": None,
        "death_first": None,
        "curves": None,
        "workload": [],
        "subgroup_level": LEVEL,
        "subgroups": {},
        "by_index_date": None,
    }


def _part(
    judged: Judged, rows: Mask, everyone: Mapping[str, Any], resampling: Resampling
) -> Mapping[str, Any] | None:
    """Figures for some of the people: None for nobody; withheld if they or the others are few."""
    if rows.all():
        return everyone
    if not rows.any():
        return None
    if not _is_shown(judged, rows):
        return {"withheld": True}
    return block(judged.take(rows), resampling)


def _is_shown(judged: Judged, rows: Mask) -> bool:
    """Whether neither these people nor the others are few."""
    parts = [judged.observed.take(mask) for mask in (rows, ~rows)]
    return not withheld([part.followed for part in parts], [part.events for part in parts])[0]


def _division(
    judged: Judged, name: str, main: Mask, comparisons: int, resampling: Resampling
) -> dict[str, Any]:
    rows = division_rows(judged, name, main, comparisons=comparisons, resampling=resampling)
    title = OVERLAPPING[name] if name in OVERLAPPING else DIVISIONS[name][0]
    return {"title": title, "overlaps": name in OVERLAPPING, "groups": rows}


def _inputs(judged: Judged, model: RiskModel, rows: FeatureMatrix) -> dict[str, Any] | None:
    """What single features give away; of those that nobody had, the number only."""
    if is_withheld(judged):
        return None
    return {
        **input_section(judged, rows),
        "drift": drift_section(model.provenance.get("reference", []), rows),
        "constant": len(model.provenance.get("features_constant", [])),
    }
