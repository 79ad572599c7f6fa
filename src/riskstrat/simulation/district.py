"""The people of a district, how they live and what happened to them: what the feeds tell of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.history import History
from riskstrat.simulation.households import Households
from riskstrat.simulation.people import People
from riskstrat.simulation.timeline import Days, Floats, Period, ages

__all__ = ["District"]


@dataclass(frozen=True)
class District:
    """Everything that is true, before any feed has told it."""

    people: People
    households: Households
    history: History
    period: Period

    @cached_property
    def stop(self) -> Days:
        """First day on which each person is no longer observed."""
        return np.minimum(self.history.exit, self.period.last + 1)

    @cached_property
    def halfway(self) -> Days:
        """The middle of each person's observed days."""
        return (self.people.entry + self.stop) // 2

    @cached_property
    def age(self) -> Floats:
        """Age halfway, in years."""
        return ages(self.people.birth, self.halfway)

    @cached_property
    def condition_count(self) -> npt.NDArray[np.int64]:
        """Long-term conditions halfway."""
        count: npt.NDArray[np.int64] = (self.people.onset <= self.halfway[:, None]).sum(axis=1)
        return count
