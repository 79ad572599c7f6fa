"""Coded findings about an evaluation: what a reader must know before the figures.

=====  ========  ==============================================================================
code   level     meaning
=====  ========  ==============================================================================
E001   warning   ranking too good to be true at 65 and over: look for leakage
E002   warning   too few events for reliable figures
E003   warning   observed/expected ratio away from 1
E004   warning   calibration slope away from 1
E005   warning   many weights of people who stayed were capped
E006   warning   the smooth calibration curve is off where a list is cut
E007   warning   no better than a simpler score
E008   warning   a subgroup's observed/expected ratio or slope is away from 1
E009   warning   a subgroup is missed more, or less, than its own risks imply
E010   note      no figures for people who were never in development
E011   note      many people left before the end of the window
E012   warning   people had much more, or less, history than those of development
=====  ========  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from riskstrat.evaluation.workload import capacity_words

__all__ = ["Finding", "find"]

LEAKAGE_AUROC = 0.85
"""Published models for emergency admission in older people reach 0.61 to 0.78 (19 studies, Wallace
2014 and later reviews); above this something from the future is likely to be in a feature."""

LEAKAGE_WINDOW_DAYS = 330
"""The limit holds for predictions of about a year; shorter windows are easier to rank."""

ENOUGH_EVENTS = 100
"""Fewest events, and fewest others, to judge a model by (Vergouwe et al. 2005; Collins, Ogundimu
and Altman 2016)."""

MANY_EVENTS = 5_000
"""Events from which the spread of ratio and slope is small enough for fixed limits."""

LOWEST, HIGHEST = 0.9, 1.1
"""Limits of observed/expected and slope where there are many events."""

LARGEST_GAP = 0.02
"""Largest difference between observed and predicted risk where a list is cut."""

MANY_CAPPED = 0.01
"""Share of rows with a capped weight from which rates may be too low."""

HISTORY_CHANGE = 0.1
"""Relative change of the mean history of a person from which counts of the past mean something else
than at development, and every risk drifts (judgement)."""

MANY_LEFT = 0.1
"""Share of rows that left from which the weights carry much of the result."""


@dataclass(frozen=True)
class Finding:
    """One coded finding: code, level ("warning" or "note"), message in plain words."""

    code: str
    level: Literal["warning", "note"]
    message: str


def find(metrics: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Every finding about an evaluation, warnings first, in the order of their codes.

    Parameters
    ----------
    metrics : mapping
        The metrics of an :class:`EvaluationReport`, as plain values.
    """
    found = [*_leakage(metrics), *_size(metrics)]
    if not metrics["everyone"]["withheld"]:
        found += [
            *_calibration(metrics["everyone"]),
            *_weights(metrics["cohort"]),
            *_history(metrics),
            *_cuts(metrics["workload"]),
            *_rivals(metrics["everyone"]),
            *_subgroups(metrics["subgroups"]),
            *_unseen(metrics),
        ]
    return tuple(sorted(found, key=lambda finding: (finding.level != "warning", finding.code)))


