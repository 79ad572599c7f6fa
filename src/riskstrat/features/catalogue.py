"""The catalogue: every feature, declared once with what it means and how it is told.

The features stand in ``catalogue.toml``. A study chooses groups, feeds and windows; nothing else
changes what a feature is. The study's own features stand after them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from riskstrat.errors import StudyError
from riskstrat.features.added import require_added
from riskstrat.features.codelists import CodeRule
from riskstrat.features.declared import declared
from riskstrat.features.feeds import FAMILIES, families_wanted
from riskstrat.features.sets import fact_set
from riskstrat.features.well_formed import catalogue_mistakes, raise_mistakes, repeated_names
from riskstrat.reference import load_table
from riskstrat.study import VALUE_RULES, AddedFeature, FeatureRules, Study

__all__ = [
    "GROUPS",
    "RULES_VERSION",
    "Feature",
    "catalogue",
    "catalogue_hash",
    "features_of",
    "unknown_groups",
    "window_words",
]

RULES_VERSION = 3
"""Raised when a query gives another value for the same rule text; part of the catalogue hash."""

GROUPS: Mapping[str, str] = dict(declared()["groups"])
"""Clinical groups that are shown together: key and plain label."""

MEASUREMENT_DAYS = 730
"""How old a measurement may be: 24 months (binding statistical rule 9)."""

_RECENT_DAYS, _YEAR_DAYS = 90, 365
_DAYS_PER_YEAR = 365.25
_DAYS_PER_MONTH = _DAYS_PER_YEAR / 12
_MONTH_TOLERANCE_DAYS = 3


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix.

    Parameters
    ----------
    name : str
        Column name.
    label : str
        What it is, in words.
    unit : str
    group : str
        Key of :data:`GROUPS`.
    kind : str
        ``count``, ``flag``, ``days``, ``measurement``, ``score`` or ``category``.
    sources : tuple of str
        Families of feeds the fact can come from.
    window_days : int or None
        Look-back in days; None for what is in force on the index date.
    rule : str
        How the value comes about: ``<how> <fact>``.
    workable : bool
        Whether a review could change it or how it is managed.
    monotone : int
        1 when the risk may only rise with it, else 0.
    sensitive : bool
        Mental health, alcohol and drugs, facts about third parties.
    sentence : str
        What is said when it is a reason, with ``{value}`` and ``{date}``; empty = never a reason.
    sentence_one : str or None
        The same for a value of 1.
    """

    name: str
    label: str
    unit: str
    group: str
    kind: Literal["count", "flag", "days", "measurement", "score", "category"]
    sources: tuple[str, ...]
    window_days: int | None
    rule: str
    workable: bool = False
    monotone: int = 0
    sensitive: bool = False
    sentence: str = ""
    sentence_one: str | None = None

    @property
    def how(self) -> str:
        """First word of the rule: how facts become a value."""
        return self.rule.split()[0]

    @property
    def fact(self) -> str:
        """Second word of the rule: which facts."""
        return self.rule.split()[1]


def catalogue(study: Study) -> tuple[Feature, ...]:
    """The features a study uses, in the order of the catalogue, and its own after them.

    Parameters
    ----------
    study : Study
        Its ``[features]`` choose groups, sources, windows and history, and add features.

    Raises
    ------
    StudyError
        When a group is not known, or a feature of one's own cannot be built as it is declared.
    """
    rules, event = study.features, study.index.event
    if unknown := unknown_groups(rules):
        raise StudyError(
            f"{unknown}.", do=f"Use some of {', '.join(GROUPS)}, or leave 'groups' out for all."
        )
    families = families_wanted(rules.sources) | {"person"}
    shipped = features_of(declared(), rules, event)
    require_added(study, {feature.name for feature in shipped})
    chosen = (
        feature
        for feature in shipped
        if (not rules.groups or feature.group in rules.groups) and families & set(feature.sources)
    )
    own = (feature for added in rules.added for feature in _own(added, rules.windows_days))
    return (*chosen, *own)


def unknown_groups(rules: FeatureRules) -> str:
    """Which groups of a study are none of the catalogue, in words; empty when all are."""
    unknown = sorted(set(rules.groups) - set(GROUPS))
    words = f"'features.groups' names {', '.join(unknown)}, which are no groups of the catalogue"
    return words if unknown else ""


def features_of(
    content: Mapping[str, Any], rules: FeatureRules, event: str | None = None
) -> tuple[Feature, ...]:
    """Every feature that a catalogue declares, for the windows and the history of a study.

    Parameters
    ----------
    content : mapping
        As read from ``catalogue.toml``.
    rules : FeatureRules
    event : str, optional
        The event that gives the index dates, such as ``discharge``.

    Raises
    ------
    UsageError
        When the catalogue has mistakes; says all of them.
    """
    raise_mistakes(catalogue_mistakes(content))
    features = tuple(_all_features(content, rules, event))
    raise_mistakes(repeated_names(feature.name for feature in features))
    return features


