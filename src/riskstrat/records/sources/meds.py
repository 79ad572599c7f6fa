"""MEDS event streams, as made from MIMIC-IV: what each code stands for, as data.

How it becomes rows is in :mod:`riskstrat.records.sources.meds_rows`.

References
----------
MEDS, Medical Event Data Standard (``subject_id, time, code, numeric_value``; ``MEDS_BIRTH``,
``MEDS_DEATH``). Johnson AEW et al., MIMIC-IV (PhysioNet, doi 10.13026/kpb9-mt58), tables
``admissions``, ``transfers``, ``emar``. Medicare Benefit Policy Manual, chapter 6, section 20.6:
observation is outpatient care.

Notes
-----
- An admission is paired with the discharge that follows it. Emergency: ``EW EMER.``,
  ``DIRECT EMER.``, ``URGENT`` and ``OBSERVATION ADMIT``; not: ``ELECTIVE`` and
  ``SURGICAL SAME DAY ADMISSION``; another type reads as unknown. ``AMBULATORY OBSERVATION``,
  ``DIRECT OBSERVATION`` and ``EU OBSERVATION`` are no admissions but outpatient attendances.
- The hospitals are not run by the NHS, so a transfer from or to one reads as NHS code 87.
- Diagnoses, DRGs, ICD and HCPCS procedures are coded at discharge: they are recorded when the stay
  they belong to ends, whatever day they are dated.
- A medicine counts where it was ordered or given; what was stopped, held or not given, and what has
  no name, is kept as an observation.
- A person is registered from the first to the last event after birth: nothing else says how long
  somebody was followed.
- Codes that no rule knows are kept as observations with their whole text as a local code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from riskstrat.codes import normalise_code
from riskstrat.records.sources.codesystems import local_code
from riskstrat.records.sources.columns import RawTable, texts
from riskstrat.records.sources.judging import Reason

__all__ = [
    "ADMISSION_TYPES",
    "DISCHARGES",
    "LAG_DAYS",
    "SEXES",
    "TABLES",
    "TRANSFER_SOURCES",
    "UNUSED",
    "MappedCode",
    "Role",
    "map_code",
]

LAG_DAYS = 0
"""Days between an event and its record; an event stream gives none."""

TABLES = (
    RawTable(
        "events",
        texts("subject_id", "time", "code", required=True)
        + texts("numeric_value", "value", "text_value"),
        must_have_rows=True,
    ),
)

UNUSED = {"codes": Reason.VOCABULARY, "subject_splits": Reason.NOT_USED}
"""Metadata of a strict MEDS dataset: what its codes mean, and who is for training."""

SEXES = {"F": "female", "M": "male"}

ADMISSION_TYPES: dict[str, tuple[str, bool | None]] = {
    "EW EMER.": ("inpatient", True),
    "DIRECT EMER.": ("inpatient", True),
    "URGENT": ("inpatient", True),
    "OBSERVATION ADMIT": ("inpatient", True),
    "ELECTIVE": ("inpatient", False),
    "SURGICAL SAME DAY ADMISSION": ("inpatient", False),
    "AMBULATORY OBSERVATION": ("outpatient", None),
    "DIRECT OBSERVATION": ("outpatient", None),
    "EU OBSERVATION": ("outpatient", None),
}
"""Admission type to kind of stay and whether it was an emergency."""

TRANSFER_SOURCES = {
    "TRANSFER FROM HOSPITAL": "87",
    "INTERNAL TRANSFER TO OR FROM PSYCH": "87",
    "TRANSFER FROM SKILLED NURSING FACILITY": "85",
}
"""Admission location to NHS source of admission. The other locations say who referred the person
or which room they came through, not where they lived, and stay null."""

DISCHARGES: dict[str, tuple[str | None, str | None]] = {
    "HOME": ("1", "19"),
    "HOME HEALTH CARE": ("1", "19"),
    "AGAINST ADVICE": ("2", None),
    "DIED": ("4", "79"),
    "SKILLED NURSING FACILITY": ("1", "85"),
    "HOSPICE": ("1", "88"),
    "ACUTE HOSPITAL": ("1", "87"),
    "CHRONIC/LONG TERM ACUTE CARE": ("1", "87"),
    "PSYCH FACILITY": ("1", "87"),
    "REHAB": ("1", "87"),
}
"""Discharge location to NHS discharge method (1 = on clinical advice, 2 = discharged themselves,
4 = died) and destination."""

_GIVEN = frozenset(
    {
        "Administered",
        "Administered Bolus from IV Drip",
        "Administered in Other Location",
        "Applied",
        "Applied in Other Location",
        "Delayed Administered",
        "Delayed Flushed",
        "Delayed Started",
        "Flushed",
        "Flushed in Other Location",
        "Partial Administered",
        "Removed Existing / Applied New",
        "Restarted",
        "Started",
        "Started in Other Location",
    }
)
"""What the medication record of MIMIC-IV writes when a medicine reached the person."""

_UNKNOWN = ("UNK", "N/A", "")


class Role(StrEnum):
    """What a row of the stream does."""

    FACT = "fact"
    BIRTH = "birth"
    DEATH = "death"
    SEX = "sex"
    ADMISSION = "admission"
    DISCHARGE = "discharge"
    ED_ARRIVAL = "ed arrival"
    ED_DEPARTURE = "ed departure"
    ED_TRANSFER = "ed transfer"


@dataclass(frozen=True)
class MappedCode:
    """What one code of the stream stands for.

    Parameters
    ----------
    role : Role
    kind : str
        Kind of event; of stay, for an admission.
    system : str
    code : str
    unit : str or None
    text : str or None
    is_coded_late : bool
        Whether the code is only known when the stay ends.
    detail : str or None
        Sex, source of admission, or discharge destination.
    method : str or None
        Discharge method.
    is_emergency : bool or None
    """

    role: Role
    kind: str = "observation"
    system: str = "local"
    code: str = ""
    unit: str | None = None
    text: str | None = None
    is_coded_late: bool = False
    detail: str | None = None
    method: str | None = None
    is_emergency: bool | None = None


_FIXED = {
    "MEDS_BIRTH": Role.BIRTH,
    "MEDS_DEATH": Role.DEATH,
    "ED_REGISTRATION": Role.ED_ARRIVAL,
    "ED_OUT": Role.ED_DEPARTURE,
}

_MEASURED = {
    "Blood Pressure": None,
    "Blood Pressure Lying": None,
    "Blood Pressure Sitting": None,
    "Blood Pressure Standing (1 min)": None,
    "Blood Pressure Standing (3 mins)": None,
    "BMI (kg/m2)": "kg/m2",
    "Height (Inches)": "Inches",
    "Weight (Lbs)": "Lbs",
}
"""Outpatient measurements of MIMIC-IV and their units."""


def map_code(code: str) -> MappedCode:
    """What a code of the stream stands for.

    Examples
    --------
    >>> mapped = map_code("DIAGNOSIS//ICD//10//I48.91")
    >>> mapped.kind, mapped.system, mapped.code, mapped.is_coded_late
    ('diagnosis', 'icd10', 'I4891', True)
    >>> map_code("HOSPITAL_ADMISSION//EW EMER.//EMERGENCY ROOM").is_emergency
    True
    """
    first, *rest = (part.strip() for part in code.split("//"))
    if not rest and first in _FIXED:
        return MappedCode(_FIXED[first], code=first)
    if not rest and first in _MEASURED:
        return MappedCode(Role.FACT, "measurement", code=first, unit=_MEASURED[first])
    rule = _RULES.get(first)
    return (rule(rest) if rule else None) or MappedCode(Role.FACT, code=code.strip())


def _sex(parts: list[str]) -> MappedCode:
    return MappedCode(Role.SEX, detail=SEXES.get(_part(parts, 0).upper(), "unknown"))


def _admission(parts: list[str]) -> MappedCode:
    kind, is_emergency = ADMISSION_TYPES.get(_part(parts, 0).upper(), ("inpatient", None))
    source = TRANSFER_SOURCES.get(_part(parts, 1).upper())
    return MappedCode(Role.ADMISSION, kind, detail=source, is_emergency=is_emergency)


def _discharge(parts: list[str]) -> MappedCode:
    method, destination = DISCHARGES.get(_part(parts, 0).upper(), (None, None))
    return MappedCode(Role.DISCHARGE, detail=destination, method=method)


def _transfer(parts: list[str]) -> MappedCode | None:
    return MappedCode(Role.ED_TRANSFER) if _part(parts, 0).upper() == "ED" else None


def _diagnosis(parts: list[str]) -> MappedCode:
    if _part(parts, 0) == "ICD" and _part(parts, 1) in {"9", "10"} and _part(parts, 2):
        system = f"icd{parts[1]}"
        code = normalise_code(parts[2], system)
        return MappedCode(Role.FACT, "diagnosis", system, code, is_coded_late=True)
    return MappedCode(Role.FACT, "diagnosis", code=_joined("DIAGNOSIS", parts), is_coded_late=True)


_PROCEDURE_VOCABULARIES = {"9": "ICD9Proc", "10": "ICD10PCS"}


def _procedure(parts: list[str]) -> MappedCode | None:
    if _part(parts, 0) == "ICD" and _part(parts, 1) in _PROCEDURE_VOCABULARIES and _part(parts, 2):
        code = local_code(_PROCEDURE_VOCABULARIES[parts[1]], parts[2].replace(".", ""))
        return MappedCode(Role.FACT, "procedure", code=code, is_coded_late=True)
    if _part(parts, 0) == "END":
        return None
    named = parts[1:] if _part(parts, 0) == "START" else parts
    return MappedCode(Role.FACT, "procedure", code=_joined("PROCEDURE", named))


def _hcpcs(parts: list[str]) -> MappedCode:
    return MappedCode(Role.FACT, "procedure", code=_joined("HCPCS", parts), is_coded_late=True)


def _drg(parts: list[str]) -> MappedCode:
    return MappedCode(Role.FACT, code=_joined("DRG", parts), is_coded_late=True)


def _medication(parts: list[str]) -> MappedCode | None:
    if _part(parts, 0) in {"START", "STOP"}:
        name, is_given = _part(parts, 1), parts[0] == "START"
    else:
        name, is_given = _part(parts, 0), len(parts) == 1 or _part(parts, 1) in _GIVEN
    if not is_given or name in _UNKNOWN:
        return None
    return MappedCode(Role.FACT, "medication", code=_joined("MEDICATION", [name]), text=name)


def _infusion(parts: list[str]) -> MappedCode:
    return MappedCode(Role.FACT, "medication", code=_joined("INFUSION", parts))


def _measured(name: str, parts: list[str], unit: int) -> MappedCode:
    given = _part(parts, unit)
    code = "//".join([name, *parts[:unit]])
    return MappedCode(
        Role.FACT, "measurement", code=code, unit=None if given in _UNKNOWN else given
    )


def _lab(parts: list[str]) -> MappedCode:
    return _measured("LAB", parts, 1)


def _output(parts: list[str]) -> MappedCode:
    return _measured("SUBJECT_FLUID_OUTPUT", parts, 1)


def _weight(parts: list[str]) -> MappedCode:
    return _measured("SUBJECT_WEIGHT_AT_INFUSION", parts, 0)


_RULES: dict[str, Callable[[list[str]], MappedCode | None]] = {
    "GENDER": _sex,
    "HOSPITAL_ADMISSION": _admission,
    "HOSPITAL_DISCHARGE": _discharge,
    "TRANSFER_TO": _transfer,
    "DIAGNOSIS": _diagnosis,
    "PROCEDURE": _procedure,
    "HCPCS": _hcpcs,
    "DRG": _drg,
    "MEDICATION": _medication,
    "INFUSION_START": _infusion,
    "LAB": _lab,
    "SUBJECT_FLUID_OUTPUT": _output,
    "SUBJECT_WEIGHT_AT_INFUSION": _weight,
}
"""First part of a code to the rule for the rest; None from a rule means: keep it as it is."""


def _part(parts: list[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


def _joined(name: str, parts: list[str]) -> str:
    return "//".join([name, *parts])
