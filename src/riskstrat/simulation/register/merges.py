"""NHS numbers that were merged into another number of the same person."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import DaysOf
from riskstrat.simulation.feeds.calendar import NATIONAL_REGISTER
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.feeds.mess import former_of, merge_days
from riskstrat.simulation.people.identity import NO_NUMBER

__all__ = ["tell_merges"]


def tell_merges(block: Block) -> FeedRows:
    """The national register's file of superseded numbers, one row per merge."""
    former = former_of(block)
    row = np.flatnonzero(former != NO_NUMBER)
    day = merge_days(block)[row]
    columns = {
        "superseded_nhs_number": number_column(former[row]),
        "nhs_number": number_column(block.people.nhs_number[row]),
        "merge_date": DaysOf(day),
        "date_recorded": DaysOf(NATIONAL_REGISTER.told(day)),
    }
    order = block.draws("nhs_number", row, day).bits("order")
    return FeedRows("nhs_number_merges", columns, block.people.number[row], order)
