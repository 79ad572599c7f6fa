"""What may differ between two districts besides their seed and size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """Switches of a district.

    Parameters
    ----------
    interactions : float
        Factor on the log rates that pairs of conditions add (``tables/interactions.csv``): 0 makes
        the log rate additive, 1 is usual, 3 is a district where additive models do badly.
    shock : date, optional
        First day of a year in which people stay away from hospital and more of them die; none when
        not given.
    coding_change : bool
        Whether one practice changes how it codes, half-way through the period.
    """

    interactions: float = 1.0
    shock: date | None = None
    coding_change: bool = True
