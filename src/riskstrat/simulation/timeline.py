"""Days as whole numbers since 1970-01-01, which is also how Arrow stores a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.windows import DAYS_PER_YEAR, days_between

__all__ = [
    "NEVER",
    "Days",
    "Floats",
    "Mask",
    "Period",
    "ages",
    "dates",
    "day_number",
    "month_starts",
    "months",
    "winter",
]

Days = npt.NDArray[np.int64]
"""Day numbers; :data:`NEVER` where there is no day."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NEVER = 2**30
"""A day later than every other: not happened, or not ended."""

_EPOCH = date(1970, 1, 1)
_COLDEST_DAY = 15
"""Day of the year on which emergency admissions peak: mid January."""


@dataclass(frozen=True)
class Period:
    """First and last day that the district is observed, both included."""

    first: int
    last: int

    @classmethod
    def of(cls, first_day: date, last_day: date) -> Period:
        """The period between two dates."""
        return cls(days_between(_EPOCH, first_day), days_between(_EPOCH, last_day))

    @property
    def years(self) -> float:
        """Length in years."""
        return (self.last - self.first + 1) / DAYS_PER_YEAR

    def month_starts(self) -> Days:
        """First day of every month of the period and of the one after it, ascending."""
        first, last = months(np.array([self.first, self.last]))
        return month_starts(np.arange(first, last + 2))

    def year_starts(self) -> list[int]:
        """Each 1 January of the period."""
        first, last = (int(months(np.array([day]))[0]) // 12 for day in (self.first, self.last))
        starts = [days_between(_EPOCH, date(1970 + year, 1, 1)) for year in range(first, last + 1)]
        return [day for day in starts if day >= self.first]


def day_number(day: date) -> int:
    """The number of a day."""
    return days_between(_EPOCH, day)


def dates(days: Days) -> pa.Array:
    """Arrow dates; null where the day is :data:`NEVER`."""
    return pa.array(days.astype(np.int32), mask=days == NEVER).cast(pa.date32())


def months(days: Days) -> npt.NDArray[np.int64]:
    """Months since January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_starts(numbers: npt.NDArray[np.int64]) -> Days:
    """First day of each month given as months since January 1970."""
    return numbers.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def ages(birth: Days, day: Any) -> Floats:
    """Age in years, with its fraction; 0 before birth."""
    age: Floats = np.maximum((day - birth) / DAYS_PER_YEAR, 0.0)
    return age


def winter(day: Any) -> Any:
    """1 in mid January, -1 in mid July."""
    return np.cos(2 * np.pi * (np.asarray(day) % DAYS_PER_YEAR - _COLDEST_DAY) / DAYS_PER_YEAR)
