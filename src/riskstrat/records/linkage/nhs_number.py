"""NHS numbers: how they are written, which are valid, and which number follows another.

References
----------
NHS Data Dictionary, NHS number: ten digits, the tenth a check digit modulo 11. Ranges in issue as
collated by the package ``nhs-number``, which is the oracle in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from riskstrat.errors import RecordsError

__all__ = [
    "ISSUED_RANGES",
    "SYNTHETIC_RANGE",
    "Merge",
    "digits_sql",
    "display",
    "is_valid_sql",
    "real_numbers_sql",
    "resolve_merges",
]

ISSUED_RANGES = ((4_000_000_000, 4_999_999_999), (6_000_000_000, 7_999_999_999))
"""Numbers of England, Wales and the Isle of Man, both ends included (NHS Data Dictionary)."""

SYNTHETIC_RANGE = (9_990_000_000, 9_999_999_999)
"""Never issued, for test patients on the national register (NHS England, synthetic data)."""

Merge = tuple[str, str] | tuple[str, str, date | None]
"""Superseded number, current number and, where it is known, the day of the merge."""

_DIGITS = 10
_MODULUS = 11

_SEPARATORS = r"[\s\p{Zs}\p{Pd}\x{2212}\x{AD}\x{200B}\x{FEFF}]"
"""White space, every Unicode space and dash, the minus sign, and three characters that cannot be
seen (soft hyphen, zero-width space, byte-order mark): what spreadsheets put into numbers."""

_FLOAT_END = r"\.0+$"
"""What a column of numbers with gaps leaves when it was kept as floating point."""


def digits_sql(column: str) -> str:
    """SQL for the ten digits of an NHS number, however it is spaced; null when there are not ten.

    Parameters
    ----------
    column : str
        Name of the column as SQL, quoted where it has to be. Text or a number.

    Returns
    -------
    str
        ``'999 883 2829'``, ``'999-883-2829'`` and ``'9998832829.0'`` all read ``'9998832829'``. Ten
        times the same digit is a placeholder although its check digit is right: null.

    Examples
    --------
    >>> import duckdb
    >>> rows = "(values ('999 883 2829'), ('unknown'), ('0000000000')) as t(n)"
    >>> duckdb.sql(f"select {digits_sql('n')} from {rows}").fetchall()
    [('9998832829',), (None,), (None,)]
    """
    packed = f"regexp_replace(cast({column} as varchar), '{_SEPARATORS}', '', 'g')"
    plain = f"regexp_replace({packed}, '{_FLOAT_END}', '')"
    is_number = f"regexp_full_match({plain}, '[0-9]{{{_DIGITS}}}')"
    is_placeholder = f"{plain} = repeat(left({plain}, 1), {_DIGITS})"
    return f"(case when {is_number} and not {is_placeholder} then {plain} end)"


def is_valid_sql(digits: str, *, synthetic: bool) -> str:
    """SQL condition: the check digit is right and the number lies in a range that is accepted.

    Parameters
    ----------
    digits : str
        Name of a column made by :func:`digits_sql`. Null is not valid.
    synthetic : bool
        True also accepts the range 999, which is never issued. Real ranges stay accepted, so that
        a file declared synthetic by mistake links the same; :func:`real_numbers_sql` finds it.

    Notes
    -----
    Arithmetic on the number alone. The sum of the digits with weights 10 to 2, and the check digit
    with weight 1, is a multiple of 11; a check digit that would be 10 can never make it one.
    """
    ranges = (*ISSUED_RANGES, SYNTHETIC_RANGE) if synthetic else ISSUED_RANGES
    return _condition(digits, ranges)


def real_numbers_sql(digits: str) -> str:
    """SQL condition: a valid number of a range in issue, which no synthetic file should hold.

    Parameters
    ----------
    digits : str
        Name of a column made by :func:`digits_sql`.
    """
    return _condition(digits, ISSUED_RANGES)


def _condition(digits: str, ranges: Iterable[tuple[int, int]]) -> str:
    number = f"try_cast({digits} as bigint)"
    weighted = " + ".join(
        f"{_DIGITS - place} * ({number} // {10 ** (_DIGITS - 1 - place)} % 10)"
        for place in range(_DIGITS)
    )
    within = " or ".join(f"{number} between {first} and {last}" for first, last in ranges)
    return f"coalesce(({within}) and ({weighted}) % {_MODULUS} = 0, false)"


def display(number: str) -> str:
    """An NHS number in the groups in which it is read out: three, three, four.

    Raises
    ------
    RecordsError
        When `number` is not ten digits; the message does not show it.

    Examples
    --------
    >>> display("9998832829")
    '999 883 2829'
    """
    if not re.fullmatch(rf"[0-9]{{{_DIGITS}}}", number):
        raise RecordsError(
            f"expected an NHS number of {_DIGITS} digits, got {len(number)} characters "
            "of which some may not be digits."
        )
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def resolve_merges(pairs: Iterable[Merge]) -> tuple[dict[str, str], int]:
    """Follow every superseded number to the one that is current now.

    Parameters
    ----------
    pairs : iterable of tuple
        Superseded and current number, and the day of the merge or None where it is known. The
        order of the pairs does not matter.

    Returns
    -------
    current : dict of str to str
        Superseded number to the end of its chain.
    circular : int
        Distinct pairs that lead back to their own start. They are ignored: what points into such a
        circle ends at the first number of it that is met.

    Notes
    -----
    Of several numbers said to supersede one, that of the latest day counts; a known day is later
    than none. Between equals the smallest number decides.

    Examples
    --------
    >>> resolve_merges([("a", "b"), ("b", "c"), ("x", "y"), ("y", "x")])
    ({'a': 'c', 'b': 'c'}, 2)
    """
    following, selves = _chosen(pairs)
    circular = _circular(following)
    for number in circular:
        del following[number]
    return _ends(following), len(circular) + selves


def _chosen(pairs: Iterable[Merge]) -> tuple[dict[str, str], int]:
    """One successor of each number, and how many numbers are said to follow themselves."""
    told: dict[str, dict[str, date]] = {}
    selves: set[str] = set()
    for superseded, current, *days in pairs:
        if superseded == current:
            selves.add(superseded)
            continue
        day = (days[0] if days else None) or date.min
        successors = told.setdefault(superseded, {})
        successors[current] = max(day, successors.get(current, date.min))
    chosen = {
        superseded: min(number for number, day in days.items() if day == max(days.values()))
        for superseded, days in sorted(told.items())
    }
    return chosen, len(selves)


def _circular(following: dict[str, str]) -> list[str]:
    """Numbers that are reached again by going on from them."""
    met_in: dict[str, str] = {}
    found: list[str] = []
    for start in following:
        number = start
        while number in following and number not in met_in:
            met_in[number] = start
            number = following[number]
        if met_in.get(number) == start:
            first, number = number, following[number]
            found.append(first)
            while number != first:
                found.append(number)
                number = following[number]
    return found


def _ends(following: dict[str, str]) -> dict[str, str]:
    """The end of every chain; each link is walked once."""
    ends: dict[str, str] = {}
    for start in following:
        path = [start]
        while path[-1] in following and path[-1] not in ends:
            path.append(following[path[-1]])
        last = path.pop()
        ends.update(dict.fromkeys(path, ends.get(last, last)))
    return dict(sorted(ends.items()))
