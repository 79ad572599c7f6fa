"""What each submission of ``hes_apc`` says: the first with mistakes, the refresh without them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.mess import Mess, twice
from riskstrat.simulation.hospital.inpatients import Inpatients
from riskstrat.simulation.hospital.spells import METHODS
from riskstrat.simulation.hospital.whose import Whose
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["FEED", "MESS", "ApcRows", "submitted_rows"]

FEED = "hes_apc"
MESS = Mess(missing=0.01, wrong=0.002, twice=0.005)

_POORLY_CODED = 0.08
"""Share of spells whose first submission is incompletely or wrongly coded."""
_ONLY_CAUSE = 0.6
"""Of these, the share with the cause alone; the others have an unknown cause in its place."""
_WRONGLY_ADMITTED = 0.003
"""Share of spells with a wrong day or method of admission in the first submission."""
_WRONG_DAY = 0.5
_DAYS_EARLY = (1, 4)
_ROWS_A_SPELL = 100
"""More than a spell's episodes times two submissions."""


@dataclass(frozen=True)
class ApcRows:
    """Rows of the feed: an episode in a submission.

    Parameters
    ----------
    block : Block
    facts : Inpatients
    episode : ndarray of int
        Position of the episode.
    refreshed : ndarray of bool
        Stands in the second submission.
    again : ndarray of bool
        Repeats another row word by word.
    """

    block: Block
    facts: Inpatients
    episode: npt.NDArray[np.int64]
    refreshed: Mask
    again: Mask

    def __len__(self) -> int:
        return len(self.episode)

    def and_again(self, rows: npt.NDArray[np.int64]) -> ApcRows:
        """The same rows, and some of them once more."""
        return ApcRows(
            self.block,
            self.facts,
            np.concatenate([self.episode, self.episode[rows]]),
            np.concatenate([self.refreshed, self.refreshed[rows]]),
            np.arange(len(self) + len(rows)) >= len(self),
        )

    @cached_property
    def spell(self) -> npt.NDArray[np.int64]:
        """Position of each row's spell."""
        return self.facts.episodes.spell[self.episode]

    def of_spell(self, name: str) -> Any:
        """A field of :class:`~riskstrat.simulation.hospital.spells.Spells`, row by row."""
        return getattr(self.facts.spells, name)[self.spell]

    def of_episode(self, name: str) -> Any:
        """A field of :class:`~riskstrat.simulation.hospital.episodes.Episodes`, row by row."""
        return getattr(self.facts.episodes, name)[self.episode]

    @cached_property
    def finished(self) -> Mask:
        """Rows of spells that ended in the period."""
        return self.facts.spells.finished(self.block)[self.spell]

    @cached_property
    def whose(self) -> Whose:
        """Of whom the rows tell: all rows of a spell agree."""
        row, start, number, provider = map(self.of_spell, ("row", "start", "number", "provider"))
        return Whose(self.block, FEED, MESS, row, start, number, provider)

    @cached_property
    def submitted(self) -> Days:
        """Day of the submission."""
        spells, block = self.facts.spells, self.block
        told, later = spells.told(block), spells.refreshed(block)
        return np.where(self.refreshed, later[self.spell], told[self.spell])

    @cached_property
    def _mistakes(self) -> _Mistakes:
        return _mistakes_of(self.block, self.facts)

    def _first(self, mistake: Mask) -> Mask:
        return mistake[self.spell] & ~self.refreshed

    def only_cause(self) -> Mask:
        """Rows that lack all codes but the cause."""
        return self._first(self._mistakes.only_cause)

    def wrong_cause(self) -> Mask:
        """Rows with a code for unknown causes in the place of the cause."""
        return self._first(self._mistakes.wrong_cause)

    def admission_day(self) -> Days:
        """The day of admission as the row gives it."""
        early = self._mistakes.days_early[self.spell]
        day: Days = self.of_spell("start") - np.where(self.refreshed, 0, early)
        return day

    def method(self) -> npt.NDArray[np.int64]:
        """The admission method as the row gives it: position in :data:`METHODS`."""
        wrong = self._first(self._mistakes.wrong_method)
        return np.where(wrong, _other_method(self.of_spell("kind")), self.of_spell("method"))


@dataclass(frozen=True)
class _Mistakes:
    """What is wrong in the first submission of each spell."""

    only_cause: Mask
    wrong_cause: Mask
    days_early: Days
    wrong_method: Mask

    def any(self) -> Mask:
        """Spells that are submitted again."""
        found: Mask = self.only_cause | self.wrong_cause | (self.days_early > 0)
        return found | self.wrong_method


def submitted_rows(block: Block, facts: Inpatients) -> ApcRows:
    """Every episode once, those of wrongly told spells again, and some rows word by word twice."""
    mistakes = _mistakes_of(block, facts)
    again = np.flatnonzero(mistakes.any()[facts.episodes.spell])
    episode = np.concatenate([np.arange(len(facts.episodes)), again])
    refreshed = np.arange(len(episode)) >= len(facts.episodes)
    rows = ApcRows(block, facts, episode, refreshed, np.zeros(len(episode), bool))
    row, start, number = map(rows.of_spell, ("row", "start", "number"))
    record = number * _ROWS_A_SPELL + 2 * rows.of_episode("order") + refreshed
    doubled = np.flatnonzero(twice(block, FEED, MESS, row, start, record))
    return rows.and_again(doubled)


def _mistakes_of(block: Block, facts: Inpatients) -> _Mistakes:
    spells = facts.spells
    draws = spells.draws(block, f"{FEED} mistake")
    finished = spells.finished(block)
    poorly = finished & draws.chance("poorly coded", _POORLY_CODED)
    only_cause = poorly & draws.chance("only cause", _ONLY_CAUSE)
    wrongly = finished & draws.chance("wrongly admitted", _WRONGLY_ADMITTED)
    wrong_day = wrongly & draws.chance("wrong day", _WRONG_DAY)
    early = np.where(wrong_day, draws.integers("days early", *_DAYS_EARLY), 0)
    alive = spells.start - block.people.birth[spells.row]
    return _Mistakes(
        only_cause=only_cause,
        wrong_cause=poorly & ~only_cause,
        days_early=np.minimum(early, alive),
        wrong_method=wrongly & ~wrong_day,
    )


def _other_method(kind: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """An emergency as if booked, a planned stay as if through the emergency department."""
    wrong = np.array([METHODS.index(code) for code in ("12", "12", "21", "13", "12")])
    return wrong[kind]
