"""Who is on the list, and who is missed, in sentences: read from the figures of the groups.

Sentences are made from published (rounded, suppressed) figures only, so they give nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["NOT_NEED", "equity_section"]

NOT_NEED = (
    "The outcome is use of care, not need for it: groups that reach care less are under-scored by "
    "any model of it, however well calibrated."
)
"""What has to stand beside every comparison of groups (binding statistical rule 19)."""

FAR_BELOW, FAR_ABOVE = 0.8, 1.25
"""Share of the list over share of the outcomes that is named: the four-fifths rule and its inverse
(US Uniform Guidelines on Employee Selection Procedures 1978, section 4D)."""

BY_RISK = {
    "age_band",
    "care_home",
    "condition_count",
    "index_date",
    "long_term_condition",
    "prior_admissions",
}
"""Divisions whose groups differ in risk itself: that the old and the ill are listed more is the
purpose of a list, so that only what their own risks do not imply is worth a sentence."""

Group = Mapping[str, Any]


def equity_section(subgroups: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is worth saying about each division; divisions with nothing to say are left out.

    Parameters
    ----------
    subgroups : mapping
        The ``subgroups`` of the metrics, as plain values.

    Returns
    -------
    list of dict
        ``title`` and ``sentences``.
    """
    told = []
    for name, division in subgroups.items():
        shown = [group for group in division["groups"] if not group["withheld"]]
        shares = [] if name in BY_RISK else [*_listed(shown), *_frail(shown)]
        if sentences := [*shares, *_missed(shown)]:
            told.append({"title": division["title"], "sentences": sentences})
    return told


def _listed(groups: list[Group]) -> Iterator[str]:
    """Groups with a much smaller, or larger, share of the list than of the outcomes."""
    pair = ("list_share", "event_share", "of the outcomes")
    if less := _far(groups, *pair, lambda ratio: ratio < FAR_BELOW):
        yield f"Less of the list than of the outcomes: {less}."
    if more := _far(groups, *pair, lambda ratio: ratio > FAR_ABOVE):
        yield f"More of the list than of the outcomes: {more}."


def _frail(groups: list[Group]) -> Iterator[str]:
    """Groups with a much smaller share of the list than of the people known to be frail."""
    pair = ("list_share", "frail_share", "of the people with moderate or severe frailty")
    if less := _far(groups, *pair, lambda ratio: ratio < FAR_BELOW):
        yield f"Less of the list than of recorded frailty: {less}."


def _far(
    groups: list[Group], share: str, other: str, words: str, is_far: Callable[[float], bool]
) -> str:
    """The groups whose ratio of two shares is far from 1; those without either are left out."""
    return "; ".join(
        f"{_name(group)}, {group[share]:.1%} of the list and {group[other]:.1%} {words}"
        for group in groups
        if group[share] is not None and group[other] and is_far(group[share] / group[other])
    )


def _missed(groups: list[Group]) -> Iterator[str]:
    """Groups missed more, or less, than their own risks imply, beyond chance."""
    for group in groups:
        share = group["missed"]
        gap = None if share is None else share["difference"]
        if gap is None or gap["low"] is None or gap["low"] <= 0 <= gap["high"]:
            continue
        word = "more" if gap["value"] > 0 else "less"
        yield (
            f"{_name(group)} is missed {word} than its own risks imply: "
            f"{share['observed']['value']:.0%} of those with the outcome were not on the "
            f"list, {share['expected']:.0%} implied (difference {gap['low'] * 100:+.1f} to "
            f"{gap['high'] * 100:+.1f} percentage points, adjusted for the number of groups)."
        )


def _name(group: Group) -> str:
    label = str(group["group"])
    return label[:1].upper() + label[1:]
