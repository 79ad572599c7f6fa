"""What is compared when a person is named without an NHS number, and whom it is compared with.

Every comparison is plain data: named levels with a condition in SQL, the usual share of true pairs
(`m`) and of pairs of different people (`u`) in it. Columns that end in ``_l`` are of the claim, in
``_r`` of the person; a person's addresses and practices are lists of all they ever had.

Two facts are told in two ways: a date of birth as a day or as a month only, a place as a postcode
or as an area only. Each way is a comparison of its own, null where the other one speaks: that only
the month agrees is good news when the feed knows no day, and bad news when it does. A practice says
little about people of one neighbourhood, who mostly go to the same one, so it is weighed apart for
pairs whose place agrees and for all others; weighing it once would count one fact twice.

References
----------
Fellegi I, Sunter A. A theory for record linkage. J Am Stat Assoc 1969;64:1183-1210.
Linacre R et al. Splink: free software for probabilistic record linkage at scale. Int J Popul Data
Sci 2022;7(3).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BLOCKING_KEYS", "COMPARISONS", "TRAINING", "Comparison", "Key", "Level", "Training"]


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison.

    Parameters
    ----------
    name : str
    condition : str
        SQL; a pair is in the first level whose condition holds. ``else`` comes last.
    m, u : float
        Share of pairs of one person, and of two people, that are in the level: used where the data
        cannot tell.
    """

    name: str
    condition: str
    m: float
    u: float


@dataclass(frozen=True)
class Comparison:
    """A fact that a claim and a person are compared on.

    Parameters
    ----------
    name : str
    unknown : str
        SQL condition under which nothing can be said.
    levels : tuple of Level
        From full agreement to ``else``.
    rare : str, optional
        Column whose value's own frequency takes the place of `u` in the first level.
    """

    name: str
    unknown: str
    levels: tuple[Level, ...]
    rare: str | None = None


@dataclass(frozen=True)
class Key:
    """A blocking key: a claim and a person meet when theirs is the same.

    Parameters
    ----------
    name : str
        Column of the key.
    value : str
        SQL of the key; null never meets anything.
    over : str, optional
        What a person can have several of: the key is told once for each.
    """

    name: str
    value: str
    over: str | None = None


@dataclass(frozen=True)
class Training:
    """Comparisons whose `m` is learnt among the pairs that share a key.

    Parameters
    ----------
    key : Key
        Says nothing about the comparisons, apart from whether a pair is one person.
    comparisons : tuple of str
    """

    key: Key
    comparisons: tuple[str, ...]


_ELSE = "else"

_MONTH_AGREES = "birth_month_l = birth_month_r"
_DAY_AGREES = "day(birth_date_l) = day(birth_date_r)"
_PART_OF_MONTH = (
    "year(birth_date_l) = year(birth_date_r)",
    "month(birth_date_l) = month(birth_date_r)",
)
_SWAPPED = (
    f"{_PART_OF_MONTH[0]} and day(birth_date_l) = month(birth_date_r) "
    "and month(birth_date_l) = day(birth_date_r)"
)
_ONE_PART_WRONG = f"({_DAY_AGREES} and ({' or '.join(_PART_OF_MONTH)})) or ({_SWAPPED})"

_POSTCODE_AGREES = "list_contains(postcodes_r, postcode_l)"
_AREA_AGREES = "list_contains(areas_r, area_l)"
_SECTOR_AGREES = "list_contains(sectors_r, sector_l)"
_NEAR = f"coalesce({_AREA_AGREES}, false) or coalesce({_SECTOR_AGREES}, false)"
_PLACE_AGREES = f"(coalesce({_POSTCODE_AGREES}, false) or {_NEAR})"
_NO_PRACTICE = "practice_l is null or practices_r is null"
_PRACTICE_AGREES = "list_contains(practices_r, practice_l)"
_HAVE_DATES = "(birth_date_l is not null and birth_date_r is not null)"
_HAVE_POSTCODES = "(postcode_l is not null and postcodes_r is not null)"

