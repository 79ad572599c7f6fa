"""The study file: what is predicted, for whom, when and from what, as strictly read data."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from riskstrat.errors import StudyError
from riskstrat.windows import PredictionWindow, add_days, every

__all__ = [
    "Eligibility",
    "FeatureRules",
    "IndexRule",
    "ModelRule",
    "Outcome",
    "Report",
    "Split",
    "Study",
    "load_study",
    "parse_study",
    "study_schema",
]

OutcomeKind = Literal["emergency_admission", "emergency_or_inpatient_visit"]


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
    """What is predicted, in which window, and how death and leaving are handled."""

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


@dataclass(frozen=True)
class FeatureRules:
    """What may be known about a person: groups, feeds, windows, codelists.

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
    """

    groups: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    windows_days: tuple[int, ...] = (90, 365)
    history_days: int = 1095
    codelists: str | None = None

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
        For event studies, whose calendar dates may mean nothing: the share of patients kept for
        evaluation, chosen by a keyed hash of the pseudonym.
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
    """At which list sizes and in which subgroups the model is judged."""

    capacities: tuple[float, ...] = (0.005, 0.02)
    subgroups: tuple[str, ...] = ("age_band", "sex")


@dataclass(frozen=True)
class Study:
    """A study, as read from its file. Everything in it is frozen."""

    name: str
    index: IndexRule
    outcome: Outcome
    eligibility: Eligibility = field(default_factory=Eligibility)
    features: FeatureRules = field(default_factory=FeatureRules)
    split: Split = field(default_factory=Split)
    model: ModelRule = field(default_factory=ModelRule)
    report: Report = field(default_factory=Report)
    text: str = field(default="", repr=False, compare=False)
    folder: Path | None = field(default=None, repr=False, compare=False)

    def development_dates(self) -> tuple[date, ...]:
        """Index dates on which the model is developed."""
        limit = self.split.develop_to
        return tuple(d for d in self.index.all_dates() if limit is None or d <= limit)

    def evaluation_dates(self) -> tuple[date, ...]:
        """Index dates on which the model is judged."""
        start = self.split.evaluate_from
        return tuple(d for d in self.index.all_dates() if start is not None and d >= start)


def load_study(path: str | Path) -> Study:
    """Read a study file strictly.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or holds mistakes: all of them are named at once.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"expected a readable study file, but '{file.name}' cannot be read "
            f"({type(error).__name__}).",
            do="Give the path of a study.toml; 'riskstrat study schema' describes its keys.",
        ) from error
    return parse_study(text, folder=file.parent)


