"""A programme as its file describes it: whom it takes, from when, and what that does."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from riskstrat.errors import DataError
from riskstrat.simulation.lives.programme import SERVICES, Programme, Service
from riskstrat.study.reading import read_fields

__all__ = ["ProgrammeRule", "load_programme", "require_sound"]

_Rule = Literal["score", "threshold", "judgement", "random", "list"]
_DO = "'riskstrat simulate --help' names an example; docs/how-to/programmes.md has every key."
_LONGEST_DAYS = 3653
"""Ten years: no programme keeps anybody for longer."""
_MOST_HELD_OUT = 0.99
_LEAST_EFFECT, _MOST_EFFECT = 1e-6, 100.0


@dataclass(frozen=True)
class ProgrammeRule:
    """A programme of early help that takes people by a rule and changes what happens to them.

    Parameters
    ----------
    name : str
        Told by the services that give the help.
    service : {'virtual_ward', 'case_management', 'falls_service'}
    from_ : date
        First day (``from`` in a file). Nobody is helped earlier.
    effect : float
        What the rate of emergency admission is multiplied by while somebody takes part: below 1
        helps, 1 does nothing, above 1 harms.
    rule : {'score', 'threshold', 'judgement', 'random', 'list'}
        Whom it takes: the people with the highest score, those whose score is at least
        `threshold` (highest first), those whom a team picks by the score and by an opinion of its
        own, some at random among those whose score is at least `threshold`, or the people of the
        enrolment file. The score is the risk of emergency admission within a year given what was
        told by that day: see :func:`~riskstrat.simulation.programmes.score.risks`.
    capacity : int, optional
        Most people taken at an intake. Needed unless the rule is 'threshold' or 'list'.
    capacity_per : {'district', 'practice'}
        Whether `capacity` counts for the whole district or for each practice.
    intakes : tuple of date
        Days on which people are taken; by default only the first day. A list has its own days.
    until : date, optional
        Day from which nobody is taken or helped any more.
    duration_days : int
        How long somebody takes part, from the day they are taken.
    threshold : float, optional
        Lowest score, from 0 to 1.
    correlation : float, optional
        For 'judgement': correlation of the team's opinion with the logarithm of the multiplier
        that no record holds, from 0 (it sees nothing) to 1. Score and opinion weigh the same.
    min_age : int
        Age in completed years from which people are taken.
    hold_out : float
        Share of those selected who are kept out at random, for a fair comparison.
    practices : tuple of str
        Codes of the practices that take part; all when empty.
    """

    name: str
    service: Service
    from_: date
    effect: float
    rule: _Rule
    capacity: int | None = None
    capacity_per: Literal["district", "practice"] = "district"
    intakes: tuple[date, ...] = ()
    until: date | None = None
    duration_days: int = 182
    threshold: float | None = None
    correlation: float | None = None
    min_age: int = 18
    hold_out: float = 0.0
    practices: tuple[str, ...] = ()

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which people are taken; empty for a list, which has its own."""
        if self.rule == "list":
            return ()
        return tuple(sorted(set(self.intakes))) or (self.from_,)

    @property
    def programme(self) -> Programme:
        """What the services tell of it."""
        return Programme(self.name, self.service)


def load_programme(path: str | Path) -> ProgrammeRule:
    """Read a programme file strictly.

    Parameters
    ----------
    path : str or Path
        A TOML file with the keys of :class:`ProgrammeRule`.

    Returns
    -------
    ProgrammeRule

    Raises
    ------
    DataError
        When the file is missing, is not TOML, or holds mistakes: all of them are named at once.
    """
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"expected a readable programme file, but '{file.name}' cannot be read "
            f"({type(error).__name__}).",
            do=_DO,
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(
            f"the programme '{file.name}' is not valid TOML: {error}.", do=_DO
        ) from error
    mistakes: list[str] = []
    parts = read_fields(ProgrammeRule, data, "", mistakes)
    rule = ProgrammeRule(**{**_UNREAD, **parts})
    mistakes += _faults(rule) + (_unfit(rule) if "rule" in parts else [])
    if mistakes:
        _refuse(f"the programme '{file.name}'", mistakes)
    return rule


_UNREAD: dict[str, Any] = {
    "name": "unread",
    "service": SERVICES[0],
    "from_": date.min,
    "effect": 1.0,
    "rule": "list",
}
"""Stand for keys with mistakes of their own, so that the others can be judged."""


