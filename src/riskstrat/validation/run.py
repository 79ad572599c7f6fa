"""One call for a whole validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from riskstrat.cohort import build_cohort
from riskstrat.errors import ArtefactError, UsageError
from riskstrat.evaluation.about import SYNTHETIC_LABEL
from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.bootstrap import RESAMPLES
from riskstrat.evaluation.plain import plain
from riskstrat.features import build_features
from riskstrat.records import LinkedRecords
from riskstrat.study import Study
from riskstrat.training import RiskModel
from riskstrat.training.parameters import TreeParameters, load_parameters
from riskstrat.validation.external import elsewhere
from riskstrat.validation.feeds import feed_worth
from riskstrat.validation.learning import learning_curve
from riskstrat.validation.optimism import BOOTSTRAPS, optimism
from riskstrat.validation.practices import GROUPS, leave_practices_out
from riskstrat.validation.prepared import Prepared
from riskstrat.validation.programmes import programme_worth
from riskstrat.validation.report import SCHEMA_VERSION, ValidationReport

__all__ = ["PARTS", "Subject", "ValidationRules", "validate"]

PARTS: Mapping[str, str] = {
    "practices": "practices left out",
    "feeds": "feeds left out",
    "learning": "fewer people in development",
    "optimism": "optimism",
}
"""Parts that fit the model again, and what each is called while it runs."""


@dataclass(frozen=True)
class ValidationRules:
    """Which parts, and how many draws.

    Parameters
    ----------
    parts : sequence of str
        Some of :data:`PARTS`.
    groups : int
        Groups of practices.
    resamples : int
        Bootstrap replicates of every interval.
    bootstraps : int
        Bootstrap samples that the logistic regression is fitted again on.
    """

    parts: Sequence[str] = tuple(PARTS)
    groups: int = GROUPS
    resamples: int = RESAMPLES
    bootstraps: int = BOOTSTRAPS

    def require_known(self) -> None:
        """Refuse a part that does not exist.

        Raises
        ------
        UsageError
        """
        if unknown := sorted(set(self.parts) - set(PARTS)):
            raise UsageError(f"expected some of the parts {', '.join(PARTS)}, not {unknown[0]!r}.")


@dataclass(frozen=True)
class Subject:
    """What is validated: a study's way of making a model, or one model of it.

    Parameters
    ----------
    study : Study
    records : LinkedRecords
        On which models are fitted and judged.
    model : RiskModel, optional
        Its parameters are used, and it is the one that is taken elsewhere.
    """

    study: Study
    records: LinkedRecords
    model: RiskModel | None = None

    @cached_property
    def parameters(self) -> TreeParameters:
        """How trees are grown."""
        return load_parameters(self.study) if self.model is None else _parameters(self.model)


def _parameters(model: RiskModel) -> TreeParameters:
    try:
        return TreeParameters(**model.params)
    except TypeError as error:
        raise ArtefactError(
            "expected the model's parameters to be those of this release, but they are not.",
            do="Give the study in place of the model, or train it again.",
        ) from error


def validate(
    subject: Subject,
    rules: ValidationRules,
    *,
    external: LinkedRecords | None = None,
    progress: Callable[[str], None] | None = None,
) -> ValidationReport:
    """Ask of a model what one evaluation cannot tell.

    Parameters
    ----------
    subject : Subject
    rules : ValidationRules
    external : LinkedRecords, optional
        Of another place, in which the model is judged as well.
    progress : callable, optional
        Called with the name of each stage.

    Returns
    -------
    ValidationReport

    Raises
    ------
    UsageError
        When a part does not exist.
    StudyError
        When there are too few people or events, or dates are not covered.
    """
    rules.require_known()
    say = progress or (lambda stage: None)
    resampling = Resampling(rules.resamples, subject.study.split.seed)
    prepared = _prepared(subject, resampling, say)
    todo: dict[str, Callable[[], dict[str, Any]]] = {
        "practices": lambda: leave_practices_out(prepared, groups=rules.groups),
        "feeds": lambda: {
            **feed_worth(prepared),
            "programmes": programme_worth(prepared, subject.records),
        },
        "learning": lambda: learning_curve(prepared),
        "optimism": lambda: optimism(prepared, bootstraps=rules.bootstraps),
    }
    parts: dict[str, Any] = {}
    for name, words in PARTS.items():
        if name in rules.parts:
            say(words)
            parts[name] = todo[name]()
    if external is not None:
        say("the other place")
        parts["external"] = _elsewhere(subject, prepared, external)
    return ValidationReport(plain(_head(subject, rules, external) | {"parts": parts}))


def _prepared(subject: Subject, resampling: Resampling, say: Callable[[str], None]) -> Prepared:
    say("cohort")
    cohort = build_cohort(subject.records, subject.study)
    say("features")
    matrix = build_features(subject.records, cohort.keys, subject.study)
    if subject.model is not None:
        subject.model.require_matrix(matrix)
    return Prepared(cohort, matrix, subject.parameters, resampling)


def _elsewhere(subject: Subject, prepared: Prepared, external: LinkedRecords) -> dict[str, Any]:
    model = subject.model
    trees = prepared.trees if model is None else model.admission
    sources = prepared.cohort.origin if model is None else model.provenance
    return elsewhere(trees, subject.study, sources, external, resampling=prepared.resampling)


def _head(
    subject: Subject, rules: ValidationRules, external: LinkedRecords | None
) -> dict[str, Any]:
    told = [subject.records.is_synthetic, external is not None and external.is_synthetic]
    told.append(subject.model is not None and bool(subject.model.provenance.get("synthetic")))
    study = subject.study
    return {
        "schema_version": SCHEMA_VERSION,
        "synthetic": any(told),
        "label": SYNTHETIC_LABEL if any(told) else None,
        "study": {
            "name": study.name,
            "outcome": study.outcome.words.one,
            "window_days": study.outcome.window_days,
            "development_dates": study.development_dates(),
            "evaluation_dates": study.evaluation_dates(),
        },
        "model_version": None if subject.model is None else subject.model.version,
        "settings": {
            "seed": study.split.seed,
            "resamples": rules.resamples,
            "groups": rules.groups,
            "bootstraps": rules.bootstraps,
        },
    }