def parse_study(text: str, *, folder: Path | None = None) -> Study:
    """Read a study from TOML text; see :func:`load_study`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"the study is not valid TOML: {error}.") from error
    mistakes: list[str] = []
    study = _read(Study, data, "", mistakes)
    if study is not None:
        mistakes.extend(_contradictions(study))
    if mistakes or study is None:
        listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
        raise StudyError(
            f"the study has {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}:\n{listed}",
            do="'riskstrat study schema' describes every key.",
        )
    return dataclasses.replace(typing.cast("Study", study), text=text, folder=folder)


_NOT_IN_FILE = {"text", "folder"}
_UNIONS = (types.UnionType, typing.Union)  # "X | None" of a Literal is a typing.Union


def study_schema() -> dict[str, Any]:
    """The keys of a study file as JSON Schema (draft 2020-12), made from the dataclasses."""
    schema = _schema_of(Study)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _schema_of(kind: Any) -> dict[str, Any]:
    names: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        date: {"type": "string", "format": "date"},
    }
    if kind in names:
        return names[kind]
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _schema_of(get_args(kind)[0])}
    if get_origin(kind) in _UNIONS:
        return _schema_of(get_args(kind)[0])
    hints = typing.get_type_hints(kind)
    fields = [f for f in dataclasses.fields(kind) if f.name not in _NOT_IN_FILE]
    missing = dataclasses.MISSING
    required = [f for f in fields if f.default is missing and f.default_factory is missing]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n")[0],
        "properties": {f.name.rstrip("_"): _schema_of(hints[f.name]) for f in fields},
        "required": [f.name for f in required],
        "additionalProperties": False,
    }


def _read(cls: type[Any], data: Mapping[str, Any], where: str, mistakes: list[str]) -> Any:
    """A dataclass from a TOML table; mistakes are collected, not raised."""
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(cls) if f.name not in _NOT_IN_FILE}
    mistakes.extend(
        f"unknown key '{where}{key}'; expected one of {', '.join(fields)}"
        for key in data
        if key not in fields
    )
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    before = len(mistakes)
    for key, spec in fields.items():
        if key in data:
            values[spec.name] = _value(hints[spec.name], data[key], f"{where}{key}", mistakes)
        elif spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            mistakes.append(f"missing key '{where}{key}'")
    return cls(**values) if len(mistakes) == before else None


def _value(kind: Any, value: Any, where: str, mistakes: list[str]) -> Any:
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, Mapping):
            return _read(kind, value, f"{where}.", mistakes)
        mistakes.append(f"'{where}' must be a table [{where}]")
        return None
    if origin in _UNIONS:
        return _value(get_args(kind)[0], value, where, mistakes)
    if origin is tuple:
        if isinstance(value, list):
            return tuple(_value(get_args(kind)[0], item, where, mistakes) for item in value)
        mistakes.append(f"'{where}' must be a list")
        return None
    if origin is Literal:
        if value not in get_args(kind):
            mistakes.append(f"'{where}' must be one of {', '.join(map(repr, get_args(kind)))}")
        return value
    return _scalar(kind, value, where, mistakes)


def _scalar(kind: type[Any], value: Any, where: str, mistakes: list[str]) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        names = {str: "text", int: "a whole number", float: "a number", date: "a date 2024-01-31"}
        mistakes.append(f"'{where}' must be {names[kind]}, not {type(value).__name__}")
    return value


def _contradictions(study: Study) -> list[str]:
    """What the types cannot say: rules between keys."""
    return [
        *_index_mistakes(study.index),
        *_range_mistakes(study),
        *(_split_mistakes(study) if not _index_mistakes(study.index) else []),
    ]


def _index_mistakes(index: IndexRule) -> list[str]:
    series = [index.from_, index.to, index.every]
    given = [bool(index.dates), any(s is not None for s in series), index.event is not None]
    mistakes = []
    if sum(given) != 1:
        mistakes.append("[index] needs exactly one of 'dates', 'from'/'to'/'every' or 'event'")
    elif given[1] and None in series:
        mistakes.append("[index] needs all three of 'from', 'to' and 'every'")
    elif given[1]:
        try:
            if not index.all_dates():
                mistakes.append("[index] gives no date: 'to' is before 'from'")
        except ValueError as error:
            mistakes.append(f"'index.every': {error}")
    if index.index_stay is not None and index.event != "discharge":
        mistakes.append("'index.index_stay' needs event = \"discharge\"")
    return mistakes


def _range_mistakes(study: Study) -> list[str]:
    eligibility, outcome, features = study.eligibility, study.outcome, study.features
    rules = [
        (eligibility.min_age <= eligibility.max_age, "'eligibility.min_age' is above 'max_age'"),
        (eligibility.min_registered_days >= 0, "'eligibility.min_registered_days' is negative"),
        (outcome.window_days > 0, "'outcome.window_days' must be at least 1"),
        (outcome.gap_days >= 0, "'outcome.gap_days' is negative"),
        (outcome.lag_days >= 0, "'outcome.lag_days' is negative"),
        (len(features.windows_days) > 0, "'features.windows_days' is empty"),
        (all(d > 0 for d in features.windows_days), "'features.windows_days' must be positive"),
        (features.history_days > 0, "'features.history_days' must be positive"),
        (0 <= study.split.hold_out_share < 1, "'split.hold_out_share' must be in [0, 1)"),
        (all(0 < c < 1 for c in study.report.capacities), "'report.capacities' must be in (0, 1)"),
    ]
    return [message for holds, message in rules if not holds]


def _split_mistakes(study: Study) -> list[str]:
    split = study.split
    if study.index.event is not None:
        if split.develop_to or split.evaluate_from:
            return ["an event study is split by 'split.hold_out_share', not by dates"]
        return []
    if split.develop_to is None or split.evaluate_from is None:
        return ["[split] needs 'develop_to' and 'evaluate_from'"]
    develop, evaluate = study.development_dates(), study.evaluation_dates()
    if not develop or not evaluate:
        return ["[split] leaves no index date for development or for evaluation"]
    end = add_days(study.outcome.window.end(max(develop)), study.outcome.lag_days)
    if end > min(evaluate):
        return [
            f"the last development window ends on {end.isoformat()}, after the first evaluation "
            f"date {min(evaluate).isoformat()}: windows must not overlap"
        ]
    return []
