"""Where people live and which practice they belong to: areas, deprivation, practices, postcodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from riskstrat.simulation.keyed import Draws, Keyed, Process
from riskstrat.simulation.timeline import Days

__all__ = [
    "MIDDLE_DECILE",
    "District",
    "area_codes",
    "draw_care_home_postcode",
    "draw_postcode",
    "postcodes",
    "practice_codes",
]

_PEOPLE_PER_AREA = 1500
"""Mean population of a lower-layer super output area (ONS)."""
_MIN_AREAS = 20
_PEOPLE_PER_PRACTICE = 9900
"""Registered people per practice in Norfolk and Waveney: 1.1 million in 105 practices with those
who come and go (NHS England, patients registered at a GP practice, rounded)."""
_MIN_PRACTICES = 3
_SIZE_SIGMA = 0.55
"""Spread of the logarithm of list sizes: 5th to 95th percentile of North Central London's practices
3,600 to 21,700 (ODS and list sizes, February 2026)."""
_USUAL_PRACTICE_SHARE = 0.8
_DECILE_SHARES = (0.10, 0.09, 0.09, 0.11, 0.13, 0.13, 0.12, 0.10, 0.08, 0.05)
MIDDLE_DECILE = 5.5
"""Between the fifth and the sixth decile: average deprivation."""
_POSTCODES_PER_AREA = 45
_CARE_HOMES_PER_AREA = 2
"""The first postcodes of an area also have its care homes."""
_INWARD = "ABDEFGHJLNPQRSTUWXYZ"
"""Letters of the second half of a postcode (C, I, K, M, O and V are not used)."""
_SECTORS = 9
_DISTRICTS = 99


@dataclass(frozen=True)
class District:
    """The places of a district: the same for everybody who lives there.

    Parameters
    ----------
    people : int
        How many are ever registered.
    deciles : ndarray of int
        Deprivation decile of each area, ascending (1 = most deprived).
    usual : ndarray of int
        The practice that most people of each area go to.
    bounds : ndarray of float
        Cumulative shares of the practices among people who go elsewhere.
    """

    people: int
    deciles: Days
    usual: Days
    bounds: Days

    @classmethod
    def of(cls, keyed: Keyed, people: int) -> District:
        """The places of a district in which so many people are ever registered."""
        areas = max(_MIN_AREAS, round(people / _PEOPLE_PER_AREA))
        practices = max(_MIN_PRACTICES, round(people / _PEOPLE_PER_PRACTICE))
        middle = (np.arange(areas) + 0.5) / areas
        deciles = np.minimum(1 + np.searchsorted(np.cumsum(_DECILE_SHARES), middle), 10)
        draws = keyed.process("practice").draws(np.arange(practices))
        size = np.exp(_SIZE_SIGMA * draws.normal("size"))
        bounds = np.cumsum(size) / size.sum()
        usual = np.minimum(np.searchsorted(bounds, middle), practices - 1)
        return cls(people, deciles, usual, bounds)

    def draw_area(self, draws: Draws) -> Days:
        """An area for each person, each as likely."""
        return draws.integers("area", 0, len(self.deciles))

    def draw_practice(self, draws: Draws, area: Days) -> Days:
        """A practice for each person: mostly the usual one of the area."""
        other = np.minimum(
            np.searchsorted(self.bounds, draws.uniform("practice")), len(self.bounds) - 1
        )
        return np.where(draws.chance("usual", _USUAL_PRACTICE_SHARE), self.usual[area], other)

    def draw_near(self, draws: Draws, area: Days) -> Days:
        """Another area for people who move: a few steps along the scale of deprivation."""
        step = draws.integers("step", 1, max(2, len(self.deciles) // 10))
        other = np.where(draws.chance("poorer", 0.5), area - step, area + step)
        return np.abs(np.where(other < len(self.deciles), other, 2 * len(self.deciles) - 2 - other))


def practice_codes(count: int) -> list[str]:
    """Codes that no practice can have: two letters and four digits.

    A live code is one letter and five digits (NHS organisation data service, file epraccur).
    """
    return [f"ZZ{number:04d}" for number in range(1, count + 1)]


def area_codes(count: int) -> list[str]:
    """Codes that no area can have: no code of the government statistical service begins with X."""
    return [f"X01{number:06d}" for number in range(1, count + 1)]


@cache
def postcodes(count: int) -> tuple[str, ...]:
    """Postcodes of `count` areas, several each; no post town has a code that begins with QQ."""
    return tuple(_postcode(number) for number in range(count * _POSTCODES_PER_AREA))


def _postcode(number: int) -> str:
    rest, last = divmod(number, len(_INWARD))
    rest, first = divmod(rest, len(_INWARD))
    district, sector = divmod(rest, _SECTORS)
    return f"QQ{1 + district % _DISTRICTS} {1 + sector}{_INWARD[first]}{_INWARD[last]}"


def draw_postcode(draws: Draws, area: Days) -> Days:
    """Position in :func:`postcodes` of each person's address in an area.

    It depends on the person and the area alone, whatever the events of `draws` are: every feed
    gives a person the same address. :func:`~riskstrat.simulation.register.postcode_on` also knows
    who lives in a care home.
    """
    address = Process(draws.process.seed, "address").draws(draws.person, 0, area)
    return area * _POSTCODES_PER_AREA + address.integers("postcode", 0, _POSTCODES_PER_AREA)


def draw_care_home_postcode(draws: Draws, area: Days) -> Days:
    """Position in :func:`postcodes` of a care home for each person: a few in every area."""
    address = Process(draws.process.seed, "address").draws(draws.person, 0, area)
    home = address.integers("care home", 0, _CARE_HOMES_PER_AREA)
    return area * _POSTCODES_PER_AREA + home
