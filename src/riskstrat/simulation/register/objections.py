"""People who object to uses of their records, from when, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, DaysOf, take_rows
from riskstrat.simulation.feeds.calendar import GP
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.ledger import Ledger, Recorded
from riskstrat.simulation.practice.identity import person_ids
from riskstrat.simulation.timeline import NEVER, Days, Mask, Period
from riskstrat.windows import DAYS_PER_YEAR

__all__ = [
    "KINDS",
    "Objections",
    "objections",
    "objects_to_risk_stratification",
    "tell_objections",
    "write_objections",
]

KINDS = ("type1", "national", "risk_stratification")
_SHARES = (0.03, 0.055, 0.004)
"""Share of people who ever object (NHS Digital, type 1 and national data opt-outs, orders of
magnitude; an objection to risk stratification alone is rare)."""
_BEFORE = 0.6
_BEFORE_DAYS = 3 * 365
"""Share of objections made before the first day seen, and how long before it."""
_NATIONAL_BEGAN = Period.of(date(2018, 5, 25), date(2018, 5, 25)).first
"""The national data opt-out began; earlier objections were converted to it on that day."""
_WITHDRAWN = 0.06
_WITHDRAWN_AFTER_YEARS = 2.0
_RISK_STRATIFICATION = KINDS.index("risk_stratification")


@dataclass(frozen=True)
class Objections:
    """Objections of the people of a block.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    kind : ndarray of int
        Position in :data:`KINDS`.
    start, end : ndarray of day numbers
        Day of the objection; day of its withdrawal, NEVER = in force.
    """

    row: Days
    kind: Days
    start: Days
    end: Days

    @property
    def told(self) -> Recorded:
        """When each objection and its withdrawal are told."""
        return Recorded(GP.told(self.start), GP.told(self.end))


def objections(block: Block) -> Objections:
    """Who objects to what: each kind apart, while registered in the district."""
    everybody = np.arange(len(block.people))
    row = np.tile(everybody, len(KINDS))
    kind = np.repeat(np.arange(len(KINDS)), len(everybody))
    draws = block.draws("objection", row, 0, kind)
    start = _starts(block, row, kind)
    kept = draws.chance("objects", np.array(_SHARES)[kind]) & (start < block.stop[row])
    lasts = draws.exponential("lasts", _WITHDRAWN_AFTER_YEARS * DAYS_PER_YEAR)
    end = start + 1 + lasts.astype(np.int64)
    withdrawn = draws.chance("withdrawn", _WITHDRAWN) & (end < block.stop[row])
    end = np.where(withdrawn, end, NEVER)
    return Objections(row[kept], kind[kept], start[kept], end[kept])


def _starts(block: Block, row: Days, kind: Days) -> Days:
    people, draws = block.people, block.draws("objection", row, 0, kind)
    before = people.entry[row] - draws.integers("days before", 0, _BEFORE_DAYS)
    within = draws.integers("day", block.period.first, block.period.last + 1)
    start = np.where(draws.chance("before", _BEFORE), before, within)
    began = np.where(kind == KINDS.index("national"), _NATIONAL_BEGAN, -NEVER)
    return np.maximum(np.maximum(start, began), people.registered[row])


def objects_to_risk_stratification(block: Block) -> Mask:
    """People of a block with an objection to risk stratification that was not withdrawn.

    They have no row in linked records, only a count.
    """
    found = objections(block)
    barred = np.zeros(len(block.people), dtype=bool)
    barred[found.row[(found.kind == _RISK_STRATIFICATION) & (found.end == NEVER)]] = True
    return barred


def write_objections(block: Block, ledger: Ledger) -> None:
    """Write the objections to the linked records."""
    found = objections(block)
    ledger.add_spells(
        "opt_outs",
        found.row,
        found.told,
        kind=Choice(KINDS, found.kind),
        start_date=found.start,
        end_date=found.end,
    )


def tell_objections(block: Block) -> FeedRows:
    """The practices' file of objections: a row when made, a later row when withdrawn."""
    found = objections(block)
    ended = np.flatnonzero(found.end < NEVER)
    of = np.concatenate([np.arange(len(found.row)), ended])
    later = np.arange(len(of)) >= len(found.row)
    row = found.row[of]
    columns = {
        "person_id": take_rows(person_ids(block), row),
        "kind": Choice(KINDS, found.kind[of]),
        "start_date": DaysOf(found.start[of]),
        "end_date": DaysOf(np.where(later, found.end[of], NEVER)),
        "date_recorded": DaysOf(np.where(later, found.told.end[of], found.told.start[of])),
    }
    draws = block.draws("objection", row, later, found.kind[of])
    return FeedRows("gp_opt_out", columns, block.people.number[row], draws.bits("order"))
