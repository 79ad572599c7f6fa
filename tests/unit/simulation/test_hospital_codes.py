"""Codes of hospital spells: what stands in the tables, and what is coded of it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from riskstrat.codes import normalise_code
from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.hospital.attendances import complaint_labels, diagnosis_labels, mechanisms
from riskstrat.simulation.hospital.causes import causes_of, drawn_causes, rows_of_kind
from riskstrat.simulation.hospital.coding import (
    MOST_DIAGNOSES,
    code_spells,
    procedure_labels,
)
from riskstrat.simulation.hospital.coding import diagnosis_labels as icd10_labels
from riskstrat.simulation.hospital.emergency import emergency_spells
from riskstrat.simulation.hospital.episodes import TREATMENTS, main_specialties
from riskstrat.simulation.hospital.planned import planned_spells
from riskstrat.simulation.hospital.spells import PROVIDERS, SITES, Spells
from riskstrat.simulation.timeline import NEVER

CAUSES = ("admission_causes", "elective_causes", "attendance_causes", "clinics")
VERHOEFF_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation that Verhoeff's check digit repeats for every further place."""


def verhoeff_is_valid(number: str) -> bool:
    """The check digit of SNOMED CT: a product in the dihedral group of ten elements."""
    check = 0
    for place, digit in enumerate(map(int, reversed(number))):
        for _ in range(place % 8):
            digit = VERHOEFF_STEP[digit]
        turned, turn = digit % 5, digit >= 5
        rotated = (check % 5 + (-turned if check >= 5 else turned)) % 5
        check = rotated + 5 * ((check >= 5) != turn)
    return check == 0


@pytest.fixture(scope="module")
def spells(block) -> Spells:
    return Spells.together(emergency_spells(block), planned_spells(block))


@pytest.fixture(scope="module")
def coded(block, spells):
    return code_spells(block, spells)


def test_the_check_digit_knows_right_from_wrong() -> None:
    assert verhoeff_is_valid("22298006")
    assert not verhoeff_is_valid("22298007")


@pytest.mark.parametrize("labels", [complaint_labels, diagnosis_labels, mechanisms])
def test_snomed_codes_have_valid_check_digits(labels) -> None:
    assert all(verhoeff_is_valid(code) for code in labels())


def test_classifications_stand_in_their_one_written_form() -> None:
    for code in icd10_labels():
        assert normalise_code(code, "icd10") == code
        assert re.fullmatch(r"[A-Z]\d{2,3}", code)
    for code in procedure_labels():
        assert normalise_code(code, "opcs4") == code
        assert re.fullmatch(r"[A-Z]\d{3}", code)


def test_no_provider_or_site_can_be_a_real_one() -> None:
    """Codes of trusts and sites begin with a single letter R, N or Z and no second Z."""
    assert all(re.fullmatch(r"ZZH\w\d", code) for code in (*PROVIDERS, *SITES))
    assert len(set(PROVIDERS) | set(SITES)) == len(PROVIDERS) + len(SITES)


def test_main_specialties_stand_for_treatment_functions_that_are_none() -> None:
    assert main_specialties(("300", "103", "328", "650")) == ("300", "100", "300", "960")
    assert len(main_specialties(TREATMENTS)) == len(TREATMENTS)


@pytest.mark.parametrize("table", CAUSES)
def test_causes_name_known_conditions_and_people_of_one_sex_or_both(table) -> None:
    assert set(column(table, "condition")) <= set(column("conditions", "condition")) | {""}
    assert set(column(table, "sex")) <= {"", "F", "M"}
    causes = causes_of(table)
    assert (causes.having >= causes.without).all()
    assert causes.without.any(axis=2).all()


@pytest.mark.parametrize("kind", ["inpatient", "day_case"])
def test_there_is_planned_care_for_people_of_every_age_and_sex_without_conditions(kind) -> None:
    rows = rows_of_kind("elective_causes", kind)
    assert (causes_of("elective_causes").without[:, :, rows].sum(axis=2) > 0).all()


def test_every_injury_has_an_external_cause_and_only_injuries_and_falls_have_one() -> None:
    for code, external in zip(
        column("admission_causes", "icd10"),
        column("admission_causes", "external_cause"),
        strict=True,
    ):
        assert (code[0] in "ST" or code == "R296") == (external != "")
        assert external == "" or external[0] in "VWXY"


def test_a_cause_that_needs_a_condition_is_drawn_only_after_it_began(block) -> None:
    """Somebody with COPD from a day on: never for it on that day, often later."""
    start = block.period.first + 500
    onset = np.full_like(block.lives.onset, NEVER)
    onset[:, condition_index("copd")] = start
    ill = replace(block, lives=replace(block.lives, onset=onset))
    row = np.arange(len(block.people))
    names = np.array(column("admission_causes", "icd10"))
    drawn = {}
    for day in (start, start + 1):
        causes = drawn_causes(ill, "admission_causes", row, ill.draws("a try", row, day))
        drawn[day] = np.isin(names[causes], ("J441", "J440")).mean()
    assert drawn[start] == 0
    assert drawn[start + 1] > 0.1


