"""How people live: alone, with a carer, in which tenure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Floats, Mask

__all__ = ["TENURES", "Home", "draw_home"]

TENURES = ("owned", "social_rented", "private_rented", "other")

_ADULT = 18
_OLD = 65
_ALONE = {"young": 0.12, "women": 0.363, "men": 0.227}
"""Lives alone at 65 and over (ONS Census 2021); rounded for younger adults."""
_DECILES = (1, 10)
_SOCIAL_RENTED = (0.33, 0.01)
_PRIVATE_RENTED = (0.21, 0.12)
"""Share of households that rent, in the most and the least deprived decile."""
_CARER_AGES = (20, 65, 85)
_CARER = (0.02, 0.10, 0.28)
"""Has an unpaid carer."""


@dataclass(frozen=True)
class Home:
    """Living circumstances, one position per person."""

    alone: Mask
    carer: Mask
    tenure: npt.NDArray[np.int64]


def draw_home(draws: Draws, age: Floats, female: Mask, decile: npt.NDArray[np.int64]) -> Home:
    """Draw the living circumstances on each person's first day."""
    old = np.where(female, _ALONE["women"], _ALONE["men"])
    alone = np.where(age < _ADULT, 0.0, np.where(age < _OLD, _ALONE["young"], old))
    social = np.interp(decile, _DECILES, _SOCIAL_RENTED)
    private = np.interp(decile, _DECILES, _PRIVATE_RENTED)
    drawn = draws.uniform("tenure")
    return Home(
        alone=draws.chance("alone", alone),
        carer=draws.chance("carer", np.interp(age, _CARER_AGES, _CARER)),
        tenure=np.select([drawn < social, drawn < social + private], [1, 2], 0),
    )