def _all_features(
    content: Mapping[str, Any], rules: FeatureRules, event: str | None
) -> Iterator[Feature]:
    for entry in content["feature"]:
        if entry.get("index", event) == event:
            for days in _windows(entry, rules):
                yield _feature(entry, days)
    for name, entry in content["conditions"].items():
        yield _condition(name, entry, rules.history_days)
        yield _condition_since(name, entry, rules.history_days)
    measured = {row["measurement"]: row for row in load_table("measurements")}
    for name, entry in content["measurements"].items():
        yield from _measurement(entry, measured[name], rules.history_days)
    for name, entry in content["medicines"].items():
        yield from _medicine(name, entry, rules.history_days)


def _windows(entry: Mapping[str, Any], rules: FeatureRules) -> Sequence[int | None]:
    windows = entry.get("windows")
    if windows is None:
        return [None]
    if windows == "each":
        return sorted(set(rules.windows_days))
    if windows == "history":
        return [rules.history_days]
    is_change = entry["rule"].startswith("change ")
    longest = max(rules.history_days // 2, 1) if is_change else rules.history_days
    days = windows if isinstance(windows, list) else [windows]
    return sorted({min(d, longest) for d in days})


def _feature(entry: Mapping[str, Any], days: int | None) -> Feature:
    words = "" if days is None else window_words(days)
    filled: dict[str, Any] = {
        key: value.replace("{window}", words).replace("{days}", str(days))
        if isinstance(value, str)
        else value
        for key, value in entry.items()
        if key not in {"windows", "index"}
    }
    filled["sources"] = tuple(entry["sources"])
    filled["monotone"] = int(entry.get("monotone", False))
    return Feature(**filled, window_days=days)


def _condition(name: str, entry: Mapping[str, Any], days: int) -> Feature:
    phrase = entry["phrase"]
    return Feature(
        name=name,
        label=_say("condition_label", phrase=phrase),
        unit="yes = 1",
        group=entry["group"],
        kind="flag",
        sources=("hospital", "gp"),
        window_days=days,
        rule=f"any condition.{name}",
        workable=entry.get("workable", False),
        sensitive=entry.get("sensitive", False),
        sentence=_say("condition", phrase=phrase),
    )


def _condition_since(name: str, entry: Mapping[str, Any], days: int) -> Feature:
    words = {"phrase": entry["phrase"], "window": window_words(days)}
    return Feature(
        name=f"{name}_first_days",
        label=_say("condition_since_label", **words),
        unit="days",
        group=entry["group"],
        kind="days",
        sources=("hospital", "gp"),
        window_days=days,
        rule=f"first condition.{name}",
        sensitive=entry.get("sensitive", False),
    )


def _measurement(
    entry: Mapping[str, Any], row: Mapping[str, str], history_days: int
) -> Iterator[Feature]:
    name, unit = row["measurement"], row["unit"]
    days, year = min(MEASUREMENT_DAYS, history_days), min(_YEAR_DAYS, history_days)
    words = {"label": row["label"], "unit": unit, "phrase": entry["phrase"]}
    long = {**words, "window": window_words(days)}

    def feature(suffix: str, label: str, how: str, **more: Any) -> Feature:
        given = {"kind": "measurement", "unit": unit, "window_days": days, **more}
        return Feature(
            name=f"{name}{suffix}",
            label=label,
            group="tests",
            sources=("gp", "hospital"),
            rule=f"{how} measure.{name}",
            **given,
        )

    workable, told = entry.get("workable", False), _say("measurement", **words)
    label = _say("measurement_label", **long)
    yield feature("", label, "latest", workable=workable, sentence=told)
    yield feature("_slope", _say("slope_label", **long), "slope", unit=_say("slope_unit", **words))
    counted: dict[str, Any] = {"kind": "count", "unit": "readings", "window_days": year}
    label = _say("readings_label", **{**words, "window": window_words(year)})
    yield feature(f"_readings_{year}", label, "count", **counted)
    yield feature("_days", _say("last_reading_label", **words), "since", kind="days", unit="days")
    if entry.get("loss", False):
        lost, label = _say("loss", **long), _say("loss_label", **long)
        yield feature("_loss", label, "fall", unit="%", workable=True, sentence=lost)


def _medicine(name: str, entry: Mapping[str, Any], history_days: int) -> Iterator[Feature]:
    common: dict[str, Any] = {"group": "primary_care", "sources": ("gp", "hospital")}
    common |= {name: entry.get(name, False) for name in ("workable", "sensitive")}
    windows = {min(days, history_days): days for days in (_YEAR_DAYS, _RECENT_DAYS)}
    for window, days in sorted(windows.items()):
        words = {"phrase": entry["phrase"], "window": window_words(window)}
        is_flag = days == _RECENT_DAYS
        yield Feature(
            name=f"{name}_{window}",
            label=_say("medicine_label" if is_flag else "items_label", **words),
            unit="yes = 1" if is_flag else "items",
            kind="flag" if is_flag else "count",
            window_days=window,
            rule=f"{'any' if is_flag else 'count'} drug.{name}",
            sentence=_say("medicine" if is_flag else "items", **words),
            sentence_one=None if is_flag else _say("items_one", **words),
            **common,
        )


_OWN_KINDS: Mapping[str, tuple[Literal["count", "flag", "days", "measurement"], str]] = {
    "count": ("count", "records"),
    "days": ("count", "days"),
    "any": ("flag", "yes = 1"),
    "since": ("days", "days"),
    "first": ("days", "days"),
    "change": ("count", "records"),
}
"""Kind and unit of the rules of one's own that are not about values."""


def _own(added: AddedFeature, study_windows: Sequence[int]) -> Iterator[Feature]:
    kind, unit = _OWN_KINDS.get(added.how, ("measurement", added.unit or ""))
    if added.how == "slope" and unit:
        unit = _say("slope_unit", unit=unit)
    for name, days in added.columns(study_windows):
        words = window_words(days)
        label = added.label if "{window}" in added.label else _say("own_label", label=added.label)
        yield Feature(
            name=name,
            label=label.replace("{window}", words),
            unit=unit if added.how in VALUE_RULES else added.unit or unit,
            group=added.group,
            kind=kind,
            sources=FAMILIES if added.system == "local" else ("gp", "hospital"),
            window_days=days,
            rule=f"{added.how} own.{added.name}",
            workable=added.workable,
            sensitive=added.sensitive,
            sentence=added.sentence.replace("{window}", words),
            sentence_one=added.sentence_one and added.sentence_one.replace("{window}", words),
        )


def window_words(days: int) -> str:
    """A look-back in words; from two years on in years, whether they have 365 days or 366 as well.

    Examples
    --------
    >>> [window_words(days) for days in (30, 45, 90, 365, 730, 7300)]
    ['month', '45 days', '3 months', '12 months', '2 years', '20 years']
    """
    if days == 1:
        return _say("day")
    years = round(days / _DAYS_PER_YEAR)
    if years > 1 and abs(days - years * _DAYS_PER_YEAR) <= _MONTH_TOLERANCE_DAYS + years / 4:
        return _say("years", number=str(years))
    months = round(days / _DAYS_PER_MONTH)
    if not months or abs(days - months * _DAYS_PER_MONTH) > _MONTH_TOLERANCE_DAYS:
        return _say("days", number=str(days))
    return _say("month") if months == 1 else _say("months", number=str(months))


def _say(name: str, **words: str) -> str:
    """One of the shared wordings with `words` filled in; other placeholders stay."""
    text: str = declared()["wording"][name]
    if phrase := words.get("phrase"):
        words["Phrase"] = phrase[0].upper() + phrase[1:]
    for placeholder, word in words.items():
        text = text.replace(f"{{{placeholder}}}", word)
    return text


def catalogue_hash(features: Iterable[Feature], codelists: Iterable[CodeRule]) -> str:
    """What fixes the values of `features`, as a SHA-256 in hexadecimal.

    Labels, wording, groups and the order of rows do not count; name and order of the features,
    rule, window, unit, codes, weights and :data:`RULES_VERSION` do.

    Parameters
    ----------
    features : iterable of Feature
    codelists : iterable of CodeRule
        All rules; only those behind a fact of `features` count.
    """
    codes: dict[str, list[dict[str, Any]]] = {}
    for rule in sorted(codelists, key=lambda r: (r.fact, r.system, r.code, r.kinds, r.when)):
        codes.setdefault(rule.fact, []).append(vars(rule))
    used = tuple(features)
    behind = {fact: _sha256(_behind(fact, codes)) for fact in {f.fact for f in used}}
    return _sha256(
        [RULES_VERSION, [[f.name, f.rule, f.window_days, f.unit, behind[f.fact]] for f in used]]
    )


def _sha256(content: list[Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _behind(fact: str, codes: Mapping[str, list[dict[str, Any]]]) -> list[Any]:
    """What gives the facts of a name: its codes, or the weights and codes of a set."""
    found = fact_set(fact)
    if found is None:
        return list(codes.get(fact, []))
    begun = [name for name in codes if found.prefix and name.startswith(found.prefix)]
    members = sorted({*found.weights, *begun})
    weighed = [[name, found.weights.get(name, 1), codes.get(name, [])] for name in members]
    return [found.prefix, found.drops, found.divisor, weighed]
