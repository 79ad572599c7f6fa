"""The first lines of the report, for people who read nothing else: plain words, whole people.

Shares are told as so many of 100 people (natural frequencies), because percentages of different
wholes are confused with each other.

References
----------
Gigerenzer G, Edwards A. Simple tools for understanding risks: from innumeracy to insight. BMJ
2003;327:741-744.
Snooks H et al. Predictive risk stratification model: a randomised stepped-wedge trial in primary
care (PRISMATIC). Health Services and Delivery Research 2018;6(1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskstrat.evaluation.judged import WITHOUT_LAG
from riskstrat.evaluation.rendering import day
from riskstrat.evaluation.workload import capacity_words
from riskstrat.study import OUTCOMES, OutcomeWords

__all__ = ["NOT_FOR", "NO_EFFECT", "findings_sentence", "of_people", "plain_summary", "whole"]

NO_EFFECT = (
    "Risk lists alone have not been shown to reduce admissions. In the randomised trial of "
    "practice risk lists (PRISMATIC) they raised emergency admissions by 0.011 per person per year "
    "(0.010 to 0.013), emergency-department attendances by 0.030 and days in hospital by 0.029. "
    "Matched studies of multidisciplinary teams report 9% to 42% more admissions, one programme in "
    "care homes 23% fewer; in all of them the people chosen may have differed from those compared."
)
"""What is known about effect (binding statistical rule 23)."""

NOT_FOR = (
    "Not for deciding about anybody's care, benefits or services from the score alone; not for "
    "estimating savings; not as reassurance, because people with a low score fall ill too; not for "
    "other areas, feeds or years without judging it there first. Not a medical device: not UKCA or "
    "CE marked."
)
"""What nobody may use a risk for."""

LEVELS = ("error", "warning", "note")

Metrics = Mapping[str, Any]


def whole(shares: list[float]) -> int:
    """How many people the shares are told of: 100, or 1,000 where one of them is below 1 in 100.

    Examples
    --------
    >>> whole([0.41, 0.12]), whole([0.41, 0.004])
    (100, 1000)
    """
    return 100 if min(shares) >= 0.01 else 1000  # noqa: PLR2004 - one in a hundred


def of_people(share: float, people: int) -> str:
    """How many people a share is.

    Examples
    --------
    >>> of_people(0.414, 100), of_people(0.0001, 1000)
    ('41', 'fewer than 1')
    """
    count = round(share * people)
    return f"{count:,}" if count or not share else "fewer than 1"


def plain_summary(metrics: Metrics) -> list[dict[str, str]]:
    """What the model is, for whom, how good, and what not to use it for.

    Parameters
    ----------
    metrics : mapping
        The metrics of a report in which everyone is not withheld.

    Returns
    -------
    list of dict
        ``heading`` and ``text``.
    """
    told = [
        ("What it predicts", _what(metrics)),
        ("For whom", _whom(metrics)),
        ("How well", _how_well(metrics)),
        ("What a list misses", _misses(metrics)),
        ("Beside simpler scores", _rivals(metrics)),
        ("What it must not be used for", NOT_FOR),
        ("What lists have done elsewhere", NO_EFFECT),
    ]
    return [{"heading": heading, "text": text} for heading, text in told if text]


def findings_sentence(metrics: Metrics) -> str:
    """How many findings of which kind there are; empty when there is none."""
    counts = [
        (sum(finding["level"] == level for finding in metrics["findings"]), level)
        for level in LEVELS
    ]
    told = [f"{count} {level}{'s' if count > 1 else ''}" for count, level in counts if count]
    if not told:
        return ""
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"The checks of this evaluation found {listed}. Read them before the figures."


def _words(metrics: Metrics) -> OutcomeWords:
    return OUTCOMES[metrics["study"]["outcome_kind"]]


def _what(metrics: Metrics) -> str:
    return (
        f"The risk of {_words(metrics).with_article} within {metrics['study']['window_days']} days "
        "of the day of the prediction, from what was on record before that day. It puts people in "
        "order, so that the teams who already look after them can decide whom to review first."
    )


def _whom(metrics: Metrics) -> str:
    study, everyone = metrics["study"], metrics["everyone"]
    registered = study["min_registered_days"]
    terms = f", registered for at least {registered} days" if registered else ""
    return (
        f"People aged {study['min_age']} to {study['max_age']}{terms}. It was judged on "
        f"{everyone['people']:,} of them, at {_dates(study)}."
    )


def _dates(study: Metrics) -> str:
    days = study["evaluation_dates"]
    if not days:
        return "the day after each live discharge"
    if len(days) == 1:
        return f"the index date {day(days[0])}"
    return f"{len(days)} index dates from {day(days[0])} to {day(days[-1])}"


def _main(metrics: Metrics) -> tuple[Metrics, Metrics] | None:
    """The longest list and the model's row of it; None where it is withheld."""
    if not metrics["workload"] or metrics["workload"][-1]["scores"][0]["withheld"]:
        return None
    section = metrics["workload"][-1]
    return section, section["scores"][0]


def _how_well(metrics: Metrics) -> str:
    main, rate = _main(metrics), metrics["everyone"]["rates"]["admission_first"]
    if main is None or rate is None:
        return "Too few people would be on a list to say what became of them."
    section, row = main
    had, rows = _words(metrics).had, row["rows"]
    people = whole([row["ppv"]["value"], rate["value"]])
    expected = of_people(row["expected"] / rows, people)
    return (
        f"Of {people:,} people on the list (the {capacity_words(section['capacity'])}), "
        f"{of_people(row['ppv']['value'], people)} {had}; the model expected {expected}. On a list "
        f"made at random it would be {of_people(rate['value'], people)}."
    )


def _misses(metrics: Metrics) -> str:
    if (main := _main(metrics)) is None:
        return ""
    found = main[1]["sensitivity"]["value"]
    people = whole([found])
    held = round(found * people)
    return (
        f"Of {people:,} people who {_words(metrics).had}, {of_people(found, people)} had been "
        f"on the list; the other {people - held:,} had not."
    )


def _rivals(metrics: Metrics) -> str:
    """The best of the other scores on the same list, better or worse than the model."""
    if (main := _main(metrics)) is None:
        return ""
    own, *others = main[0]["scores"]
    shown = [row for row in others if not row["withheld"] and row["name"] != WITHOUT_LAG]
    if not shown:
        return ""
    best = max(shown, key=lambda row: row["found"])
    return (
        f"On lists of the same length this model found {round(own['found']):,}; the best of "
        f"{len(shown)} other score{'s' if len(shown) > 1 else ''} ({best['label']}) found "
        f"{round(best['found']):,}."
    )
