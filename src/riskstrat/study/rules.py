"""What the types of a study cannot say: ranges, and rules between keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from riskstrat.study.added import added_mistakes
from riskstrat.study.declaration import (
    LONGEST_DAYS,
    Eligibility,
    FeatureRules,
    IndexRule,
    Outcome,
    Report,
    Split,
    Study,
)
from riskstrat.study.outcomes import LONGEST_WINDOW_DAYS, SHORTEST_WINDOW_DAYS
from riskstrat.windows import add_days

__all__ = ["contradictions"]

MOST_REFITS = 100
"""Refits beyond this tell nothing more about a mean share, and each costs a model (judgement)."""


def contradictions(parts: Mapping[str, Any]) -> list[str]:
    """Mistakes in the parts of a study, by field name; parts that were not read are left out."""
    rules: tuple[tuple[Callable[..., list[str]], tuple[str, ...]], ...] = (
        (_name_mistakes, ("name",)),
        (_contact_mistakes, ("contact",)),
        (_index_mistakes, ("index",)),
        (_eligibility_mistakes, ("eligibility",)),
        (_outcome_mistakes, ("outcome",)),
        (_feature_mistakes, ("features",)),
        (_report_mistakes, ("report",)),
        (_event_mistakes, ("index", "outcome")),
        (_split_mistakes, ("index", "outcome", "split")),
    )
    return [
        mistake
        for rule, names in rules
        if all(name in parts for name in names)
        for mistake in rule(*(parts[name] for name in names))
    ]


def _name_mistakes(name: str) -> list[str]:
    return [] if name.strip() else ["'name' is empty"]


def _contact_mistakes(contact: str | None) -> list[str]:
    """It stands in a table of the model card, on one line."""
    is_line = contact is None or (contact.strip() and len(contact.splitlines()) == 1)
    return [] if is_line else ["'contact' must be one line of text that is not empty"]


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
    if len(set(index.dates)) < len(index.dates):
        mistakes.append("'index.dates' names a date twice")
    if index.index_stay is not None and index.event != "discharge":
        mistakes.append("'index.index_stay' needs event = \"discharge\"")
    return mistakes


def _broken(rules: Sequence[tuple[bool, str]]) -> list[str]:
    return [message for holds, message in rules if not holds]


def _eligibility_mistakes(eligibility: Eligibility) -> list[str]:
    return _broken(
        [
            (eligibility.min_age >= 0, "'eligibility.min_age' is negative"),
            (
                eligibility.min_age <= eligibility.max_age,
                "'eligibility.min_age' is above 'max_age'",
            ),
            (
                0 <= eligibility.min_registered_days <= LONGEST_DAYS,
                f"'eligibility.min_registered_days' must be from 0 to {LONGEST_DAYS}",
            ),
        ]
    )


def _outcome_mistakes(outcome: Outcome) -> list[str]:
    return _broken(
        [
            (
                SHORTEST_WINDOW_DAYS <= outcome.window_days <= LONGEST_WINDOW_DAYS,
                f"'outcome.window_days' must be from {SHORTEST_WINDOW_DAYS} to "
                f"{LONGEST_WINDOW_DAYS}: 30 days to 24 months",
            ),
            *(
                (0 <= days <= LONGEST_DAYS, f"'outcome.{key}' must be from 0 to {LONGEST_DAYS}")
                for key, days in (("gap_days", outcome.gap_days), ("lag_days", outcome.lag_days))
            ),
        ]
    )


def _event_mistakes(index: IndexRule, outcome: Outcome) -> list[str]:
    if outcome.kind == "readmission" and index.event != "discharge":
        return ['\'outcome.kind\' = "readmission" needs index.event = "discharge"']
    return []


def _feature_mistakes(features: FeatureRules) -> list[str]:
    windows = features.windows_days
    outside = ", ".join(str(days) for days in windows if not 1 <= days <= LONGEST_DAYS)
    repeated = ", ".join(str(days) for days in sorted({d for d in windows if windows.count(d) > 1}))
    broken = _broken(
        [
            (len(windows) > 0, "'features.windows_days' is empty"),
            (
                not outside,
                f"'features.windows_days' must be from 1 to {LONGEST_DAYS}, but holds {outside}",
            ),
            (list(windows) == sorted(windows), "'features.windows_days' must be ascending"),
            (not repeated, f"'features.windows_days' names {repeated} twice"),
            (
                1 <= features.history_days <= LONGEST_DAYS,
                f"'features.history_days' must be from 1 to {LONGEST_DAYS}",
            ),
        ]
    )
    longest = max(features.history_days, *windows, 0)
    return [*broken, *added_mistakes(features.added, windows, longest)]


def _report_mistakes(report: Report) -> list[str]:
    return _broken(
        [
            (
                all(0 < share < 1 for share in report.capacities),
                "'report.capacities' must be in (0, 1)",
            ),
            (
                0 <= report.refits <= MOST_REFITS,
                f"'report.refits' must be from 0 to {MOST_REFITS}",
            ),
        ]
    )


def _split_mistakes(index: IndexRule, outcome: Outcome, split: Split) -> list[str]:
    """Development and evaluation, once the index and the outcome themselves are sound."""
    if _index_mistakes(index) or _outcome_mistakes(outcome):
        return []
    if index.event is not None and (mistakes := _event_split_mistakes(split)):
        return mistakes
    if index.event is None and split.hold_out_share:
        return ["'split.hold_out_share' is for event studies: calendar dates split by date"]
    if split.hold_out_share:
        return []
    if split.develop_to is None or split.evaluate_from is None:
        return ["[split] needs 'develop_to' and 'evaluate_from'"]
    return _date_split_mistakes(index, outcome, split, (split.develop_to, split.evaluate_from))


def _date_split_mistakes(
    index: IndexRule, outcome: Outcome, split: Split, limits: tuple[date, date]
) -> list[str]:
    """Of an event study the limits themselves are the last and the first possible index date."""
    study = Study(name="", index=index, outcome=outcome, split=split)
    develop, evaluate = study.development_dates(), study.evaluation_dates()
    if index.event is not None:
        develop, evaluate = limits[:1], limits[1:]
    if not develop or not evaluate:
        return ["[split] leaves no index date for development or for evaluation"]
    end = add_days(outcome.window.end(max(develop)), outcome.lag_days)
    if end > min(evaluate):
        return [
            f"the last development window ends on {end.isoformat()}, after the first evaluation "
            f"date {min(evaluate).isoformat()}: windows must not overlap"
        ]
    return []


def _event_split_mistakes(split: Split) -> list[str]:
    by_date = split.develop_to is not None or split.evaluate_from is not None
    return _broken(
        [
            (not split.hold_out_practices, "an event study cannot hold out practices"),
            (
                by_date != (split.hold_out_share != 0),
                "an event study is split either by 'split.hold_out_share' or by "
                "'split.develop_to' and 'split.evaluate_from'",
            ),
            (
                0 <= split.hold_out_share < 1,
                "an event study needs 'split.hold_out_share' in (0, 1)",
            ),
        ]
    )
