"""What hospital feeds say of people, and their numbered columns of codes, however they are named.

References
----------
NHS England, Hospital Episode Statistics data dictionary (MYDOB, STARTAGE, GPPRAC, LSOA11, DIAG_NN,
OPERTN_NN); NHS Data Dictionary, postcode of usual address (ZZ99 3VZ and the like).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from riskstrat.records.sources.columns import Column, Kind

__all__ = [
    "PEOPLE",
    "SCOPE",
    "among_sql",
    "code_sql",
    "columns_of",
    "ethnic_sql",
    "impossible_age_sql",
    "numbered",
    "who_sql",
]

SCOPE = "hospital"
"""Local patient identifiers of a provider name the same people in all its feeds."""

PEOPLE = (
    *("submission_date", "local_id", "nhs_number", "token", "birth_date", "told_month", "age"),
    *("sex", "ethnic_category", "told_practice", "told_lsoa", "told_postcode"),
    *("provider_of_treatment", "provider_trust", "provider_site", "specialty"),
)
"""Columns of every hospital table: of whom a row tells, who treated them, when it was submitted."""

_KINDS = {
    **dict.fromkeys(("local_id", "nhs_number", "sex", "identifier", "spell"), Kind.IDENTIFIER),
    **dict.fromkeys(("age", "episode_order", "episode_days", "stay_days"), Kind.INTEGER),
    **dict.fromkeys(("birth_date", "submission_date", "death_date"), Kind.DAY),
    **dict.fromkeys(("admission_date", "discharge_date", "appointment_date"), Kind.DAY),
    **dict.fromkeys(("episode_start", "episode_end"), Kind.DAY),
    "told_month": Kind.MONTH,
    "start_time": Kind.TIME,
}
"""How columns are read; any other as text."""


def columns_of(
    own: Sequence[str], aliases: Mapping[str, tuple[str, ...]], required: Sequence[str]
) -> tuple[Column, ...]:
    """The columns of a hospital table; one without names in files is always null.

    Parameters
    ----------
    own : sequence of str
        Names in queries of those besides :data:`PEOPLE`.
    aliases : mapping of str to tuple of str
        Their names in files, the best first.
    required : sequence of str
        Those by which a file is recognised.
    """
    names = (*PEOPLE, *own)
    if unknown := set(aliases) - set(names):
        raise ValueError(f"expected columns among {len(names)}, got {len(unknown)} others")
    return tuple(
        Column(name, aliases.get(name, ()), _KINDS.get(name, Kind.TEXT), name in required)
        for name in names
    )


def numbered(
    name: str, count: int, patterns: Sequence[str], first: Sequence[str] = ()
) -> Iterator[Column]:
    """The columns ``name_1`` to ``name_<count>``.

    Parameters
    ----------
    name : str
    count : int
    patterns : sequence of str
        Names in files: ``{n}`` is the number, ``{nn}`` in two digits, ``{nth}`` as an ordinal
        (2nd); ``{m}`` and ``{mth}`` are the number before (1, 1st).
    first : sequence of str
        Names in files of the first one, which often has its own.

    Examples
    --------
    >>> [c.aliases for c in numbered("code", 2, ["{mth} Secondary"], ["Primary"])]
    [('Primary', '0th Secondary'), ('1st Secondary',)]
    """
    for n in range(1, count + 1):
        numbers = {"n": n, "nn": f"{n:02d}", "nth": _ordinal(n), "m": n - 1, "mth": _ordinal(n - 1)}
        own = tuple(pattern.format(**numbers) for pattern in patterns)
        kind = Kind.DAY if name.endswith("_date") else Kind.TEXT
        yield Column(f"{name}_{n}", (*first, *own) if n == 1 else own, kind)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending if number not in {11, 12, 13} else 'th'}"


_OLDEST_FILLER = 1801
"""Hospital episode statistics write January 1800 for no date, January 1801 for an invalid one."""


def code_sql(column: str) -> str:
    """SQL: a short code as it was before a table of numbers made '21.0' of it; null for '&'."""
    return f"nullif(upper(replace({column}, '.0', '')), '&')"


def among_sql(value: str, codes: Sequence[str]) -> str:
    """SQL: whether a value is one of some codes; null if there is none.

    Without ``in``, of which DuckDB makes a join where there are five codes or more.
    """
    return f"list_contains([{', '.join(map(repr, codes))}], {value})"


def who_sql(day: str) -> dict[str, str]:
    """Further columns of a hospital table that say who a row is about, each as SQL.

    What stands for 'not known' says nothing: it would make people look alike.

    Parameters
    ----------
    day : str
        SQL of the day at which ``age`` is told.
    """
    told = (
        f"coalesce(case when year(told_month) > {_OLDEST_FILLER} then told_month end, "
        "cast(date_trunc('month', birth_date) as date))"
    )
    alone = "token is not null and nhs_number is null and local_id is null"
    return {
        "provider": "coalesce(provider_of_treatment, provider_trust, provider_site)",
        "practice_code": "case when told_practice not like 'V8199%' and told_practice <> '&' "
        "then upper(told_practice) end",
        "lsoa": "case when told_lsoa not like '%99999999' then told_lsoa end",
        "postcode": "case when told_postcode not ilike 'zz99%' then told_postcode end",
        "birth_month": f"coalesce({told}, case when {alone} then {_estimated_birth_sql(day)} end)",
    }


_OLDEST = 120
"""Ages: 120 = 120 years or more."""
_MIDDLE = 6
"""Months that people are older than their whole years, in the middle."""
_BABY_CODES = (7001, 7007)
_BABY_MONTHS = (0, 0, 0, 2, 4, 7, 10)
"""Age codes of children under one year (up to a day, 6, 28, 90, 181, 272 days, a year), and months
of age in the middle of each."""


def _estimated_birth_sql(day: str) -> str:
    """SQL: the month in the middle of those in which somebody of the age told was born.

    For pseudonymised extracts that give an age and no month of birth.
    """
    low, high = _BABY_CODES
    months = (
        f"case when age between {low} and {high} then {list(_BABY_MONTHS)}[age - {low - 1}] "
        f"when age between 0 and {_OLDEST} then age * 12 + {_MIDDLE} end"
    )
    since = f"(year({day}) * 12 + month({day}) - 1 - ({months}))"
    return f"make_date({since} // 12, {since} % 12 + 1, 1)"


def impossible_age_sql(day: str) -> str:
    """SQL: an age that nobody has, or a birth after `day`."""
    low, high = _BABY_CODES
    return f"(age > {_OLDEST} and age not between {low} and {high}) or birth_month > {day}"


_ETHNIC = "ABCDEFGHJKLMNPRSZ"
"""Ethnic categories since 2001; a second character is a local refinement. Digits are of the older
scheme, which does not map onto it."""


def ethnic_sql(rows: str) -> str:
    """SQL: the ethnic categories that rows tell, as ``told_people``."""
    return f"""
        select distinct patient_id, upper(ethnic_category)[1] as ethnic_category, recorded_date
        from {rows} where length(ethnic_category) between 1 and 2
            and contains('{_ETHNIC}', upper(ethnic_category[1]))
    """