def test_drawn_causes_fit_the_sex_and_the_age(block) -> None:
    row = np.arange(len(block.people))
    draws = block.draws("a try", row, block.period.first + 900)
    rows = drawn_causes(block, "elective_causes", row, draws)
    sex = np.array(column("elective_causes", "sex"))[rows]
    female = block.people.female
    assert not (sex[female] == "M").any()
    assert not (sex[~female] == "F").any()
    age = (block.period.first + 900 - block.people.birth) / 365.25
    youngest = np.array([int(text or 0) for text in column("elective_causes", "youngest")])
    oldest = np.array([int(text or 200) for text in column("elective_causes", "oldest")])
    born = age >= 0
    assert (age >= youngest[rows])[born].all()
    assert (age < oldest[rows] + 1)[born].all()


def test_admissions_are_for_injuries_and_symptoms_as_often_as_published(make_block) -> None:
    """Injuries 11 %, self-harm 1.9 %, ill-defined symptoms about a fifth (SPARRA version 4)."""
    block = make_block(5000, seed=4)
    spells = emergency_spells(block)
    first = spells.is_kind("emergency")
    names = np.array(column("admission_causes", "icd10"))[spells.cause[first]]
    external = np.array(column("admission_causes", "external_cause"))[spells.cause[first]]
    kind = np.array([code[:1] for code in external])
    assert (kind == "W").mean() == pytest.approx(0.11, abs=0.03)
    assert np.isin(external, ("X600", "X640")).mean() == pytest.approx(0.019, abs=0.01)
    assert np.array([name[0] == "R" for name in names]).mean() == pytest.approx(0.2, abs=0.05)
    assert np.array([name[0] == "J" for name in names]).mean() == pytest.approx(0.14, abs=0.04)


def test_the_cause_stands_first_and_its_external_cause_second(spells, coded) -> None:
    emergency = np.flatnonzero(spells.is_kind("emergency") & (coded.diagnoses[:, 0] >= 0))
    labels = np.array((*icd10_labels(), ""))
    for table, key, place in (
        ("admission_causes", "icd10", 0),
        ("admission_causes", "external_cause", 1),
    ):
        wanted = np.array(column(table, key))[spells.cause[emergency]]
        told = labels[coded.diagnoses[emergency, place]]
        assert (told == wanted)[wanted != ""].all()


def test_no_code_stands_twice_and_no_gap_is_left(coded) -> None:
    for codes in coded.diagnoses:
        has = codes[codes >= 0]
        assert len(set(has)) == len(has)
        assert (codes[: len(has)] >= 0).all()
    assert coded.diagnoses.shape[1] == MOST_DIAGNOSES


def test_long_term_conditions_that_began_before_are_coded_in_85_of_100_stays(block) -> None:
    """A rare code that no cause or sign has besides: psoriasis; and never on the day it began."""
    spells = emergency_spells(block)
    spells = replace(spells, end=np.minimum(spells.end, block.period.last))
    place = icd10_labels().index("L409")
    for began, share in ((-1, 0.85), (0, 0.0)):
        onset = np.full_like(block.lives.onset, NEVER)
        onset[spells.row, condition_index("eczema_psoriasis")] = spells.start + began
        first = np.unique(spells.row, return_index=True)[1]
        mine = onset[spells.row, condition_index("eczema_psoriasis")] == spells.start + began
        changed = replace(block, lives=replace(block.lives, onset=onset))
        coded = code_spells(changed, spells)
        assert len(first) > 100
        found = (coded.diagnoses == place).any(axis=1)[mine].mean()
        assert found == pytest.approx(share, abs=0.05)


def test_deficits_are_coded_less_often_than_long_term_conditions(block) -> None:
    spells = emergency_spells(block)
    spells = replace(spells, end=np.minimum(spells.end, block.period.last))
    onset = np.full_like(block.lives.onset, NEVER)
    onset[:, condition_index("foot_problems")] = block.period.first - 1
    assert numbers("conditions", "ltc")[condition_index("foot_problems")] == 0
    coded = code_spells(replace(block, lives=replace(block.lives, onset=onset)), spells)
    found = (coded.diagnoses == icd10_labels().index("L84")).any(axis=1).mean()
    assert found == pytest.approx(0.25, abs=0.05)


def test_planned_spells_all_have_a_procedure_and_many_emergencies_none(spells, coded) -> None:
    told = coded.diagnoses[:, 0] >= 0
    has = coded.procedures[:, 0] >= 0
    planned = ~spells.is_kind("emergency", "transfer")
    assert has[planned & told].all()
    assert 0.15 < has[~planned & told].mean() < 0.5
    assert (coded.operated >= spells.start).all()
    assert (coded.operated <= spells.end).all()


def test_operations_on_one_side_say_which(spells, coded) -> None:
    labels = np.array((*procedure_labels(), ""))
    first, second = labels[coded.procedures[:, 0]], labels[coded.procedures[:, 1]]
    hips = (first == "W371") | (first == "W401")
    assert set(second[hips]) == {"Z942", "Z943"}
    assert not np.isin(second[first == "J183"], ("Z942", "Z943")).any()


def test_unfinished_spells_have_no_codes(block, spells, coded) -> None:
    unfinished = ~spells.finished(block)
    assert unfinished.any()
    assert (coded.diagnoses[unfinished] == -1).all()
    assert (coded.procedures[unfinished] == -1).all()
