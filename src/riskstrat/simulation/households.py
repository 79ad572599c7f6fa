"""How people live: alone, with a carer, in which tenure, in a care home at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import condition_index
from riskstrat.simulation.people import People
from riskstrat.simulation.timeline import Floats, Mask, ages

__all__ = ["TENURES", "Households", "build_households", "enters_care_home", "no_households"]

TENURES = ("owned", "social_rented", "private_rented", "other")

_OLD = 65
_ALONE = {"young": 0.12, "women": 0.363, "men": 0.227}
"""Lives alone at 65 and over (ONS Census 2021); rounded for younger adults."""
_DECILES = (1, 10)
_SOCIAL_RENTED = (0.33, 0.01)
_PRIVATE_RENTED = (0.21, 0.12)
"""Share of households that rent, in the most and the least deprived decile."""
_CARE_HOME_AGES = (60, 70, 80, 85, 92, 100)
_CARE_HOME = (0.001, 0.004, 0.02, 0.05, 0.11, 0.18)
"""Lives in a care home by age without dementia, four times as many with it: 2.5 % of people aged
65 and over, more than half of them 85 or over (ONS Census 2021)."""
_DEMENTIA_FACTOR = 4.0
_ENTERING_AGES = (70, 80, 95)
_ENTERING = (0.0, 0.03, 0.09)
_ENTERING_WITH_DEMENTIA = 3.0
"""Share of emergency admissions, by age, after which a person lives in a care home."""
_CARER_AGES = (20, 65, 85)
_CARER = (0.02, 0.10, 0.28)
"""Has an unpaid carer."""
_ADULT = 18
_MOST_CARE_HOME = 0.8


@dataclass(frozen=True)
class Households:
    """Living circumstances, one position per person."""

    alone: Mask
    carer: Mask
    tenure: npt.NDArray[np.int64]
    care_home_at_entry: Mask


def build_households(rng: np.random.Generator, people: People) -> Households:
    """Draw the living circumstances on each person's first day."""
    count = len(people)
    age = ages(people.birth, people.entry)
    old = np.where(people.female, _ALONE["women"], _ALONE["men"])
    alone = np.where(age < _ADULT, 0.0, np.where(age < _OLD, _ALONE["young"], old))
    care_home = rng.random(count) < _care_home_share(people, age)
    return Households(
        alone=(rng.random(count) < alone) & ~care_home,
        carer=(rng.random(count) < np.interp(age, _CARER_AGES, _CARER)) & ~care_home,
        tenure=_tenure(rng, people.decile),
        care_home_at_entry=care_home,
    )


def no_households(count: int) -> Households:
    """Nobody alone, with a carer or in a care home: for years that are not observed."""
    nobody = np.zeros(count, dtype=bool)
    return Households(nobody, nobody, np.zeros(count, dtype=np.int64), nobody)


def _care_home_share(people: People, age: Floats) -> Floats:
    dementia = people.onset[:, condition_index("dementia")] <= people.entry
    share = np.interp(age, _CARE_HOME_AGES, _CARE_HOME, left=0.0)
    return np.minimum(np.where(dementia, _DEMENTIA_FACTOR, 1.0) * share, _MOST_CARE_HOME)


def _tenure(rng: np.random.Generator, decile: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    social = np.interp(decile, _DECILES, _SOCIAL_RENTED)
    private = np.interp(decile, _DECILES, _PRIVATE_RENTED)
    drawn = rng.random(len(decile))
    return np.select([drawn < social, drawn < social + private], [1, 2], 0)


def enters_care_home(rng: np.random.Generator, age: Floats, dementia: Mask) -> Mask:
    """Who goes from hospital to a care home for good."""
    usual = np.interp(age, _ENTERING_AGES, _ENTERING)
    share = usual * np.where(dementia, _ENTERING_WITH_DEMENTIA, 1.0)
    enters: Mask = rng.random(len(age)) < share
    return enters
