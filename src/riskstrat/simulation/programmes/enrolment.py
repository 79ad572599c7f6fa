"""The enrolments of a district: every programme, on every one of its days, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.blocks import BLOCK_PEOPLE, Blocks, made_ahead
from riskstrat.simulation.lives.programme import Enrolments
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.programmes.listed import Listed
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.programmes.selection import Candidates, chosen, held_out
from riskstrat.simulation.programmes.standing import Standing, standing_of
from riskstrat.simulation.timeline import Days, Floats, Mask, day_number

__all__ = ["Selected", "enrol"]


@dataclass(frozen=True)
class Selected:
    """Everybody whom a programme chose, in the order of choice.

    Parameters
    ----------
    person : ndarray of int
        Numbers in the district.
    programme : ndarray of int
        Position in the list of programmes.
    start, stop : ndarray of day numbers
        First day of taking part, and the day after the last one.
    held_out : ndarray of bool
        Kept out at random: chosen, but never helped, not by a later choice either.
    score : ndarray of float
        On the day of choice.
    factor : ndarray of float
        What the programme does to the rate of admission of those whom it takes.
    """

    person: Days
    programme: npt.NDArray[np.int64]
    start: Days
    stop: Days
    held_out: Mask
    score: Floats
    factor: Floats

    def enrolments(self, leave_out: int | None = None) -> Enrolments:
        """Those who take part, ordered by person; without those of one programme if asked."""
        kept = ~self.held_out
        if leave_out is not None:
            kept &= self.programme != leave_out
        order = np.flatnonzero(kept)
        order = order[np.lexsort((self.start[order], self.person[order]))]
        return Enrolments(
            self.person[order],
            self.start[order],
            self.stop[order],
            self.factor[order],
            self.programme[order],
        )


def enrol(
    blocks: Blocks,
    rules: Sequence[ProgrammeRule],
    listed: Listed,
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _people: None,
) -> Selected:
    """Let every programme take its people, day by day.

    Lives are keyed, so what a programme does changes nothing before it: everybody lives once
    without any programme, and those who are taken live again before the next day of choice.

    Parameters
    ----------
    blocks : Blocks
    rules : sequence of ProgrammeRule
    listed : Listed
    workers : int
        Threads.
    progress : callable
        Called with the number of people who have lived so far.

    Returns
    -------
    Selected
    """
    intakes = _intakes(rules, listed)
    register = _Register(blocks, rules, listed)
    days = np.unique(np.array([day for day, _ in intakes], np.int64))
    if len(days) == 0:
        return register.selected()
    parts: list[Standing] = []
    for part in made_ahead(partial(_stand, blocks, days), blocks.numbers(), workers):
        parts.append(part)
        progress(sum(len(part.birth) for part in parts))
    standing = Standing.joined(parts)
    for day, place in intakes:
        register.take(standing, day, place)
    return register.selected()


def _intakes(rules: Sequence[ProgrammeRule], listed: Listed) -> list[tuple[int, int]]:
    """Every day of every programme, in the order in which they happen."""
    return sorted(
        (day, place)
        for place, rule in enumerate(rules)
        for day in (*map(day_number, rule.days), *listed.days(place))
    )


def _stand(blocks: Blocks, days: Days, number: Days) -> Standing:
    return standing_of(blocks.block(number), blocks.rates, days)


class _Register:
    """Whom the programmes have chosen so far."""

    def __init__(self, blocks: Blocks, rules: Sequence[ProgrammeRule], listed: Listed) -> None:
        self._blocks = blocks
        self._rules = rules
        self._listed = listed
        codes = np.array(practice_codes(len(blocks.district.bounds)))
        self._practices = [
            np.isin(codes, rule.practices) if rule.practices else np.ones(len(codes), bool)
            for rule in rules
        ]
        self._chosen: list[Selected] = [self._none()]

    def take(self, standing: Standing, day: int, place: int) -> None:
        """Let a programme take people on a day, and learn how their lives go on."""
        rule, so_far = self._rules[place], self.selected()
        busy = (so_far.programme == place) & (so_far.held_out | (so_far.stop > day))
        column = int(np.searchsorted(standing.days, day))
        practices = self._practices[place]
        candidates = Candidates.of(rule, standing, column, practices, so_far.person[busy])
        process = self._blocks.keyed.process(f"programme {rule.name}")
        draws = process.draws(candidates.number, day)
        taken = chosen(rule, candidates, draws, self._listed.on(place, day))
        out = held_out(rule, process.draws(taken.number, day))
        self._chosen.append(self._as_selected(taken, out, day, place))
        if rule.effect != 1.0 and column + 1 < len(standing.days):
            self._live_again(standing, np.unique(taken.number[~out]))

    def selected(self) -> Selected:
        """Everybody chosen so far."""
        joined = {
            field.name: np.concatenate([getattr(part, field.name) for part in self._chosen])
            for field in fields(Selected)
        }
        return Selected(**joined)

    def _as_selected(self, taken: Candidates, out: Mask, day: int, place: int) -> Selected:
        rule, count = self._rules[place], len(taken.number)
        stop = day + rule.duration_days
        if rule.until is not None:
            stop = min(stop, day_number(rule.until))
        return Selected(
            person=taken.number,
            programme=np.full(count, place),
            start=np.full(count, day),
            stop=np.full(count, stop),
            held_out=out,
            score=taken.score,
            factor=np.full(count, float(rule.effect)),
        )

    def _none(self) -> Selected:
        none = np.empty(0, np.int64)
        return Selected(none, none, none, none, none.astype(bool), np.empty(0), np.empty(0))

    def _live_again(self, standing: Standing, number: Days) -> None:
        enrolments = self.selected().enrolments()
        for first in range(0, len(number), BLOCK_PEOPLE):
            some = number[first : first + BLOCK_PEOPLE]
            block = self._blocks.block(some, enrolments)
            standing.update(some, standing_of(block, self._blocks.rates, standing.days))
