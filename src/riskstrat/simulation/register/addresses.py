"""Where somebody lives on a day: every feed gives the same address for it."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.people.places import (
    area_codes,
    draw_care_home_postcode,
    draw_postcode,
    postcodes,
)
from riskstrat.simulation.timeline import Days

__all__ = ["lsoa_on", "postcode_on"]


def postcode_on(block: Block, row: Days, day: Days) -> Choice:
    """Postcode of some people on some days: at home, after a move, or in a care home."""
    area = block.people.area_on(row, day)
    draws = block.draws("address", row)
    at_home, in_care = draw_postcode(draws, area), draw_care_home_postcode(draws, area)
    position = np.where(block.lives.care_home[row] <= day, in_care, at_home)
    return Choice(postcodes(len(block.district.deciles)), position)


def lsoa_on(block: Block, row: Days, day: Days) -> Choice:
    """Area code of the home of some people on some days."""
    return Choice(area_codes(len(block.district.deciles)), block.people.area_on(row, day))
