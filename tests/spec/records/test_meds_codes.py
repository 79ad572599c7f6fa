"""What each code of a MEDS stream stands for."""

from __future__ import annotations

import pytest

from riskstrat.records.sources.meds import Role, map_code


@pytest.mark.parametrize(
    ("code", "kind", "system", "written"),
    [
        ("DIAGNOSIS//ICD//9//4280", "diagnosis", "icd9", "4280"),
        ("DIAGNOSIS//ICD//10//i48.91", "diagnosis", "icd10", "I4891"),
        ("DIAGNOSIS//LOCAL//7", "diagnosis", "local", "DIAGNOSIS//LOCAL//7"),
        ("PROCEDURE//ICD//9//5491", "procedure", "local", "ICD9Proc:5491"),
        ("PROCEDURE//ICD//10//0W9G3ZZ", "procedure", "local", "ICD10PCS:0W9G3ZZ"),
        ("PROCEDURE//START//225792", "procedure", "local", "PROCEDURE//225792"),
        ("PROCEDURE//END//225792", "observation", "local", "PROCEDURE//END//225792"),
        ("HCPCS//Digestive system", "procedure", "local", "HCPCS//Digestive system"),
        ("DRG//APR//194//HEART FAILURE", "observation", "local", "DRG//APR//194//HEART FAILURE"),
        ("ICU_ADMISSION//Trauma", "observation", "local", "ICU_ADMISSION//Trauma"),
        ("TRANSFER_TO//admit//Med", "observation", "local", "TRANSFER_TO//admit//Med"),
        ("never seen before", "observation", "local", "never seen before"),
    ],
)
def test_facts(code: str, kind: str, system: str, written: str) -> None:
    """ICD diagnoses keep their system; ICD procedures are other codes; the rest stays local."""
    mapped = map_code(code)
    assert (mapped.role, mapped.kind) == (Role.FACT, kind)
    assert (mapped.system, mapped.code) == (system, written)


@pytest.mark.parametrize(
    ("code", "is_medication"),
    [
        ("MEDICATION//START//Furosemide", True),
        ("MEDICATION//STOP//Furosemide", False),
        ("MEDICATION//Furosemide//Administered", True),
        ("MEDICATION//Furosemide//Not Given", False),
        ("MEDICATION//Furosemide//Hold Dose", False),
        ("MEDICATION//UNK//Administered", False),
        ("MEDICATION//START//UNK", False),
        ("MEDICATION//Furosemide", True),
    ],
)
def test_a_medicine_counts_where_it_was_ordered_or_given(code: str, is_medication: bool) -> None:
    """Stopped, held, not given or without a name: an observation."""
    mapped = map_code(code)
    assert mapped.kind == ("medication" if is_medication else "observation")
    assert mapped.code == ("MEDICATION//Furosemide" if is_medication else code)
    assert mapped.text == ("Furosemide" if is_medication else None)


@pytest.mark.parametrize(
    ("code", "written", "unit"),
    [
        ("LAB//50912//mg/dL", "LAB//50912", "mg/dL"),
        ("LAB//51087//UNK", "LAB//51087", None),
        ("LAB//51087", "LAB//51087", None),
        ("SUBJECT_FLUID_OUTPUT//226560//ml", "SUBJECT_FLUID_OUTPUT//226560", "ml"),
        ("SUBJECT_WEIGHT_AT_INFUSION//KG", "SUBJECT_WEIGHT_AT_INFUSION", "KG"),
        ("Weight (Lbs)", "Weight (Lbs)", "Lbs"),
        ("Blood Pressure", "Blood Pressure", None),
    ],
)
def test_measurements_have_a_unit_apart(code: str, written: str, unit: str | None) -> None:
    """The same measurement in two units has one code."""
    mapped = map_code(code)
    assert (mapped.kind, mapped.code, mapped.unit) == ("measurement", written, unit)


@pytest.mark.parametrize(
    ("admission_type", "kind", "is_emergency"),
    [
        ("EW EMER.", "inpatient", True),
        ("DIRECT EMER.", "inpatient", True),
        ("URGENT", "inpatient", True),
        ("OBSERVATION ADMIT", "inpatient", True),
        ("ELECTIVE", "inpatient", False),
        ("SURGICAL SAME DAY ADMISSION", "inpatient", False),
        ("EU OBSERVATION", "outpatient", None),
        ("DIRECT OBSERVATION", "outpatient", None),
        ("AMBULATORY OBSERVATION", "outpatient", None),
        ("SOMETHING NEW", "inpatient", None),
    ],
)
def test_admission_types(admission_type: str, kind: str, is_emergency: bool | None) -> None:
    """Observation is outpatient care; a type that is not known says nothing of emergency."""
    mapped = map_code(f"HOSPITAL_ADMISSION//{admission_type}//PHYSICIAN REFERRAL")
    assert (mapped.role, mapped.kind) == (Role.ADMISSION, kind)
    assert mapped.is_emergency is is_emergency


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ("TRANSFER FROM HOSPITAL", "87"),
        ("INTERNAL TRANSFER TO OR FROM PSYCH", "87"),
        ("TRANSFER FROM SKILLED NURSING FACILITY", "85"),
        ("EMERGENCY ROOM", None),
        ("PHYSICIAN REFERRAL", None),
    ],
)
def test_where_an_admission_came_from(location: str, source: str | None) -> None:
    """Only a hospital is evidence of transfer; who referred the person says nothing."""
    assert map_code(f"HOSPITAL_ADMISSION//URGENT//{location}").detail == source


@pytest.mark.parametrize(
    ("location", "method", "destination"),
    [
        ("DIED", "4", "79"),
        ("HOME", "1", "19"),
        ("AGAINST ADVICE", "2", None),
        ("ACUTE HOSPITAL", "1", "87"),
        ("SKILLED NURSING FACILITY", "1", "85"),
        ("UNK", None, None),
    ],
)
def test_where_a_discharge_went(location: str, method: str | None, destination: str | None) -> None:
    """'DIED' is discharge method 4; an unknown place is null."""
    mapped = map_code(f"HOSPITAL_DISCHARGE//{location}")
    assert (mapped.role, mapped.method, mapped.detail) == (Role.DISCHARGE, method, destination)


@pytest.mark.parametrize(
    ("code", "late"),
    [
        ("DIAGNOSIS//ICD//10//I50", True),
        ("PROCEDURE//ICD//9//5491", True),
        ("DRG//APR//194//HEART FAILURE", True),
        ("HCPCS//Digestive system", True),
        ("PROCEDURE//START//225792", False),
        ("LAB//50912//mg/dL", False),
        ("MEDICATION//START//Furosemide", False),
    ],
)
def test_what_is_coded_at_discharge(code: str, late: bool) -> None:
    """Diagnoses, DRGs and billed procedures are only known when the stay ends."""
    assert map_code(code).is_coded_late is late


def test_sex() -> None:
    """F and M in any case, anything else unknown."""
    found = [map_code(f"GENDER//{code}").detail for code in ("F", "m", "X", "")]
    assert found == ["female", "male", "unknown", "unknown"]
