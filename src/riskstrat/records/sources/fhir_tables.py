"""FHIR R4 resources in bulk files: what stands where, as data.

References
----------
HL7 FHIR R4 (4.0.1), resources Patient, Encounter, Condition, MedicationRequest, Medication,
Procedure and Observation; HL7 FHIR Bulk Data Access; HL7 UK FHIR registry and UK Core R4
(identifiers, extensions and code systems of the NHS).
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.json_lines import IS_JSON
from riskstrat.records.sources.judging import moment_sql, real_day_sql

__all__ = ["PATIENT_MOMENTS", "RESOURCES", "TABLES", "is_day_sql", "reference_sql"]

_SCOPE = "fhir"
_RESTRICTED = ("R", "V", "REDACTED")
"""Confidentiality of records that are kept from view (HL7 v3 Confidentiality; the Personal
Demographics Service marks people whose whereabouts are secret so)."""

_PRACTICE = '$.generalPractitioner[identifier.system$="/Id/ods-organization-code"].identifier'


def reference_sql(column: str, resource: str) -> str:
    """SQL: the identifier of a resource that a reference names, null when it names another kind.

    ``Patient/1``, an address that ends so, with or without its version, and ``urn:uuid:1``.
    """
    shape = rf"^(?:(?:[^?#]*/)?{resource}/|urn:uuid:)([^/?#]+)(?:/_history/[^/]+)?$"
    return f"nullif(regexp_extract({column}, '{shape}', 1), '')"


_DAY = r"\d{4}-\d{2}-\d{2}(T.*)?"


def is_day_sql(column: str) -> str:
    """SQL: whether a moment tells a day, be it one that stands for no date."""
    return (
        f"(regexp_full_match({column}, '{_DAY}') and try_cast({column}[1:10] as date) is not null)"
    )


def _day_of(column: str) -> str:
    """SQL: the day of a moment as it is written, null for a month or a year alone."""
    day = real_day_sql(f"try_cast({column}[1:10] as date)")
    return f"case when regexp_full_match({column}, '{_DAY}') then {day} end"


_ANY = (
    Column("resource_type", ("$.resourceType",)),
    Column("is_json", (IS_JSON,), Kind.YES_NO),
    Column("identifier", ("$.id",), required=True),
    Column("last_updated", ("$.meta.lastUpdated",)),
    Column("confidentiality", ('$.meta.security[system$="Confidentiality"].code',)),
)
_OF_ANY = {
    "updated": moment_sql("last_updated"),
    "is_restricted": f"coalesce(upper(confidentiality) in {_RESTRICTED}, false)",
}


def _named(resource: str) -> str:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in resource)
    return f"fhir{words.lower()}"


def _about_somebody(resource: str, *columns: Column, moments: tuple[str, ...] = ()) -> RawTable:
    """A resource with a reference to the person it is about.

    Of each of its `moments`, texts of which some are only a year, there is also the day.
    """
    subject = (
        Column("subject", ("$.subject.reference",)),
        Column("encounter", ("$.encounter.reference",)),
        Column("status", ("$.status",)),
    )
    return RawTable(
        _named(resource),
        (*_ANY, *subject, *columns),
        scope=_SCOPE,
        derived={
            **_OF_ANY,
            "local_id": reference_sql("subject", "Patient"),
            "encounter_id": reference_sql("encounter", "Encounter"),
            **{f"{column}_day": _day_of(column) for column in moments},
        },
        must_exist=False,
    )


PATIENT_MOMENTS = ("death", "registered", "deregistered")
"""Columns of a patient that should say a day, each with it in another column ending in ``_day``."""

_IS_PATIENT = "resource_type = 'Patient'"
_BORN = r"\d{4}-\d{2}(-\d{2}(T.*)?)?"
"""A date of birth, or a month. A year alone is none."""


def _birth_sql(day: str) -> str:
    return (
        f"case when {_IS_PATIENT} and regexp_full_match(born, '{_BORN}') "
        f"then try_cast({day} as date) end"
    )


_PATIENT = RawTable(
    "fhir_patient",
    (
        *_ANY,
        Column("nhs_number", ('$.identifier[system$="/Id/nhs-number"].value',)),
        Column("born", ("$.birthDate",)),
        Column("sex", ("$.gender",)),
        Column("death", ("$.deceasedDateTime",)),
        Column(
            "ethnic_category",
            ('$.extension[url$="UKCore-EthnicCategory"].valueCodeableConcept.coding[0].code',),
        ),
        Column("registered_practice", (f"{_PRACTICE}.value",)),
        Column("registered", (f"{_PRACTICE}.period.start",)),
        Column("deregistered", (f"{_PRACTICE}.period.end",)),
        Column("organisation", ("$.managingOrganization.identifier.value",)),
        Column("organisation_system", ("$.managingOrganization.identifier.system",)),
        Column("test_mark", ('$.meta.security[code$="HTEST"].code',)),
    ),
    scope=_SCOPE,
    is_register=True,
    derived={
        **_OF_ANY,
        "local_id": f"case when {_IS_PATIENT} then identifier end",
        "birth_date": _birth_sql("born[1:10]"),
        "birth_month": _birth_sql("born[1:7] || '-01'"),
        **{f"{column}_day": _day_of(column) for column in PATIENT_MOMENTS},
        "practice_code": "upper(coalesce(registered_practice, case when ends_with("
        "organisation_system, '/Id/ods-organization-code') then organisation end))",
        "is_withheld": f"{_IS_PATIENT} and {_OF_ANY['is_restricted']}",
        "is_dummy": f"{_IS_PATIENT} and test_mark = 'HTEST'",
    },
)

_ENCOUNTER = _about_somebody(
    "Encounter",
    Column("class_code", ("$.class.code",)),
    Column("started", ("$.period.start",)),
    Column("start_date", ("$.period.start",), Kind.DAY),
    Column("end_date", ("$.period.end",), Kind.DAY),
    Column("hospitalization", ("$.hospitalization",)),
    Column("priority", ('$.priority.coding[system$="/v3-ActPriority"].code',)),
    Column("organisation", ("$.serviceProvider.identifier.value",)),
    Column("organisation_system", ("$.serviceProvider.identifier.system",)),
)

_CONDITION = _about_somebody(
    "Condition",
    Column("codings", ("$.code.coding",)),
    Column("verification", ("$.verificationStatus.coding[0].code",)),
    Column("onset", ("$.onsetDateTime",)),
    Column("onset_start", ("$.onsetPeriod.start",)),
    Column("recorded", ("$.recordedDate",)),
    moments=("onset", "onset_start", "recorded"),
)

_MEDICATION_REQUEST = _about_somebody(
    "MedicationRequest",
    Column("intent", ("$.intent",)),
    Column("prohibited", ("$.doNotPerform",)),
    Column("authored", ("$.authoredOn",)),
    Column("codings", ("$.medicationCodeableConcept.coding",)),
    Column("medication", ("$.medicationReference.reference",)),
    Column("contained_id", ('$.contained[resourceType$="Medication"].id',)),
    Column("contained_codings", ('$.contained[resourceType$="Medication"].code.coding',)),
    moments=("authored",),
)

_PROCEDURE = _about_somebody(
    "Procedure",
    Column("codings", ("$.code.coding",)),
    Column("performed", ("$.performedDateTime",)),
    Column("performed_start", ("$.performedPeriod.start",)),
    moments=("performed", "performed_start"),
)

_OBSERVATION = _about_somebody(
    "Observation",
    Column("codings", ("$.code.coding",)),
    Column("effective", ("$.effectiveDateTime",)),
    Column("effective_start", ("$.effectivePeriod.start",)),
    Column("effective_instant", ("$.effectiveInstant",)),
    Column("issued", ("$.issued",)),
    Column("quantity", ("$.valueQuantity.value",), Kind.NUMBER),
    Column("whole_number", ("$.valueInteger",), Kind.NUMBER),
    Column("unit", ("$.valueQuantity.unit",)),
    Column("unit_code", ("$.valueQuantity.code",)),
    Column("answer", ("$.valueCodeableConcept.coding",)),
    Column("components", ("$.component",)),
    Column("absent", ("$.dataAbsentReason",)),
    moments=("effective", "effective_start", "effective_instant", "issued"),
)

_MEDICATION = RawTable(
    "fhir_medication",
    (*_ANY, Column("codings", ("$.code.coding",))),
    derived=_OF_ANY,
    must_exist=False,
)
"""What a request may refer to. It is about nobody."""

TABLES = (
    _PATIENT,
    _ENCOUNTER,
    _CONDITION,
    _MEDICATION_REQUEST,
    _PROCEDURE,
    _OBSERVATION,
    _MEDICATION,
)

RESOURCES = {
    _named(resource): resource
    for resource in (
        *("Patient", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation"),
        "Medication",
    )
}
"""Raw table to the resource that its lines hold."""
