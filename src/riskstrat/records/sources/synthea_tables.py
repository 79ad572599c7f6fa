"""Tables that Synthea exports as CSV: which columns each has.

References
----------
Synthea, CSV File Data Dictionary (project wiki) and its CSV exporter.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable, texts
from riskstrat.records.sources.judging import Reason

__all__ = ["LIKE_CONDITIONS", "TABLES", "UNUSED"]

_SCOPE = "synthea"
_PERSON = Column("local_id", ("PATIENT",), required=True)
_ENCOUNTER = Column("encounter_id", ("ENCOUNTER",), required=True)
_TEXT = Column("text", ("DESCRIPTION",), required=True)
_CODE = Column("code", ("CODE",), Kind.CODE, required=True, missing=Reason.NO_CODE)


def _when(*names: str) -> tuple[Column, Column]:
    """The day of a moment, and the moment."""
    day = Column("event_date", names, Kind.DAY, required=True, missing=Reason.NO_DATE)
    return day, Column("moment", names)


def _table(name: str, *columns: Column, must_exist: bool = False) -> RawTable:
    return RawTable(f"synthea_{name}", columns, scope=_SCOPE, must_exist=must_exist)


_PATIENTS = RawTable(
    "synthea_patients",
    (
        Column("local_id", ("Id",), required=True),
        Column("birth_date", ("BIRTHDATE",), Kind.DAY, required=True),
        Column("death_date", ("DEATHDATE",), Kind.DAY, required=True),
        Column("sex", ("GENDER",), required=True),
        *texts("ETHNICITY", required=True),
    ),
    scope=_SCOPE,
    is_register=True,
)
_ENCOUNTERS = _table(
    "encounters",
    Column("identifier", ("Id",), required=True, missing=Reason.NO_IDENTIFIER),
    _PERSON,
    *_when("START"),
    Column("end_date", ("STOP",), Kind.DAY, required=True),
    Column("visit_class", ("ENCOUNTERCLASS",), required=True),
    Column("code", ("CODE",)),
)
_STOP = Column("stop", ("STOP",), required=True)
_SYSTEM = Column("written_system", ("SYSTEM",))
_CONDITIONS = _table(
    "conditions", _PERSON, _ENCOUNTER, *_when("START"), _STOP, _SYSTEM, _CODE, _TEXT
)
_MEDICATIONS = _table(
    "medications",
    *(_PERSON, _ENCOUNTER, *_when("START"), _STOP, _CODE, _TEXT),
    *texts("DISPENSES", "TOTALCOST", "REASONCODE", required=True),
)
_PROCEDURES = _table(
    "procedures",
    *(_PERSON, _ENCOUNTER, *_when("START", "DATE"), _SYSTEM, _CODE, _TEXT),
    *texts("BASE_COST", "REASONCODE", required=True),
)
_OBSERVATIONS = _table(
    "observations",
    *(_PERSON, _ENCOUNTER, *_when("DATE"), _CODE, _TEXT),
    Column("written_value", ("VALUE",), required=True),
    Column("unit", ("UNITS",), required=True),
    Column("type", ("TYPE",), required=True),
)
_OF_CONDITIONS = ("START", "STOP", "ENCOUNTER", "CODE", "DESCRIPTION")

LIKE_CONDITIONS = tuple(
    _table(name, _PERSON, *texts(*_OF_CONDITIONS, *more, required=True))
    for name, more in (
        ("allergies", ("REACTION1", "SEVERITY1")),
        ("careplans", ("Id", "REASONCODE")),
        ("devices", ("UDI",)),
    )
)
"""Tables with all columns of conditions: told apart by the columns that they have besides."""

UNUSED = (
    *("allergies", "careplans", "claims", "claims_transactions", "devices", "imaging_studies"),
    *("immunizations", "organizations", "patient_expenses", "payer_transitions", "payers"),
    *("providers", "supplies"),
)
"""Files that are known and left out."""

TABLES = (
    *LIKE_CONDITIONS,
    *(_PATIENTS, _ENCOUNTERS, _CONDITIONS, _MEDICATIONS, _PROCEDURES, _OBSERVATIONS),
)
"""Of two tables that fit a file equally well the first is taken."""
