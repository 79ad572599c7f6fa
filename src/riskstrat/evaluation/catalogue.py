"""Every check of an evaluation by its code: what it finds, why it matters and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CHECKS", "LEVELS", "Check", "Finding", "Level"]

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""The gravest first."""


@dataclass(frozen=True)
class Check:
    """What a code means.

    Parameters
    ----------
    code : str
    name : str
        In a few words.
    level : str
        ``error``: the figures are wrong; ``warning``: look before you believe them; ``note``: good
        to know.
    what, why, do : str
        What was found, why it matters, what to do about it.
    """

    code: str
    name: str
    level: Level
    what: str
    why: str
    do: str


CHECKS = {
    check.code: check
    for check in (
        Check(
            "E001",
            "ranking too good to be true",
            "warning",
            "The AUROC at 65 and over is above 0.85 for a window of about a year.",
            "Published models for emergency admission in older people reach 0.61 to 0.78; above "
            "that a feature is likely to know something of the future.",
            "Look for facts that were recorded after the index date: compare event and recorded "
            "dates of the feeds behind the strongest features.",
        ),
        Check(
            "E002",
            "too few events",
            "warning",
            "Fewer than 100 rows with, or without, the outcome were judged.",
            "Figures about so few vary widely by chance (Vergouwe 2005; Collins 2016).",
            "Judge on more people or more index dates; until then read intervals, not values.",
        ),
        Check(
            "E003",
            "observed/expected away from 1",
            "warning",
            "More, or fewer, people had the outcome than the risks add up to: outside 0.9 to 1.1 "
            "with at least 5,000 outcomes, else with an interval that excludes 1.",
            "Every risk shown is too high or too low, and so is every workload computed from it.",
            "Recalibrate on the latest matured cohort; look at the drift of single features first.",
        ),
        Check(
            "E004",
            "calibration slope away from 1",
            "warning",
            "High risks are too high and low ones too low, or the opposite.",
            "A list cut at a risk, rather than at a number of people, has the wrong length.",
            "Recalibrate; a slope below 1 in new data often means that the model learnt noise.",
        ),
        Check(
            "E005",
            "capped weights",
            "warning",
            "More than one row in a hundred had its weight capped.",
            "So many people of a kind left the area that those who stayed cannot stand for them.",
            "Look at registrations of the practices with most leavers; report them apart.",
        ),
        Check(
            "E006",
            "calibration curve off where a list is cut",
            "warning",
            "Observed and predicted risk differ by more than 2 percentage points at the cut.",
            "Slope and ratio can be right while risks are wrong just where a team draws the line.",
            "Show the observed risk beside the list; consider a calibration that can bend.",
        ),
        Check(
            "E007",
            "no better than a simpler score",
            "warning",
            "The interval of the difference in AUROC from a comparator includes 0.",
            "A simpler score is easier to explain, to check and to keep.",
            "Use the simpler score, or say what the model adds besides ranking.",
        ),
        Check(
            "E008",
            "a group's risks are off",
            "warning",
            "Observed/expected or slope of a group is away from 1, its interval adjusted for the "
            "number of groups.",
            "People of this group are listed too rarely or too often for the risk they have.",
            "Look at how this group's care is recorded; recalibrate with the group in view.",
        ),
        Check(
            "E009",
            "a group is missed more, or less, than its risks imply",
            "warning",
            "Of the people with the outcome in a group, more (or fewer) were not on the list than "
            "the group's own risks say, with an interval adjusted for the number of groups.",
            "Differences in the missed share mostly follow base rates; this part does not.",
            "As for E008.",
        ),
        Check(
            "E010",
            "nobody new",
            "note",
            "No, or too few, people judged were never in development.",
            "Big trees recognise people they have seen: figures may be a little too good.",
            "Judge on held-out practices, or on people who moved in.",
        ),
        Check(
            "E011",
            "many left",
            "note",
            "More than one row in ten left before the end of the window.",
            "The weights carry much of the result, and they know age, year and practice only.",
            "Compare the weighted rate with that of Aalen and Johansen in the report.",
        ),
        Check(
            "E012",
            "another length of history",
            "warning",
            "The mean time people have been registered differs by more than a tenth from that of "
            "development.",
            "Counts of the past mean something else, and every risk drifts.",
            "Use index dates with as much history, or a shorter history_days.",
        ),
        Check(
            "E013",
            "one feature too strong",
            "warning",
            "A single feature ranks with an AUROC above 0.80, or above 0.70 and as well as the "
            "whole model to within 0.01.",
            "No fact known in time should rank as well as everything known together; one that does "
            "may have been recorded because of the outcome.",
            "Look at how and when this feature is recorded; leave it out and train again.",
        ),
        Check(
            "E014",
            "known for cases only",
            "warning",
            "Of the people for whom a feature is there at all, at least 95 in 100 were admitted or "
            "died.",
            "What is filled in only for those who were admitted, or who died, was filled in "
            "afterwards: a discharge code, a date of death.",
            "Leave the feature out and train again; ask the supplier when the field is filled in.",
        ),
        Check(
            "E015",
            "features have drifted",
            "warning",
            "The population stability index of a feature that the model uses is above 0.25, and "
            "above what chance gives.",
            "Coding, a feed or the people have changed; the model reads the feature as it was.",
            "Find out what changed before using the risks; recalibrate or train again.",
        ),
        Check(
            "E016",
            "unstable list",
            "warning",
            "Fitted again on other people like those of development, the model would give more "
            "than a quarter of the places to others.",
            "Who is reviewed depends on chance, however good the average figures are.",
            "Develop on more people or fewer features, or tell the team that places near the cut "
            "are interchangeable.",
        ),
        Check(
            "E017",
            "silent features",
            "note",
            "Features had one value for everybody in development.",
            "They add nothing; a feed or its codes may be missing.",
            "'riskstrat train' names them; look at the codes with 'riskstrat check'.",
        ),
        Check(
            "E018",
            "better than the best achievable",
            "error",
            "On simulated records a score ranks better than the best achievable risk.",
            "Nothing can: it has seen the future, or the best achievable is not.",
            "Look for overlapping windows and facts recorded after the index date.",
        ),
    )
}
"""By code, in order."""


@dataclass(frozen=True)
class Finding:
    """One coded finding: code, level, message in plain words, what to do."""

    code: str
    level: Level
    message: str
    do: str = ""

    @classmethod
    def of(cls, code: str, message: str) -> Finding:
        """A finding of the check with that code."""
        return cls(code, CHECKS[code].level, message, CHECKS[code].do)
