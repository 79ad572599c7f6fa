"""What happened to everybody first within twelve months of every month: admission or death."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.compiled import compiled
from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.timeline import Days, dates

__all__ = ["OUTCOMES", "WINDOW_DAYS", "first_events", "outcomes_table"]

OUTCOMES = ("neither", "admission", "death")
WINDOW_DAYS = 365
_NEITHER, _ADMISSION, _DEATH = range(3)


def outcomes_table(block: Block) -> pa.Table:
    """One row per person and first of a month on which the person is alive and registered.

    Returns
    -------
    Table
        ``person``, ``index_date``, ``outcome`` (one of :data:`OUTCOMES`) and ``days`` from the
        index date to it. The windows of the last index dates reach beyond the period, and people
        are followed after they have moved away: this is what happened, not what was recorded.
    """
    row, day, outcome, days = first_events(block, block.months)
    return pa.table(
        {
            "person": block.people.number[row].astype(np.int32),
            "index_date": dates(day),
            "outcome": Choice(OUTCOMES, outcome).arrow(),
            "days": pa.array(days.astype(np.int16), mask=outcome == _NEITHER),
        }
    )


def first_events(
    block: Block, index_days: Days
) -> tuple[npt.NDArray[np.int64], Days, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First emergency admission or death within 365 days, of those alive and registered.

    Who is in hospital on the index date is not admitted by that stay: only an admission after the
    discharge counts, and a death in the stay is a death.

    Parameters
    ----------
    block : Block
    index_days : ndarray of day numbers, ascending

    Returns
    -------
    row, day, outcome, days : ndarray
        Person of the block, index date, position in :data:`OUTCOMES`, days from the index date
        (0 for neither); by person and index date.
    """
    people, admissions = block.people, block.lives.admissions
    first = np.searchsorted(admissions.row, np.arange(len(people.entry) + 1))
    spans = (people.entry, people.leave, block.lives.death)
    outcome, days = _first_events(spans, first, admissions.start, index_days)
    row, column = np.nonzero(outcome >= 0)
    found = outcome[row, column].astype(np.int64)
    return row, index_days[column], found, days[row, column].astype(np.int64)


@compiled
def _first_events(spans: Any, first: Days, starts: Days, index_days: Days) -> Any:
    """Outcome (-1 = not there) and days to it; shape (people, index days)."""
    entry, leave, death = spans
    outcome = np.full((len(entry), len(index_days)), -1, np.int8)
    days = np.zeros((len(entry), len(index_days)), np.int16)
    for row in range(len(entry)):
        stay = first[row]
        for column in range(len(index_days)):
            day = index_days[column]
            if day < entry[row] or day >= leave[row] or death[row] < day:
                continue
            while stay < first[row + 1] and starts[stay] < day:
                stay += 1
            outcome[row, column] = _NEITHER
            if stay < first[row + 1] and starts[stay] < day + WINDOW_DAYS:
                outcome[row, column] = _ADMISSION
                days[row, column] = starts[stay] - day
            elif death[row] < day + WINDOW_DAYS:
                outcome[row, column] = _DEATH
                days[row, column] = death[row] - day
    return outcome, days