def require_sound(
    rules: Sequence[ProgrammeRule], practices: Sequence[str], first: date, last: date
) -> None:
    """Refuse programmes that a district cannot have; all mistakes are named at once.

    Parameters
    ----------
    rules : sequence of ProgrammeRule
    practices : sequence of str
        Codes of the practices of the district.
    first, last : date
        The period of the district.
    """
    mistakes = [
        f"'{rule.name}': {mistake}"
        for rule in rules
        for mistake in (
            *_faults(rule),
            *_unfit(rule),
            *_misplaced(rule, practices, first, last),
        )
    ]
    names = [rule.name for rule in rules]
    mistakes += [f"'{name}' is the name of several" for name in set(names) if names.count(name) > 1]
    if mistakes:
        _refuse("the programmes", sorted(mistakes))


def _refuse(what: str, mistakes: list[str]) -> None:
    verb = "have" if what.endswith("programmes") else "has"
    listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
    counted = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
    raise DataError(f"{what} {verb} {counted}:\n{listed}", do=_DO)


def _faults(rule: ProgrammeRule) -> list[str]:
    """Values that no programme can have."""
    checks = [
        (bool(rule.name.strip()), "'name' must not be empty"),
        (rule.service in SERVICES, f"'service' must be one of {', '.join(SERVICES)}"),
        (rule.rule in get_args(_Rule), f"'rule' must be one of {', '.join(get_args(_Rule))}"),
        (_is_number(rule.effect, _LEAST_EFFECT, _MOST_EFFECT), _EFFECT),
        (1 <= rule.duration_days <= _LONGEST_DAYS, f"'duration_days' must be 1 to {_LONGEST_DAYS}"),
        (rule.min_age >= 0, "'min_age' must not be negative"),
        (
            _is_number(rule.hold_out, 0, _MOST_HELD_OUT),
            f"'hold_out' must be 0 to {_MOST_HELD_OUT:g}",
        ),
        (rule.until is None or rule.from_ < rule.until, "'until' must be after 'from'"),
    ]
    return [said for is_sound, said in checks if not is_sound]


_EFFECT = f"'effect' must be a number above 0 and at most {_MOST_EFFECT:g}; 1 is no effect"


def _unfit(rule: ProgrammeRule) -> list[str]:
    """Keys that the chosen rule needs or cannot use."""
    needs_capacity = rule.rule in ("score", "judgement", "random")
    has_correlation, has_threshold = rule.correlation is not None, rule.threshold is not None
    checks = [
        (rule.capacity is None or rule.capacity >= 1, "'capacity' must be at least 1"),
        (rule.capacity is not None or not needs_capacity, f"'{rule.rule}' needs 'capacity'"),
        (has_threshold or rule.rule != "threshold", "'threshold' needs 'threshold'"),
        (not has_threshold or _is_number(rule.threshold, 0, 1), "'threshold' must be 0 to 1"),
        (has_correlation or rule.rule != "judgement", "'judgement' needs 'correlation'"),
        (not has_correlation or rule.rule == "judgement", "'correlation' is for 'judgement' only"),
        (not has_correlation or _is_number(rule.correlation, 0, 1), "'correlation' must be 0 to 1"),
        (not has_threshold or rule.rule not in ("score", "list"), _NO_THRESHOLD),
        (not rule.intakes or rule.rule != "list", "'intakes' come from the enrolment file"),
    ]
    return [said for is_sound, said in checks if not is_sound]


_NO_THRESHOLD = "'threshold' is for 'threshold', 'random' and 'judgement' only"


def _misplaced(rule: ProgrammeRule, practices: Sequence[str], first: date, last: date) -> list[str]:
    """Days outside of the period, and practices that the district has not got."""
    mistakes = []
    if not first <= rule.from_ <= last:
        mistakes.append(f"'from' must be in the period, {first} to {last}")
    outside = [day for day in rule.intakes if not rule.from_ <= day <= last]
    if rule.until is not None:
        outside += [day for day in rule.intakes if rule.until <= day <= last]
    if outside:
        mistakes.append(f"{len(outside)} of 'intakes' before 'from', or at or after the end")
    if unknown := sorted(set(rule.practices) - set(practices)):
        mistakes.append(
            f"unknown practices {', '.join(unknown)}; the district has "
            f"{practices[0]} to {practices[-1]}"
        )
    return mistakes


def _is_number(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high
