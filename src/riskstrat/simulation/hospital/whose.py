"""Of whom a row of a hospital feed tells: numbers, birth, sex, home, practice, with their mess."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, opaque
from riskstrat.simulation.feeds.files import number_column
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.identity import NO_NUMBER
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.register import lsoa_on, postcode_on
from riskstrat.simulation.timeline import Days, Mask, ages, months

__all__ = [
    "IMD_DECILES",
    "Whose",
    "digits",
    "financial_years",
    "month_labels",
    "nullable",
    "parts_of_year",
]

_NOT_ASKED = 0.02
"""Share of records without the ethnic category of people who have given it elsewhere; with those
who never have, and those who have not stated it, about 10 % of records lack it."""
_CONFLICTING = 0.015
"""Share of records with another ethnic category than the person's."""
_NOT_KNOWN = "X"
"""Ethnic category in hospital feeds of people who were not asked."""
_NO_PRACTICE = 0.005
_PRACTICE_NOT_KNOWN = "V81999"
"""NHS Data Dictionary: practice code not known."""
_NUMBER_STATUS = ("01", "03", "07")
"""NHS number present and verified; trace required; not present and trace not required."""
_UNTRACED = 0.7
"""Of records without a number, the share for which tracing is required."""

IMD_DECILES = (
    "Most deprived 10%",
    *(f"More deprived {low}-{low + 10}%" for low in (10, 20, 30, 40)),
    *(f"Less deprived {low}-{low + 10}%" for low in (40, 30, 20, 10)),
    "Least deprived 10%",
)
"""Deciles of deprivation as hospital episode statistics name them, most deprived first."""

_BABY_AGES = (1, 7, 29, 91, 182, 273)
"""First days of life of the codes after 7001, less than one day (hospital episode statistics)."""
_FIRST_BABY_CODE = 7001
_OLDEST_TOLD = 120
_FIRST_YEAR, _LAST_YEAR = 1850, 2100
_MONTHS = 12
_APRIL = 3
_EPOCH_YEAR = 1970


@dataclass(frozen=True)
class Whose:
    """The people behind the records of one feed.

    Parameters
    ----------
    block : Block
    feed : str
        Name of the feed, which keys what goes wrong in it.
    mess : Mess
    row, day, record : ndarray of int
        Person, day and number of each record: those of one spell agree.
    provider : ndarray of int
        Position in :data:`~riskstrat.simulation.hospital.spells.PROVIDERS`.
    """

    block: Block
    feed: str
    mess: Mess
    row: Days
    day: Days
    record: Days
    provider: npt.NDArray[np.int64]

    @cached_property
    def draws(self) -> Draws:
        """Random numbers of the records."""
        return self.block.draws(f"{self.feed} record", self.row, self.day, self.record)

    @cached_property
    def number(self) -> Days:
        """The NHS number that each record gives."""
        return told_numbers(self.block, self.feed, self.mess, self.row, self.day, self.record)

    def nhs_number(self) -> pa.Array:
        """NHS numbers; null where the record has none."""
        return number_column(self.number)

    def number_status(self) -> Choice:
        """Status of the NHS number."""
        sought = np.where(self.draws.chance("sought", _UNTRACED), 1, 2)
        return Choice(_NUMBER_STATUS, np.where(self.number == NO_NUMBER, sought, 0))

    def local_number(self) -> pa.Array:
        """Local patient identifier: one for each person and provider."""
        patient = self.block.draws("hospital patient", self.row, 0, self.provider)
        return opaque("H", patient.bits("number"))

    def sex(self) -> Choice:
        """Person stated gender code."""
        return Choice(("1", "2"), self.block.people.female[self.row].astype(np.int64))

    def ethnicity(self) -> Choice:
        """Ethnic category: sometimes not asked, sometimes another than in other records."""
        labels = (*ETHNIC_CATEGORIES, _NOT_KNOWN)
        own = self.block.people.ethnicity[self.row]
        other = self.draws.integers("other category", 0, len(ETHNIC_CATEGORIES))
        told = np.where(self.draws.chance("conflict", _CONFLICTING), other, own)
        missing = (own < 0) | self.draws.chance("not asked", _NOT_ASKED)
        return Choice(labels, np.where(missing, len(labels) - 1, told))

    def postcode(self) -> Choice:
        """Full postcode of the usual address."""
        return postcode_on(self.block, self.row, self.day)

    def lsoa(self) -> Choice:
        """Area of the usual address."""
        return lsoa_on(self.block, self.row, self.day)

    def imd(self) -> Choice:
        """Decile of deprivation in words."""
        return Choice(IMD_DECILES, self.block.people.decile_on(self.row, self.day) - 1)

    def practice(self) -> Choice:
        """Practice where the person is registered; sometimes not known."""
        labels = (*practice_codes(len(self.block.district.bounds)), _PRACTICE_NOT_KNOWN)
        unknown = self.draws.chance("practice not known", _NO_PRACTICE)
        practice = self.block.people.practice_on(self.row, self.day)
        return Choice(labels, np.where(unknown, len(labels) - 1, practice))

    def birth_month(self) -> Choice:
        """Month and year of birth, MMYYYY."""
        return month_labels(self.block.people.birth[self.row])

    def age(self, day: Days) -> Days:
        """Completed years, or the codes from 7001 of children under one year."""
        birth = self.block.people.birth[self.row]
        years = np.minimum(ages(birth, day), _OLDEST_TOLD).astype(np.int64)
        code = _FIRST_BABY_CODE + np.searchsorted(_BABY_AGES, day - birth, side="right")
        return np.where(years < 1, code, years)


_MONTH_LABELS = tuple(
    f"{month:02d}{year}"
    for year in range(_FIRST_YEAR, _LAST_YEAR)
    for month in range(1, _MONTHS + 1)
)
_PART_LABELS = tuple(
    f"{year}{month:02d}"
    for year in range(_FIRST_YEAR, _LAST_YEAR)
    for month in range(1, _MONTHS + 1)
)
_YEAR_LABELS = tuple(
    f"{year % 100:02d}{(year + 1) % 100:02d}" for year in range(_FIRST_YEAR, _LAST_YEAR)
)


def month_labels(day: Days) -> Choice:
    """Months as MMYYYY."""
    return Choice(_MONTH_LABELS, months(day) + (_EPOCH_YEAR - _FIRST_YEAR) * _MONTHS)


def financial_years(day: Days) -> Choice:
    """Financial years as four digits: 2324 begins on 1 April 2023."""
    year = (months(day) - _APRIL) // _MONTHS
    return Choice(_YEAR_LABELS, year + _EPOCH_YEAR - _FIRST_YEAR)


def parts_of_year(day: Days) -> Choice:
    """Financial years with the number of the month in them: 202301 is April 2023."""
    return Choice(_PART_LABELS, months(day) - _APRIL + (_EPOCH_YEAR - _FIRST_YEAR) * _MONTHS)


def digits(bits: npt.NDArray[np.uint64], count: int) -> pa.Array:
    """Numbers of at most so many digits, as text."""
    return pa.array((bits % np.uint64(10**count)).astype(np.int64)).cast(pa.string())


def nullable(values: Days, known: Mask) -> pa.Array:
    """Whole numbers; null where they are not known."""
    return pa.array(values, mask=~known)