COMPARISONS = (
    Comparison(
        "birth_date",
        f"not {_HAVE_DATES}",
        (
            Level("same day", "birth_date_l = birth_date_r", 0.96, 0.000035),
            Level("same month and year", _MONTH_AGREES, 0.015, 0.001),
            Level("one part wrong, or day and month swapped", _ONE_PART_WRONG, 0.015, 0.004),
            Level("other", _ELSE, 0.01, 0.994965),
        ),
        rare="birth_date",
    ),
    Comparison(
        "birth_month",
        f"{_HAVE_DATES} or birth_month_l is null or birth_month_r is null",
        (Level("same", _MONTH_AGREES, 0.98, 0.001), Level("other", _ELSE, 0.02, 0.999)),
        rare="birth_month",
    ),
    Comparison(
        "sex",
        "sex_l is null or sex_r is null",
        (Level("same", "sex_l = sex_r", 0.99, 0.5), Level("other", _ELSE, 0.01, 0.5)),
    ),
    Comparison(
        "address",
        f"not {_HAVE_POSTCODES}",
        (
            Level("same postcode", _POSTCODE_AGREES, 0.8, 0.0005),
            Level("same area or sector", _NEAR, 0.06, 0.01),
            Level("other", _ELSE, 0.14, 0.9895),
        ),
        rare="postcode",
    ),
    Comparison(
        "area",
        f"{_HAVE_POSTCODES} or area_l is null or areas_r is null",
        (Level("same", _AREA_AGREES, 0.85, 0.005), Level("other", _ELSE, 0.15, 0.995)),
    ),
    Comparison(
        "practice_of_same_place",
        f"{_NO_PRACTICE} or not {_PLACE_AGREES}",
        (Level("same", _PRACTICE_AGREES, 0.95, 0.5), Level("other", _ELSE, 0.05, 0.5)),
    ),
    Comparison(
        "practice_of_other_place",
        f"{_NO_PRACTICE} or {_PLACE_AGREES}",
        (Level("same", _PRACTICE_AGREES, 0.85, 0.05), Level("other", _ELSE, 0.15, 0.95)),
    ),
)
"""What a claim and a person are compared on. The shares of the levels are a judgement, used where
the data cannot tell: of English hospital records of young people that were linked by NHS number, 1
in 1,000 had a wrong or no sex or date of birth, and half a wrong or no postcode (Harron K et al.
BMC Med Res Methodol 2017;17:23). Records without a number are taken to be worse for dates and sex,
and better for postcodes, since former addresses are known here and no postcode says nothing."""

_POSTCODE = Key("key_postcode", "postcode", "postcode")
_DATE = Key("key_date", "birth_date::varchar")
_PRACTICE = Key("key_practice", "birth_month::varchar || sex || practice", "practice")

BLOCKING_KEYS = (
    _DATE,
    Key("key_home_year", "postcode || year(birth_month)::varchar", "postcode"),
    Key("key_home_day", "postcode || strftime(birth_date, '%m%d')", "postcode"),
    _PRACTICE,
    Key("key_area", "birth_month::varchar || area", "area"),
)
"""Pairs that share none of these are never looked at.

With 1.1 million people (36 to a day of birth and 1,050 to a month, 40 to a postcode, 105 practices,
730 areas) and 300,000 claims that know everything, the keys give: day of birth 300,000 x 36 = 11
million pairs; postcode and year of birth 300,000 x 40 / 87 = 0.1 million; postcode, day and month
300,000 x 40 / 365 = 0.03 million; month, sex and practice 300,000 x 1,050 / 2 / 105 = 1.5 million;
month and area 300,000 x 1,050 / 730 = 0.4 million: about 13 million pairs of 3.3e11."""

TRAINING = (
    Training(_POSTCODE, ("birth_date", "birth_month", "sex")),
    Training(
        _DATE, ("sex", "address", "area", "practice_of_same_place", "practice_of_other_place")
    ),
    Training(_PRACTICE, ("address", "area")),
)
"""In this order; a comparison keeps the first values learnt for it. People of one postcode go to
the same practice more often than people of one area do, so that practices cannot be learnt among
them: with 22 people to a postcode the learning took neighbours for the person."""
