"""Sensitive codes: rows that never enter a store, judged once per distinct code.

The list is versioned and shipped; ``PROVENANCE.md`` of the reference tables says where its codes
are from. Version 1 is an illustration, to be replaced by the list that the controllers agreed on.
"""

from __future__ import annotations

import pyarrow as pa

from riskstrat.engine import Engine, Step
from riskstrat.errors import RecordsError
from riskstrat.reference import load_table

__all__ = [
    "LIST_NAME",
    "load_sensitive",
    "register_sensitive",
    "sensitive_sql",
    "sensitive_versions",
]

LIST_NAME = "sensitive_codes"
"""The only list there is, by the name that governance files and the reference table give it."""

_COLUMNS = ("system", "code", "match", "category")


def sensitive_versions() -> tuple[str, ...]:
    """The versions of the list that are shipped, in order.

    Examples
    --------
    >>> sensitive_versions()
    ('1',)
    """
    return tuple(sorted({row["version"] for row in load_table(LIST_NAME)}))


def load_sensitive(version: str) -> pa.Table:
    """One version of the list of sensitive codes.

    Parameters
    ----------
    version : str

    Returns
    -------
    pyarrow.Table
        ``system``, ``code`` in its normal written form, ``match`` (``exact``, or ``prefix`` for a
        code that stands for everything that starts with it) and ``category``.

    Raises
    ------
    RecordsError
        When there is no such version.

    Examples
    --------
    >>> load_sensitive("1").column_names
    ['system', 'code', 'match', 'category']
    """
    rows = [row for row in load_table(LIST_NAME) if row["version"] == version]
    if not rows:
        raise RecordsError(
            "the list of sensitive codes has no such version; expected one of: "
            f"{', '.join(sensitive_versions())}.",
            do="Correct [sensitive_codes] version in the governance file, or add the version to "
            "the table.",
        )
    text = pa.string()
    return pa.table({name: pa.array([row[name] for row in rows], text) for name in _COLUMNS})


def sensitive_sql(events: str, codes: str) -> str:
    """SQL: the distinct pairs of coding system and code in `events` that are on a list.

    Parameters
    ----------
    events : str
        A relation with ``system`` and ``code``; codes in their normal written form.
    codes : str
        A relation as :func:`load_sensitive` gives it.

    Returns
    -------
    str
        A query of ``system, code``; no row twice. Rows without a code are on no list.

    Notes
    -----
    A prefix is compared once per distinct pair and not once per row, so the time is that of one
    ``group by system, code`` over `events`.
    """
    return f"""
        select pairs.system, pairs.code
        from (select distinct system, code from {events} where code is not null) pairs
        where exists (
            select 1 from {codes} listed
            where listed.system = pairs.system and (
                pairs.code = listed.code
                or (listed.match = 'prefix' and starts_with(pairs.code, listed.code))
            )
        )
    """


def register_sensitive(engine: Engine, name: str, events: str, version: str) -> None:
    """Make a temporary table `name` (``system, code``) of the sensitive pairs in `events`.

    Parameters
    ----------
    engine : Engine
    name : str
    events : str
        A relation with ``system`` and ``code``. Its rows without a partner in `name` are those that
        may be kept: ``events anti join name using (system, code)``.
    version : str
        Version of the list.

    Raises
    ------
    RecordsError
        When there is no such version.
    """
    codes = f"{name}_list"
    engine.register(codes, load_sensitive(version))
    engine.create(Step(name, sensitive_sql(events, codes), portable=False))
