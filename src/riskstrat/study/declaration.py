"""What a study says, as frozen data; the types of the fields are what a file is read against."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

from riskstrat.study.added import AddedFeature
from riskstrat.study.outcomes import OUTCOMES, OutcomeKind, OutcomeWords
from riskstrat.windows import PredictionWindow, every

__all__ = [
    "LONGEST_DAYS",
    "Eligibility",
    "FeatureRules",
    "IndexRule",
    "ModelRule",
    "Outcome",
    "Report",
    "Split",
    "Study",
]

LONGEST_DAYS = 36_525
"""Longest window or look-back a study may ask for, in days: a hundred years."""


@dataclass(frozen=True)
class IndexRule:
    """When a prediction stands: exactly one of `dates`, `from`/`to`/`every`, or `event`.

    Parameters
    ----------
    dates : tuple of date
    from_, to : date, optional
        First and last date of a series, with `every` (such as ``"1 month"``) between them.
    event : str, optional
        ``"discharge"``: the day after each live discharge of an inpatient stay.
    index_stay : str, optional
        ``"known"``: the stay that ends counts although its feed has not arrived.
    """

    dates: tuple[date, ...] = ()
    from_: date | None = None
    to: date | None = None
    every: str | None = None
    event: Literal["discharge"] | None = None
    index_stay: Literal["known"] | None = None

    def all_dates(self) -> tuple[date, ...]:
        """Every index date in order; empty for an event study."""
        if self.dates or self.from_ is None or self.to is None or self.every is None:
            return tuple(sorted(self.dates))
        return tuple(every(self.from_, self.to, self.every))


@dataclass(frozen=True)
class Eligibility:
    """Who may be in the cohort at an index date."""

    min_age: int = 18
    max_age: int = 120
    min_registered_days: int = 0
    exclude: tuple[Literal["care_home"], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What is predicted, in which window, and how death and leaving are handled.

    Parameters
    ----------
    kind : str
        One of :data:`riskstrat.study.outcomes.OUTCOMES`. ``"readmission"`` needs
        ``index.event = "discharge"``.
    window_days : int
        Length of the window, 30 to 730 days.
    gap_days : int
        Days from the index date to the first of the window.
    lag_days : int
        Days after the window until what happened in it has reached the records.
    competing : str
        Death before the outcome competes with it. In ``"emergency_admission_or_death"`` death is
        part of the outcome, and nothing competes.
    censoring : str
        How people who leave are handled: weighted, or left out (for sensitivity only).
    """

    kind: OutcomeKind
    window_days: int = 365
    gap_days: int = 0
    lag_days: int = 0
    competing: Literal["death"] = "death"
    censoring: Literal["ipcw", "exclude"] = "ipcw"

    @property
    def window(self) -> PredictionWindow:
        """The days in which the outcome counts."""
        return PredictionWindow(days=self.window_days, gap=self.gap_days)

    @property
    def words(self) -> OutcomeWords:
        """How the outcome is written."""
        return OUTCOMES[self.kind]

    @property
    def has_competing_death(self) -> bool:
        """Whether somebody who dies can no longer have the outcome."""
        return not self.words.includes_death


@dataclass(frozen=True)
class FeatureRules:
    """What may be known about a person: groups, feeds, windows, codelists, features of one's own.

    Parameters
    ----------
    groups : tuple of str
        Clinical groups of the catalogue; empty means all.
    sources : tuple of str
        Feeds that may be used; empty means all that the records hold.
    windows_days : tuple of int
        Lookback windows in days, ascending.
    history_days : int
        Where 'ever' and 'time since' are cut, so that the look-back is the same at every date.
    codelists : str, optional
        A CSV beside the study with columns ``name,system,code`` that adds to the shipped lists.
    added : tuple of AddedFeature
        Features of one's own, at the end of the catalogue; there whatever the groups and sources.
    """

    groups: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    windows_days: tuple[int, ...] = (90, 365)
    history_days: int = 1095
    codelists: str | None = None
    added: tuple[AddedFeature, ...] = ()

    @property
    def longest_days(self) -> int:
        """The longest look-back any feature needs."""
        return max(self.history_days, *self.windows_days)


@dataclass(frozen=True)
class Split:
    """Which index dates develop the model and which judge it.

    Parameters
    ----------
    develop_to : date, optional
        Last index date for development.
    evaluate_from : date, optional
        First index date for evaluation.
    hold_out_practices : tuple of str
        Practices whose patients are only ever used for evaluation.
    hold_out_share : float
        For event studies whose calendar dates mean nothing: the share of patients kept for
        evaluation, chosen by a keyed hash of the pseudonym, in place of the two dates.
    seed : int
    """

    develop_to: date | None = None
    evaluate_from: date | None = None
    hold_out_practices: tuple[str, ...] = ()
    hold_out_share: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class ModelRule:
    """Where the model's parameters stand; none means the defaults."""

    params: str | None = None


@dataclass(frozen=True)
class Report:
    """At which list sizes and in which subgroups the model is judged.

    Parameters
    ----------
    capacities : tuple of float
        Lengths of lists, as shares of the people at each index date.
    subgroups : tuple of str
        Divisions of :mod:`riskstrat.evaluation.subgroups`.
    refits : int
        How often the model is fitted again on other samples of the people in development, to see
        how stable its lists are; each costs as much as the model of admission.
    """

    capacities: tuple[float, ...] = (0.005, 0.02)
    subgroups: tuple[str, ...] = (
        "age_band",
        "sex",
        "imd_quintile",
        "ethnic_category",
        "practice",
        "long_term_condition",
    )
    refits: int = 0


@dataclass(frozen=True)
class Study:
    """A study, as read from its file. Everything in it is frozen.

    Parameters
    ----------
    name : str
    index, outcome, eligibility, features, split, model, report
        The tables of the file.
    contact : str, optional
        Who answers questions about the model, for the model card: a team and how to reach it.
    text : str
        The file as it was read.
    folder : Path, optional
        Where it stood.
    """

    name: str
    index: IndexRule
    outcome: Outcome
    eligibility: Eligibility = field(default_factory=Eligibility)
    features: FeatureRules = field(default_factory=FeatureRules)
    split: Split = field(default_factory=Split)
    model: ModelRule = field(default_factory=ModelRule)
    report: Report = field(default_factory=Report)
    contact: str | None = None
    text: str = field(default="", repr=False, compare=False)
    folder: Path | None = field(default=None, repr=False, compare=False)

    def with_features(self, *added: AddedFeature) -> Study:
        """The same study with features of one's own after those it has."""
        rules = replace(self.features, added=(*self.features.added, *added))
        return replace(self, features=rules)

    def development_dates(self) -> tuple[date, ...]:
        """Index dates on which the model is developed."""
        limit = self.split.develop_to
        return tuple(d for d in self.index.all_dates() if limit is None or d <= limit)

    def evaluation_dates(self) -> tuple[date, ...]:
        """Index dates on which the model is judged."""
        start = self.split.evaluate_from
        return tuple(d for d in self.index.all_dates() if start is not None and d >= start)
