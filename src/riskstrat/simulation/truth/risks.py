"""Rows of the true risks: best achievable and oracle, of a sample of people on some index dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, dates, day_number
from riskstrat.simulation.truth.best import LONGEST_HISTORY, Risks, risks_on

__all__ = ["Asked", "risks_table"]


@dataclass(frozen=True)
class Asked:
    """For whom, and on which days, the true risks are worked out.

    Parameters
    ----------
    days : ndarray of day numbers
    people : ndarray of bool
        Who is in the sample, by number in the district.
    judged_from : int
        First day on which a programme may take people by judgement, which sees what no record
        says: from then on there is no best achievable risk, and its columns are null. NEVER = none
        does.
    history : int, optional
        Days of look-back of a further best achievable risk, for features that look back so far.
    """

    days: Days
    people: Mask
    judged_from: int
    history: int | None = None

    @classmethod
    def of(
        cls,
        blocks: Blocks,
        rules: Sequence[ProgrammeRule],
        days: Days,
        people: int,
        history: int | None = None,
    ) -> Asked:
        """A random sample of so many people, or everybody if there are no more."""
        everybody = np.arange(len(blocks))
        order = np.argsort(blocks.keyed.process("truth").draws(everybody).bits("sample"))
        sampled = np.zeros(len(blocks), bool)
        sampled[order[:people]] = True
        judged = [day_number(rule.from_) for rule in rules if rule.rule == "judgement"]
        return cls(days, sampled, min(judged, default=NEVER), history)


def risks_table(block: Block, rates: Rates, asked: Asked) -> pa.Table:
    """True risks of the people of a block.

    Returns
    -------
    pyarrow.Table
        person, index_date, and probabilities for the year from the index date: ``best_risk`` and
        ``oracle_risk`` of an emergency admission before death, ``best_death_risk`` and
        ``oracle_death_risk`` of death before any; ``recent_risk`` and ``recent_death_risk`` are the
        best achievable of a look-back of ``asked.history`` days, where there is one. Whoever is not
        alive and registered on a date has no row.
    """
    parts = [_rows(block, rates, int(day), asked) for day in asked.days]
    return pa.concat_tables(parts) if parts else _table(block, 0, asked, _nobody(), _nobody())


def _rows(block: Block, rates: Rates, day: int, asked: Asked) -> pa.Table:
    chosen = asked.people[block.people.number]

    def risks(history: int) -> Risks:
        return risks_on(
            block.keyed,
            block.people,
            block.lives,
            rates,
            block.enrolments,
            index=day,
            chosen=chosen,
            history=history,
        )

    whole = risks(LONGEST_HISTORY)
    recent = whole if asked.history is None else risks(asked.history)
    return _table(block, day, asked, whole, recent)


def _table(block: Block, day: int, asked: Asked, whole: Risks, recent: Risks) -> pa.Table:
    is_judged = day > asked.judged_from
    columns = {
        "person": pa.array(block.people.number[whole.row].astype(np.int32)),
        "index_date": dates(np.full(len(whole.row), day)),
        "best_risk": _probabilities(whole.best, hidden=is_judged),
        "best_death_risk": _probabilities(whole.best_death, hidden=is_judged),
        "oracle_risk": _probabilities(whole.oracle, hidden=False),
        "oracle_death_risk": _probabilities(whole.oracle_death, hidden=False),
    }
    if asked.history is not None:
        columns["recent_risk"] = _probabilities(recent.best, hidden=is_judged)
        columns["recent_death_risk"] = _probabilities(recent.best_death, hidden=is_judged)
    return pa.table(columns)


def _probabilities(values: Floats, *, hidden: bool) -> pa.Array:
    return pa.array(values, mask=np.full(len(values), hidden))


def _nobody() -> Risks:
    none: Days = np.empty(0, np.int64)
    return Risks(none, *np.empty((4, 0)))
