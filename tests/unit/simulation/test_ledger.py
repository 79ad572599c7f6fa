"""Rows of canonical tables: declared types, spells as they became known, parts of a whole."""

from __future__ import annotations

from datetime import date, time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.engine import Engine
from riskstrat.schema import TABLES
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.ledger import Ledger, Recorded, register_parts
from riskstrat.simulation.timeline import NEVER

NAMES = np.array(["ann", "bob", "cid"])


def rows_of(ledger: Ledger, folder, query: str):
    """What a query finds in the parts that a ledger has written."""
    ledger.write(folder, 0)
    engine = Engine(threads=1)
    register_parts(engine, folder)
    return engine.connection.sql(query).fetchall()


def test_a_spell_becomes_an_open_and_a_closed_row(tmp_path) -> None:
    """Ended and told later: two rows. Not ended: one. Ended and told at once: the closed one."""
    ledger = Ledger(NAMES)
    ledger.add_spells(
        "opt_outs",
        np.array([0, 1, 2]),
        Recorded(np.array([11, 11, 30]), np.array([25, NEVER, 30])),
        kind=Choice(("type1", "national"), np.array([0, 1, 0])),
        start_date=np.array([10, 10, 10]),
        end_date=np.array([20, NEVER, 20]),
    )
    day = "date '1970-01-01'"
    found = rows_of(
        ledger,
        tmp_path,
        f"select patient_id, kind, end_date - {day}, recorded_date - {day}, "
        f"superseded_date - {day} from opt_outs order by 1, 4",
    )
    assert found == [
        ("ann", "type1", None, 11, 25),
        ("ann", "type1", 20, 25, None),
        ("bob", "national", None, 11, None),
        ("cid", "type1", 20, 30, None),
    ]


def test_an_end_that_is_told_before_the_beginning_is_known_with_it(tmp_path) -> None:
    ledger = Ledger(NAMES)
    recorded = Recorded(np.array([40]), np.array([25]))
    ledger.add_spells(
        "registrations",
        np.array([1]),
        recorded,
        start_date=np.array([10]),
        end_date=np.array([20]),
    )
    query = "select recorded_date, end_date, superseded_date from registrations"
    assert rows_of(ledger, tmp_path, query) == [(date(1970, 2, 10), date(1970, 1, 21), None)]


def test_values_get_the_declared_types(tmp_path) -> None:
    ledger = Ledger(NAMES)
    ledger.add(
        "events",
        np.array([2, 0]),
        kind="measurement",
        event_date=np.array([0, 1]),
        event_time=np.array([61, 0]),
        source=Choice(("gp", "hospital"), np.array([1, 0])),
        system="snomed",
        code=np.array(["271649006", "38341003"]),
        position=1,
        value=np.array([120.5, np.nan]),
        unit=None,
        recorded_date=5,
    )
    found = rows_of(ledger, tmp_path, "select * exclude (superseded_date) from events")
    measured = ("measurement", date(1970, 1, 1), time(1, 1), "hospital", "snomed", "271649006")
    other = ("measurement", date(1970, 1, 2), time(0, 0), "gp", "snomed", "38341003")
    told = date(1970, 1, 6)
    assert found == [
        ("cid", *measured, 1, 120.5, None, None, None, None, told),
        ("ann", *other, 1, None, None, None, None, None, told),
    ]


def test_parts_of_several_blocks_make_one_table(tmp_path) -> None:
    for part, name in enumerate(("ann", "bob", "cid")):
        ledger = Ledger(np.array([name]))
        ledger.add("patients", np.array([0]), birth_month=31 * part, sex="female")
        ledger.write(tmp_path, part)
    files = sorted((tmp_path / "patients").iterdir())
    assert [file.name for file in files] == ["000000.parquet", "000001.parquet", "000002.parquet"]
    engine = Engine(threads=1)
    register_parts(engine, tmp_path)
    found = engine.connection.sql("select patient_id, birth_month from patients order by 1")
    days = [date(1970, 1, 1), date(1970, 2, 1), date(1970, 3, 4)]
    assert found.fetchall() == list(zip(["ann", "bob", "cid"], days, strict=True))


@pytest.mark.parametrize("name", list(TABLES))
def test_parts_have_every_declared_column_also_without_rows(tmp_path, name) -> None:
    ledger = Ledger(NAMES)
    ledger.add(name, np.empty(0, np.int64))
    ledger.write(tmp_path, 7)
    read = pq.read_table(tmp_path / name / "000007.parquet")
    assert tuple(read.column_names) == TABLES[name].column_names
    assert read.num_rows == 0
    types = {column.name: column.type for column in TABLES[name].columns}
    arrow = {"VARCHAR": "string", "DATE": "date32[day]", "TIME": "time64[us]"}
    arrow |= {"DOUBLE": "double", "INTEGER": "int32", "BOOLEAN": "bool"}
    assert {field.name: str(field.type) for field in read.schema} == {
        column: arrow[declared] for column, declared in types.items()
    }


def test_a_column_that_is_not_declared_is_a_defect() -> None:
    with pytest.raises(KeyError, match="multiplier"):
        Ledger(NAMES).add("patients", np.array([0]), multiplier=np.array([1.0]))


def test_arrow_columns_are_taken_as_they_are(tmp_path) -> None:
    ledger = Ledger(NAMES)
    ledger.add(
        "stays",
        np.array([0, 1]),
        stay_id=pa.array(["s1", "s2"]),
        kind="outpatient",
        start_date=np.array([0, NEVER]),
        is_emergency=np.array([True, False]),
        recorded_date=0,
    )
    query = "select stay_id, start_date, is_emergency from stays order by 1"
    assert rows_of(ledger, tmp_path, query) == [
        ("s1", date(1970, 1, 1), True),
        ("s2", None, False),
    ]