def _leakage(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["aged_65_and_over"]
    if block is None or block["withheld"]:
        return
    auroc = block["scores"][0]["auroc"]
    long = metrics["study"]["window_days"] >= LEAKAGE_WINDOW_DAYS
    if long and auroc["value"] is not None and auroc["value"] > LEAKAGE_AUROC:
        yield Finding(
            "E001",
            "warning",
            f"AUROC {_said(auroc)} at 65 and over is above {LEAKAGE_AUROC}, where published models "
            "reach 0.61 to 0.78. Look for facts recorded after the index date before believing it.",
        )


def _size(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["everyone"]
    if block["withheld"]:
        yield Finding(
            "E002",
            "warning",
            "Fewer than 10 people, or 1 to 7 with (or without) the outcome, could be judged: "
            "figures about so few are withheld, and would say nothing.",
        )
        return
    events, others = block["events"], block["rows"] - block["events"]
    if min(events, others) < ENOUGH_EVENTS:
        yield Finding(
            "E002",
            "warning",
            f"Only {events:,} outcomes among {block['rows']:,} rows: fewer than {ENOUGH_EVENTS} "
            "with, or without, the outcome are too few to judge a model by. Read the intervals, "
            "not the values.",
        )


def _calibration(block: Mapping[str, Any]) -> Iterator[Finding]:
    figures = block["scores"][0]["calibration"]
    measures = [
        ("E003", "observed_expected", "The ratio of observed to expected outcomes"),
        ("E004", "slope", "The calibration slope"),
    ]
    for code, key, words in measures:
        if _is_off(figures[key], block["events"]):
            yield Finding(
                code,
                "warning",
                f"{words} is {_said(figures[key])}, away from 1: {_meaning(key, figures[key])}",
            )


def _meaning(key: str, estimate: Mapping[str, Any]) -> str:
    wrong, opposite = "too high", "too low"
    if estimate["value"] > 1:
        wrong, opposite = opposite, wrong
    if key == "slope":
        return f"high risks are {wrong} and low risks {opposite}."
    return f"risks are {wrong} on average."


def _is_off(estimate: Mapping[str, Any], events: int) -> bool:
    """With many events fixed limits; else only when the interval excludes 1."""
    if estimate["value"] is None:
        return False
    if events >= MANY_EVENTS:
        return not LOWEST <= estimate["value"] <= HIGHEST
    return _excludes(estimate, 1.0)


def _excludes(estimate: Mapping[str, Any], value: float) -> bool:
    low, high = estimate["low"], estimate["high"]
    return low is not None and high is not None and bool(low > value or high < value)


def _weights(cohort: Mapping[str, Any]) -> Iterator[Finding]:
    if cohort["capped_share"] > MANY_CAPPED:
        yield Finding(
            "E005",
            "warning",
            f"{cohort['capped_share']:.1%} of the rows had their weight capped: so many people of "
            "their kind left that rates of those who stayed may be too low.",
        )
    if cohort["left_share"] > MANY_LEFT:
        yield Finding(
            "E011",
            "note",
            f"{cohort['left_share']:.1%} of the rows left before the end of the window; the others "
            "were weighted up to stand for them.",
        )


def _history(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    then = metrics["model"]["provenance"].get("mean_registered_days")
    now = metrics["cohort"].get("mean_registered_days")
    if then and now and abs(now - then) > HISTORY_CHANGE * then:
        yield Finding(
            "E012",
            "warning",
            f"People had been registered for {now:,.0f} days on average, those of development for "
            f"{then:,.0f}: counts of the past do not mean the same, and risks may drift.",
        )


def _cuts(sections: list[dict[str, Any]]) -> Iterator[Finding]:
    for section in sections:
        row = section["scores"][0]
        gap = None if row["withheld"] else row["gap_at_cut"]
        if gap is None or gap["value"] is None:
            continue
        if abs(gap["value"]) > LARGEST_GAP and _excludes(gap, 0.0):
            seen = row["cut"] + gap["value"]
            yield Finding(
                "E006",
                "warning",
                f"Where the list of the {capacity_words(section['capacity'])} is cut, at a "
                f"predicted risk of {row['cut']:.1%}, the observed risk is {seen:.1%}.",
            )


def _rivals(block: Mapping[str, Any]) -> Iterator[Finding]:
    for row in block["differences"]:
        difference = row["auroc"]
        if difference["low"] is not None and difference["low"] <= 0:
            yield Finding(
                "E007",
                "warning",
                f"No better at ranking than '{row['label']}': the difference in AUROC is "
                f"{_said(difference, signed=True)}.",
            )


def _subgroups(subgroups: Mapping[str, Any]) -> Iterator[Finding]:
    """One finding per division and rule, naming its groups."""
    for division in subgroups.values():
        shown = [row for row in division["groups"] if not row["withheld"]]
        for code, words, describe in (
            ("E008", "away from 1", _miscalibrated),
            ("E009", "missed more, or less, than their own risks imply", _missed),
        ):
            groups = [f"{row['group']}: {text}" for row in shown if (text := describe(row))]
            if groups:
                message = f"{division['title']}, {words}. {'; '.join(groups)}."
                yield Finding(code, "warning", message)


def _miscalibrated(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{words} {_said(row[key])}"
        for key, words in (("observed_expected", "observed/expected"), ("slope", "slope"))
        if _is_off(row[key], row["events"])
    )


def _missed(row: Mapping[str, Any]) -> str:
    share = row["missed"]
    if share is None or not _excludes(share["difference"], 0.0):
        return ""
    return f"{share['observed']['value']:.1%} not on the list, {share['expected']:.1%} implied"


def _unseen(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["unseen"]
    if block is None or block["withheld"]:
        yield Finding(
            "E010",
            "note",
            "Nobody, or too few people, were never in development: the figures for everyone may be "
            "a little too good.",
        )


def _said(estimate: Mapping[str, Any], *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    if estimate["low"] is None:
        return f"{estimate['value']:{sign}.3f}"
    return (
        f"{estimate['value']:{sign}.3f} "
        f"({estimate['low']:{sign}.3f} to {estimate['high']:{sign}.3f})"
    )
