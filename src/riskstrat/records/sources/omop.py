"""OMOP Common Data Model 5.4: what stands where, as data.

How it becomes rows is in :mod:`riskstrat.records.sources.omop_rows`.

References
----------
OHDSI, OMOP CDM v5.4 specification (tables, columns, concept ids); FHIR to OMOP implementation guide
1.0.0, concept map of discharge dispositions.

Notes
-----
- A month of birth that is given neither as such nor by the date of birth is taken as July, the
  middle of the year, and counted in the manifest under ``assumed``.
- A US race is not an NHS ethnic category: ``ethnic_category`` stays null.
- Observation periods become registrations. One that ends on the last day of the data, or later, is
  still open. One that ends earlier ends there, although some extracts close it at a person's last
  visit: dates are never altered.
- An extract does not say when a row became known: the declared lag is :data:`LAG_DAYS`.
- Visit ends are taken as they stand, also where an attendance seems to last for years: the check of
  long attendances reports them, and until its end such a visit is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

from riskstrat.records.sources.columns import RawTable, texts
from riskstrat.records.sources.judging import Reason

__all__ = [
    "EVENT_TABLES",
    "LAG_DAYS",
    "PLACES",
    "SEXES",
    "TABLES",
    "UNUSED",
    "VISIT_KINDS",
    "EventTable",
    "VisitKind",
]

LAG_DAYS = 0
"""Days between an event and its record. An extract gives none; a study names its feeds' lags."""

SEXES = {"8507": "male", "8532": "female"}
"""Gender concepts; every other one reads as unknown."""


@dataclass(frozen=True)
class VisitKind:
    """What a visit concept means here."""

    concept: str
    kind: str
    is_emergency: bool | None = None


VISIT_KINDS = (
    VisitKind("9201", "inpatient"),
    VisitKind("9202", "outpatient"),
    VisitKind("9203", "emergency_department"),
    VisitKind("262", "inpatient", is_emergency=True),
)
"""Inpatient, outpatient, emergency room, and emergency room followed by inpatient. A plain
inpatient visit does not say whether it was an emergency."""

PLACES = {
    "8536": "19",
    "8546": "88",
    "8863": "85",
    "8717": "87",
    "8920": "87",
    "8971": "87",
    "38004277": "87",
}
"""Concepts of where a person came from or went (home, hospice, skilled nursing facility; general,
rehabilitation, psychiatric and long-term hospital) as NHS codes of source and destination. The
hospitals read as 87, a hospital that is not run by the NHS: evidence of transfer."""

DIED = ("4216643", "32218")
"""Discharged dead (SNOMED 'patient died'; 'expired')."""


@dataclass(frozen=True)
class EventTable:
    """Where the parts of an event stand in a table of the model.

    Parameters
    ----------
    name : str
    kind : str
        Kind of event it becomes.
    prefix : str
        Start of the names of its concept columns.
    day : str
    time : str
    has_value : bool
    """

    name: str
    kind: str
    prefix: str
    day: str
    time: str
    has_value: bool = False

    @property
    def raw(self) -> RawTable:
        """The table with the columns that are read."""
        value = ("value_as_number", "unit_source_value", "unit_concept_id")
        return RawTable(
            self.name,
            texts("person_id", f"{self.prefix}_concept_id", self.day, required=True)
            + texts(
                f"{self.name}_id",
                self.time,
                f"{self.prefix}_source_concept_id",
                f"{self.prefix}_source_value",
                "visit_occurrence_id",
                *(value if self.has_value else ()),
            ),
        )


EVENT_TABLES = (
    EventTable(
        "condition_occurrence",
        "diagnosis",
        "condition",
        "condition_start_date",
        "condition_start_datetime",
    ),
    EventTable(
        "drug_exposure",
        "medication",
        "drug",
        "drug_exposure_start_date",
        "drug_exposure_start_datetime",
    ),
    EventTable(
        "procedure_occurrence", "procedure", "procedure", "procedure_date", "procedure_datetime"
    ),
    EventTable(
        "measurement",
        "measurement",
        "measurement",
        "measurement_date",
        "measurement_datetime",
        has_value=True,
    ),
    EventTable(
        "observation",
        "observation",
        "observation",
        "observation_date",
        "observation_datetime",
        has_value=True,
    ),
)

TABLES = (
    RawTable(
        "person",
        texts("person_id", "gender_concept_id", "year_of_birth", required=True)
        + texts("month_of_birth", "birth_datetime", "care_site_id"),
        must_have_rows=True,
    ),
    RawTable(
        "observation_period",
        texts(
            *("person_id", "observation_period_start_date", "observation_period_end_date"),
            required=True,
        )
        + texts("observation_period_id"),
        must_have_rows=True,
    ),
    RawTable(
        "visit_occurrence",
        texts(
            *("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date"),
            required=True,
        )
        + texts(
            "visit_start_datetime",
            "visit_end_date",
            "admitted_from_concept_id",
            "discharged_to_concept_id",
        ),
        must_have_rows=True,
    ),
    *(table.raw for table in EVENT_TABLES),
    RawTable("death", texts("person_id", "death_date", required=True), must_exist=False),
    RawTable(
        "concept",
        texts("concept_id", "concept_code", "vocabulary_id", required=True) + texts("concept_name"),
        must_exist=False,
    ),
)

UNUSED = {
    "condition_era": Reason.DERIVED,
    "drug_era": Reason.DERIVED,
    "dose_era": Reason.DERIVED,
    "concept_ancestor": Reason.VOCABULARY,
    "concept_class": Reason.VOCABULARY,
    "concept_relationship": Reason.VOCABULARY,
    "concept_synonym": Reason.VOCABULARY,
    "domain": Reason.VOCABULARY,
    "drug_strength": Reason.VOCABULARY,
    "relationship": Reason.VOCABULARY,
    "vocabulary": Reason.VOCABULARY,
}
"""Tables whose rows are counted and left out. Eras are computed from the exposures themselves."""
