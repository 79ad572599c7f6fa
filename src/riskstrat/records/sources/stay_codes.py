"""Diagnoses and procedures of hospital stays, from the many columns that they stand in.

Every code counts once in a stay, at the best position that any episode gives it. A code that a
later submission no longer has was known until then.

References
----------
NHS England, Hospital Episode Statistics data dictionary (DIAG_NN, OPERTN_NN, CAUSE).
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from riskstrat.codes import normalise_code
from riskstrat.records.sources.stay_states import versions_sql
from riskstrat.records.sources.work import Work

__all__ = [
    "CODES_SQL",
    "CODE_COLUMNS",
    "MOST_DIAGNOSES",
    "MOST_PROCEDURES",
    "give_codes",
    "take_codes",
]

MOST_DIAGNOSES = 24
"""Commissioning data sets: one primary diagnosis and 23 others. Hospital episode statistics hold
20."""
MOST_PROCEDURES = 24
_MOST = {"diagnosis": MOST_DIAGNOSES, "procedure": MOST_PROCEDURES}
_DATES = tuple(f"procedure_date_{n}" for n in range(1, MOST_PROCEDURES + 1))
_NUMBERED = {kind: tuple(f"{kind}_{n}" for n in range(1, most + 1)) for kind, most in _MOST.items()}
_TOGETHER = {"diagnosis": "all_diagnoses", "procedure": "all_procedures"}
_CAUSE = "external_cause"

CODE_COLUMNS = (*_TOGETHER.values(), _CAUSE)
"""Columns of codes beside the numbered ones; a table has all of them, perhaps always null."""
CODES_SQL = f"hash({', '.join((*_NUMBERED['diagnosis'], *_NUMBERED['procedure'], *CODE_COLUMNS))})"
"""SQL: what tells the codes of one row from those of another."""

_SYSTEMS = {"diagnosis": "icd10", "procedure": "opcs4"}
_SHAPES = {"diagnosis": r"[A-Z]\d\d\w{0,3}", "procedure": r"[A-Z]\d{2,3}"}
"""What else stands in these columns is no code: '-' for none, '&' for not known."""
_UNKNOWN_CAUSE = "R69"
"""ICD-10, unknown causes of morbidity: what hospital episode statistics write where no diagnosis
was submitted."""


def take_codes(work: Work, table: str) -> None:
    """Take the columns of codes, most of them empty, out of a raw table.

    Makes ``<table>_codes``: ``row_number``, ``kind``, ``position``, ``number`` (of the code in
    ``<table>_code_numbers``) and ``day``. A row without numbered codes has those of the column in
    which all stand together.

    Parameters
    ----------
    work : Work
    table : str
        Has ``diagnosis_1`` and on, ``procedure_1`` and on, perhaps ``procedure_date_1`` and on, and
        the columns of :data:`CODE_COLUMNS`.
    """
    names = work.tables[table].names
    written = work.keep(f"{table}_written", " union all ".join(_parts(f"raw_{table}", names)))
    _number_codes(work, f"{table}_code_numbers", written)
    work.keep(
        f"{table}_codes",
        f"""
        select w.row_number, w.kind, w.position, n.number, w.day
        from {written} w join {table}_code_numbers n on n.kind = w.kind and n.written = w.code
        """,
    )
    work.engine.connection.execute(f"drop table {written}")
    spent = (*_NUMBERED["diagnosis"], *_NUMBERED["procedure"], *_DATES, *CODE_COLUMNS)
    work.spent[table] = tuple(column for column in spent if column in names)


def _parts(raw: str, names: tuple[str, ...]) -> Iterator[str]:
    """Queries of the rows with a code, column by column."""
    for kind, columns in _NUMBERED.items():
        for position, column in enumerate(columns, start=1):
            dated = kind == "procedure" and _DATES[position - 1] in names
            day = _DATES[position - 1] if dated else "cast(null as date)"
            yield (
                f"select row_number, '{kind}' as kind, {position} as position, "
                f"{column} as code, {day} as day from {raw} where {column} is not null"
            )
        yield (
            f"select row_number, '{kind}', item.position, item.code, null from ("
            f"select row_number, unnest({_split_sql(_TOGETHER[kind])}) as item "
            f"from {raw} where {_TOGETHER[kind]} is not null "
            f"and coalesce({', '.join(columns)}) is null) split"
        )
    yield (
        f"select row_number, 'diagnosis', null, {_CAUSE}, null from {raw} "
        f"where {_CAUSE} is not null"
    )


def _split_sql(column: str) -> str:
    """The codes that stand together in one column: ``||`` begins an episode, then commas."""
    item = "{'position': cast(place as integer), 'code': trim(code)}"
    codes = f"list_transform(string_split(episode, ','), lambda code, place: {item})"
    return f"flatten(list_transform(string_split({column}, '||'), lambda episode: {codes}))"


def _number_codes(work: Work, name: str, written: str) -> None:
    """Make a relation of each code as it is written, its normal form, and a number of that."""
    engine = work.engine
    found = engine.connection.execute(f"select distinct kind, code from {written}").fetchall()
    engine.register(
        "codes_as_written",
        pa.table(
            {
                "kind": pa.array([kind for kind, _ in found], pa.string()),
                "written": pa.array([code for _, code in found], pa.string()),
                "code": pa.array(
                    [normalise_code(code, _SYSTEMS[kind]) for kind, code in found], pa.string()
                ),
            }
        ),
    )
    shapes = " or ".join(
        f"(kind = '{kind}' and regexp_full_match(code, '{shape}'))"
        for kind, shape in _SHAPES.items()
    )
    work.keep(
        name,
        f"""
        select kind, written, code, dense_rank() over (order by kind, code) as number
        from codes_as_written where ({shapes}) and code <> '{_UNKNOWN_CAUSE}'
        """,
    )


def give_codes(work: Work, table: str, *, rows: str, states: str) -> None:
    """Give the diagnoses and procedures of stays, after :func:`take_codes`.

    Parameters
    ----------
    work : Work
    table : str
        The raw table.
    rows : str
        Relation: ``row_number`` and the ``state`` in which it holds.
    states : str
        Temporary table: ``state, patient_id, stay_id, start_date, recorded_date, superseded_date,
        is_only``. A code without a day of its own is dated to the first day of the stay.
    """
    work.keep(
        f"{table}_coded",
        f"""
        select s.state, c.number, coalesce(c.day, s.start_date) as event_date,
            min(c.position) as position
        from {table}_codes c join {rows} r using (row_number) join {states} s using (state)
        group by s.state, c.number, event_date
        """,
    )
    coded = f"""
        (select s.patient_id, s.stay_id, s.is_only, s.recorded_date, s.superseded_date, n.kind,
            n.system, n.code, c.event_date, c.position
        from {table}_coded c join {states} s using (state) join (
            select distinct kind, number, code, case kind {_systems_sql()} end as system
            from {table}_code_numbers) n using (number)) coded
    """
    key = ("patient_id", "stay_id", "kind", "system", "code", "event_date")
    work.give(
        "events",
        f"select {work.feed} as source, * "
        f"from ({versions_sql(coded, key, ('position',))}) versions",
    )


def _systems_sql() -> str:
    return " ".join(f"when '{kind}' then '{system}'" for kind, system in _SYSTEMS.items())
