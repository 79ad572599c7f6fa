"""Findings about an evaluation: what a reader must know before the figures.

What each code means stands in :mod:`riskstrat.evaluation.catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from riskstrat.evaluation.catalogue import LEVELS, Finding
from riskstrat.evaluation.judged import WITHOUT_LAG
from riskstrat.evaluation.workload import capacity_words

__all__ = ["find"]

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

TOO_STRONG = 0.8
"""AUROC of one feature from which it is suspect. Published models of everything known reach 0.77 at
all ages (QAdmissions: Hippisley-Cox and Coupland, BMJ Open 2013;3:e003482); one fact that was known
in time should not do better than all together."""

CLOSE_TO_MODEL = 0.01
"""A feature as good as the whole model to within this leaves nothing for all the others (judgement:
three standard errors of a difference at 10,000 outcomes)."""

WORTH_SUSPECTING = 0.7
"""Below this AUROC a feature as good as the model says that the model is poor, not that the feature
knows too much (judgement)."""

DRIFTED = 0.25
"""Population stability index that stands for a marked change (Siddiqi 2017)."""

STABLE_SHARE = 0.75
"""Share of the places that refits give to the same people, from which a list is called stable
(judgement; Riley and Collins 2023 give no limit)."""

MOST_NAMED = 5
"""Features that one finding names at most."""

MANY_LEFT = 0.1
"""Share of rows that left from which the weights carry much of the result."""


def find(metrics: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Every finding about an evaluation, the gravest first, in the order of their codes.

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
            *_strong(metrics["inputs"]),
            *_for_cases(metrics["inputs"]),
            *_drifted(metrics["inputs"]),
            *_unstable(metrics["stability"]),
        ]
    found += _silent(metrics["inputs"])
    return tuple(sorted(found, key=lambda finding: (LEVELS.index(finding.level), finding.code)))


def _leakage(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["aged_65_and_over"]
    if block is None or block["withheld"]:
        return
    auroc = block["scores"][0]["auroc"]
    long = metrics["study"]["window_days"] >= LEAKAGE_WINDOW_DAYS
    if long and auroc["value"] is not None and auroc["value"] > LEAKAGE_AUROC:
        yield Finding.of(
            "E001",
            f"AUROC {_said(auroc)} at 65 and over is above {LEAKAGE_AUROC}, where published models "
            "reach 0.61 to 0.78. Look for facts recorded after the index date before believing it.",
        )


def _size(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["everyone"]
    if block["withheld"]:
        yield Finding.of(
            "E002",
            "Fewer than 10 people, or 1 to 7 with (or without) the outcome, could be judged: "
            "figures about so few are withheld, and would say nothing.",
        )
        return
    events, others = block["events"], block["rows"] - block["events"]
    if min(events, others) < ENOUGH_EVENTS:
        yield Finding.of(
            "E002",
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
            yield Finding.of(
                code,
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
        yield Finding.of(
            "E005",
            f"{cohort['capped_share']:.1%} of the rows had their weight capped: so many people of "
            "their kind left that rates of those who stayed may be too low.",
        )
    if cohort["left_share"] > MANY_LEFT:
        yield Finding.of(
            "E011",
            f"{cohort['left_share']:.1%} of the rows left before the end of the window; the others "
            "were weighted up to stand for them.",
        )


def _history(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    then = metrics["model"]["provenance"].get("mean_registered_days")
    now = metrics["cohort"].get("mean_registered_days")
    if then and now and abs(now - then) > HISTORY_CHANGE * then:
        yield Finding.of(
            "E012",
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
            yield Finding.of(
                "E006",
                f"Where the list of the {capacity_words(section['capacity'])} is cut, at a "
                f"predicted risk of {row['cut']:.1%}, the observed risk is {seen:.1%}.",
            )


def _rivals(block: Mapping[str, Any]) -> Iterator[Finding]:
    for row in block["differences"]:
        difference = row["auroc"]
        if row["name"] == WITHOUT_LAG:
            continue
        if difference["low"] is not None and difference["low"] <= 0:
            yield Finding.of(
                "E007",
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
                yield Finding.of(code, message)


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


def _strong(inputs: Mapping[str, Any]) -> Iterator[Finding]:
    if inputs["features"] == 1:
        return  # a model of one feature is that feature
    close = max(WORTH_SUSPECTING, (inputs["model"] or 1.0) - CLOSE_TO_MODEL)
    limit = min(TOO_STRONG, close)
    strong = [row for row in inputs["strongest"] if row["auroc"] > limit]
    if strong:
        named = _named([f"{row['feature']} ({row['auroc']:.3f})" for row in strong])
        yield Finding.of(
            "E013",
            f"By itself this ranks too well beside the whole model's AUROC of "
            f"{inputs['model']:.3f}: {named}. It may have been recorded because of the outcome.",
        )


def _for_cases(inputs: Mapping[str, Any]) -> Iterator[Finding]:
    if inputs["only_cases"]:
        yield Finding.of(
            "E014",
            "Nearly everybody for whom this is recorded was admitted or died in the window: "
            f"{_named(inputs['only_cases'])}. It looks as if it was filled in afterwards.",
        )


def _drifted(inputs: Mapping[str, Any]) -> Iterator[Finding]:
    moved = [
        f"{row['feature']} ({row['stability_index']:.2f})"
        for row in inputs["drift"]
        if row["stability_index"] > max(DRIFTED, row["by_chance"] or float("inf"))
    ]
    if moved:
        yield Finding.of(
            "E015",
            f"Values are spread otherwise than at development (population stability index above "
            f"{DRIFTED}): {_named(moved)}.",
        )


def _unstable(stability: list[dict[str, Any]]) -> Iterator[Finding]:
    moved = [
        f"{1 - row['in_common']:.0%} of the {capacity_words(row['capacity'])}"
        for row in stability
        if row["in_common"] < STABLE_SHARE
    ]
    if moved:
        yield Finding.of(
            "E016",
            "Fitted again on other people like those of development, the model gave so many places "
            f"to other people: {', '.join(moved)}.",
        )


def _silent(inputs: Mapping[str, Any] | None) -> Iterator[Finding]:
    if inputs is not None and inputs["constant"]:
        yield Finding.of(
            "E017",
            f"{inputs['constant']:,} of {inputs['features']:,} features had one value for "
            "everybody in development and add nothing.",
        )


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unseen(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    block = metrics["unseen"]
    if block is None or block["withheld"]:
        yield Finding.of(
            "E010",
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
