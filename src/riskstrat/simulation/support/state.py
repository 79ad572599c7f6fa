"""What is recorded about people and decides which support they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import rows
from riskstrat.simulation.people.households import TENURES
from riskstrat.simulation.people.places import MIDDLE_DECILE
from riskstrat.simulation.timeline import Days, Floats, Mask, ages

__all__ = ["SOCIAL_RENTED", "State", "factor"]

SOCIAL_RENTED = TENURES.index("social_rented")
_USUAL_AGE = 80
_DECADE = 10
_OLDEST = 95
"""Need changes no further with age beyond it: few people are older."""


@dataclass(frozen=True)
class State:
    """What is known of people, each month or on some days; every array has the same shape.

    Parameters
    ----------
    age : ndarray of float
    decile : ndarray of int
        Deprivation decile of the home.
    alone, in_care_home, tenant : ndarray of bool
        Lives alone; lives in a care home; rents from the council or a housing association.
    had : callable
        Whether a condition had begun.
    """

    age: Floats
    decile: Days
    alone: Mask
    in_care_home: Mask
    tenant: Mask
    had: Callable[[str], Mask]

    @cached_property
    def decades(self) -> Floats:
        """Decades of age beyond 80, as far as need still changes with age."""
        decades: Floats = (np.minimum(self.age, _OLDEST) - _USUAL_AGE) / _DECADE
        return decades

    @cached_property
    def poorer(self) -> Floats:
        """Deciles towards the most deprived from average."""
        return MIDDLE_DECILE - self.decile.astype(np.float64)

    @classmethod
    def by_month(cls, block: Block) -> State:
        """At the beginning of each month; shape (people, months)."""
        people, month = block.people, block.months[None, :-1]
        shape = block.age.shape
        return cls(
            age=block.age,
            decile=np.where(
                month < people.moves[:, None], people.decile[:, None], people.next_decile[:, None]
            ),
            alone=np.broadcast_to(people.alone[:, None], shape),
            in_care_home=block.lives.care_home[:, None] < month,
            tenant=np.broadcast_to((people.tenure == SOCIAL_RENTED)[:, None], shape),
            had=cache(block.has),
        )

    @classmethod
    def on_days(cls, block: Block, row: Days, day: Days) -> State:
        """Of some people on some days, from what happened before them."""
        people = block.people
        return cls(
            age=ages(people.birth[row], day),
            decile=people.decile_on(row, day),
            alone=people.alone[row],
            in_care_home=block.lives.care_home[row] < day,
            tenant=people.tenure[row] == SOCIAL_RENTED,
            had=cache(lambda condition: block.had(condition, row, day)),
        )


def factor(service: dict[str, str], state: State) -> Floats:
    """How much likelier a service is than at 80, with no condition, in a place of average wealth.

    Parameters
    ----------
    service : dict
        A row of ``tables/services.csv``.
    """
    log = float(service["change_per_decade"]) * state.decades
    if deprivation := float(service["deprivation"]):
        log += deprivation * state.poorer
    effects = [(row["condition"], row["factor"]) for row in _effects(service["service"])]
    for had, times in [(state.alone, service["alone"]), *((state.had(c), f) for c, f in effects)]:
        np.add(log, np.log(float(times)), out=log, where=had)
    result: Floats = np.exp(log, out=log)
    result *= state.age >= float(service["youngest"])
    np.multiply(result, float(service["in_care_home"]), out=result, where=state.in_care_home)
    return result * state.tenant if service["tenants"] == "1" else result


@cache
def _effects(service: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows("service_conditions") if row["service"] == service)
