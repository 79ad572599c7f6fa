"""Rows of the true risks: best achievable and oracle, of a sample of people on some index dates."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.timeline import Days, Floats, Mask, dates
from riskstrat.simulation.truth.best import Risks, risks_on

__all__ = ["risks_table"]


def risks_table(
    block: Block, rates: Rates, days: Iterable[int], chosen: Mask, judged_from: int
) -> pa.Table:
    """True risks of the people of a block.

    Parameters
    ----------
    days : iterable of day numbers
        Index dates.
    chosen : ndarray of bool
        Who is in the sample, by position in the block.
    judged_from : int
        First day on which a programme took people by judgement, which saw what no record says:
        from then on there is no best achievable risk, and its columns are null.

    Returns
    -------
    pyarrow.Table
        person, index_date, and four probabilities for the year from the index date: ``best_risk``
        and ``oracle_risk`` of an emergency admission before death, ``best_death_risk`` and
        ``oracle_death_risk`` of death before any. Whoever is not alive and registered on a date has
        no row.
    """
    parts = [_rows(block, rates, int(day), chosen, judged_from) for day in days]
    return pa.concat_tables(parts) if parts else _table(block, _nobody(), 0, judged=False)


def _rows(block: Block, rates: Rates, day: int, chosen: Mask, judged_from: int) -> pa.Table:
    found = risks_on(
        block.keyed,
        block.people,
        block.lives,
        rates,
        block.enrolments,
        index=day,
        chosen=chosen,
    )
    return _table(block, found, day, judged=day > judged_from)


def _table(block: Block, risks: Risks, day: int, *, judged: bool) -> pa.Table:
    columns = {
        "person": pa.array(block.people.number[risks.row].astype(np.int32)),
        "index_date": dates(np.full(len(risks.row), day)),
        "best_risk": _probabilities(risks.best, hidden=judged),
        "best_death_risk": _probabilities(risks.best_death, hidden=judged),
        "oracle_risk": _probabilities(risks.oracle, hidden=False),
        "oracle_death_risk": _probabilities(risks.oracle_death, hidden=False),
    }
    return pa.table(columns)


def _probabilities(values: Floats, *, hidden: bool) -> pa.Array:
    return pa.array(values, mask=np.full(len(values), hidden))


def _nobody() -> Risks:
    none: Days = np.empty(0, np.int64)
    return Risks(none, *np.empty((4, 0)))
