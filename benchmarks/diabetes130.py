"""The Diabetes 130-US hospitals data as one row per encounter, knowing only what came before.

Strack B et al. Impact of HbA1c measurement on hospital readmission rates. BioMed Research
International 2014;781670. CC BY 4.0.

No column is made from an outcome, not even that of a patient's earlier encounters: inside the first
70 % it gained nothing on later encounters, so the question of when it was known does not arise.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CONDITIONS", "Encounters", "load_encounters", "prepare"]

DEAD_OR_HOSPICE = (11, 13, 14, 19, 20, 21)
"""Discharge dispositions after which nobody is readmitted (IDs_mapping.csv of the data set)."""

DEVELOPMENT_SHARE = 0.7
"""First share of encounters, by `encounter_id`, that the model may be developed on."""

MEDICINES = (
    "metformin",
    "repaglinide",
    "nateglinide",
    "chlorpropamide",
    "glimepiride",
    "acetohexamide",
    "glipizide",
    "glyburide",
    "tolbutamide",
    "pioglitazone",
    "rosiglitazone",
    "acarbose",
    "miglitol",
    "troglitazone",
    "tolazamide",
    "insulin",
    "glyburide-metformin",
    "glipizide-metformin",
    "glimepiride-pioglitazone",
    "metformin-rosiglitazone",
    "metformin-pioglitazone",
)
COUNTS = (
    "time_in_hospital",
    "num_lab_procedures",
    "num_procedures",
    "num_medications",
    "number_outpatient",
    "number_emergency",
    "number_inpatient",
    "number_diagnoses",
)
CATEGORIES = (
    "race",
    "gender",
    "admission_type_id",
    "admission_source_id",
    "discharge_disposition_id",
    "payer_code",
)
"""Columns of codes. `medical_specialty`, half of it missing and with some 70 values, is not among
them: see docs/decisions/0023-diabetes130.md."""

GLUCOSE = {"Norm": 0.0, ">200": 1.0, ">300": 2.0}
A1C = {"Norm": 0.0, ">7": 1.0, ">8": 2.0}

CHAPTERS = (
    (140, "infection"),
    (240, "neoplasm"),
    (250, "endocrine"),
    (251, "diabetes"),
    (280, "endocrine"),
    (290, "blood"),
    (320, "mental"),
    (390, "nervous"),
    (460, "circulatory"),
    (520, "respiratory"),
    (580, "digestive"),
    (630, "genitourinary"),
    (680, "pregnancy"),
    (710, "skin"),
    (740, "musculoskeletal"),
    (760, "congenital"),
    (780, "perinatal"),
    (800, "symptoms"),
    (1000, "injury"),
)
"""ICD-9-CM chapters: the first number that is no longer in the chapter, and its name; 250
(diabetes) stands alone."""

DIABETES = 250
"""ICD-9-CM category of diabetes; its decimals tell the complication, 250.0 says none."""

CONDITIONS = {
    "heart_failure": ((428, 429),),
    "ischaemic_heart": ((410, 415),),
    "arrhythmia": ((427, 428),),
    "kidney": ((403, 405), (584, 587)),
    "copd": ((490, 493), (496, 497)),
    "cancer": ((140, 209),),
    "secondary_cancer": ((196, 200),),
    "liver": ((570, 574),),
    "stroke": ((430, 439),),
    "mental": ((290, 320),),
    "substance": ((303, 306),),
    "skin_ulcer": ((707, 708),),
    "pneumonia": ((480, 487),),
    "sepsis": ((38, 39),),
    "anaemia": ((280, 286),),
    "electrolytes": ((276, 277),),
    "peripheral_vascular": ((440, 444),),
}
"""ICD-9-CM categories, first number and the first that no longer belongs."""


@dataclass(frozen=True)
class Encounters:
    """One row per encounter, in the order of `encounter_id`.

    Parameters
    ----------
    table : DataFrame
        What was known at discharge: numbers, and categories as text.
    outcome : ndarray of bool, shape (n,)
        Readmitted within 30 days.
    patients : ndarray of int, shape (n,)
    development : ndarray of bool, shape (n,)
        The first 70 %.
    unseen : ndarray of bool, shape (n,)
        Evaluation rows of patients who are not in development.
    """

    table: pd.DataFrame
    outcome: NDArray[np.bool_]
    patients: NDArray[np.int64]
    development: NDArray[np.bool_]
    unseen: NDArray[np.bool_]


def load_encounters(folder: Path) -> Encounters:
    """Read ``dataset_diabetes.zip`` in `folder` and prepare it; see :func:`prepare`."""
    with zipfile.ZipFile(folder / "dataset_diabetes.zip") as archive:
        name = next(
            n for n in archive.namelist() if n.endswith("/diabetic_data.csv") and "/._" not in n
        )
        with archive.open(name) as file:
            raw = pd.read_csv(file, na_values=["?"], keep_default_na=False, dtype=_types())
    return prepare(raw)


def _types() -> dict[str, str]:
    return dict.fromkeys(("diag_1", "diag_2", "diag_3", "payer_code"), "str")


def prepare(raw: pd.DataFrame) -> Encounters:
    """Encounters that could be followed by a readmission, split by the order of `encounter_id`.

    Parameters
    ----------
    raw : DataFrame
        The columns of ``diabetic_data.csv``, with "?" read as missing.
    """
    living = raw[~raw["discharge_disposition_id"].isin(DEAD_OR_HOSPICE)]
    rows = living.sort_values("encounter_id").reset_index(drop=True)
    development = np.arange(len(rows)) < round(DEVELOPMENT_SHARE * len(rows))
    patients = rows["patient_nbr"].to_numpy()
    outcome = (rows["readmitted"] == "<30").to_numpy()
    table = pd.concat(
        [_counts(rows), _codes(rows), _medicines(rows), _diagnoses(rows), _history(rows)], axis=1
    )
    unseen = ~development & ~np.isin(patients, patients[development])
    return Encounters(table, outcome, patients, development, unseen)


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts of the stay and of the year before, and the middle of the age band."""
    age = rows["age"].str.extract(r"\[(\d+)-(\d+)\)").astype(float).mean(axis=1)
    counts = rows[list(COUNTS)].astype(float)
    visits = counts[["number_outpatient", "number_emergency", "number_inpatient"]].sum(axis=1)
    return counts.assign(
        age=age,
        visits_before=visits,
        medicines_per_day=counts["num_medications"] / counts["time_in_hospital"],
        tests_per_day=counts["num_lab_procedures"] / counts["time_in_hospital"],
        glucose=rows["max_glu_serum"].map(GLUCOSE),
        a1c=rows["A1Cresult"].map(A1C),
    )


def _codes(rows: pd.DataFrame) -> pd.DataFrame:
    """Categories as text; a code for 'not available' or 'not mapped' is a category of its own.

    Which of them a hospital wrote tells apart how it keeps its records.
    """
    known = {name: rows[name].astype("str") for name in CATEGORIES}
    return pd.DataFrame(known).astype("category")


def _medicines(rows: pd.DataFrame) -> pd.DataFrame:
    """How many diabetes medicines were given, raised and lowered; insulin and metformin apart."""
    given = rows[list(MEDICINES)]
    return pd.DataFrame(
        {
            "medicines_given": (given != "No").sum(axis=1).astype(float),
            "medicines_raised": (given == "Up").sum(axis=1).astype(float),
            "medicines_lowered": (given == "Down").sum(axis=1).astype(float),
            "medicines_changed": (rows["change"] == "Ch").astype(float),
            "insulin": given["insulin"].astype("category"),
            "metformin": given["metformin"].astype("category"),
        }
    )


def _number(code: pd.Series) -> pd.Series:
    """An ICD-9-CM code as a number; NaN for the supplementary V and E codes and for missing."""
    return pd.to_numeric(code.where(~code.str.startswith(("V", "E"), na=True)))


def _chapter(code: pd.Series) -> pd.Series:
    """The chapter of an ICD-9-CM code."""
    number = _number(code)
    ends, names = zip(*CHAPTERS, strict=True)
    at = np.searchsorted(ends, number.fillna(0.0), side="right")
    chapter = pd.Series(np.array(names)[np.minimum(at, len(names) - 1)], index=code.index)
    chapter = chapter.where(number.notna(), None)
    return chapter.mask(code.str.startswith(("V", "E"), na=False), code.str[:1]).astype("category")


def _diagnoses(rows: pd.DataFrame) -> pd.DataFrame:
    """Chapters of the three diagnoses, conditions in any place, and what 250.xx tells of diabetes.

    Of 250.xx the first decimal is the complication, the second the type and whether controlled.
    """
    codes = [rows[f"diag_{place}"] for place in (1, 2, 3)]
    numbers = [_number(code) for code in codes]
    found: dict[str, pd.Series] = {
        f"chapter_{place}": _chapter(code) for place, code in enumerate(codes, start=1)
    }
    for name, spans in CONDITIONS.items():
        in_any = [((n >= low) & (n < high)) for n in numbers for low, high in spans]
        found[name] = np.logical_or.reduce(in_any).astype(float)
    complicated = [(n > DIABETES) & (n < DIABETES + 1) for n in numbers]
    counted = np.sum([c.to_numpy(float) for c in complicated], axis=0)
    found["diabetes_complications"] = pd.Series(counted, index=rows.index)
    found["diabetes_complication"] = _first_digit(codes, r"^250\.(\d)")
    found["diabetes_type"] = _first_digit(codes, r"^250\.\d(\d)")
    return pd.DataFrame(found)


def _first_digit(codes: Sequence[pd.Series], pattern: str) -> pd.Series:
    """A digit of the first of the diagnoses that has it, as a category; else missing."""
    digits = pd.concat([code.str.extract(pattern)[0] for code in codes], axis=1)
    return digits.bfill(axis=1).iloc[:, 0].astype("category")


def _history(rows: pd.DataFrame) -> pd.DataFrame:
    """The same patient's earlier encounters; the rows are in the order of `encounter_id`."""
    people = rows.groupby("patient_nbr", sort=False)
    before = people.cumcount().astype(float)
    days = rows["time_in_hospital"].astype(float)
    return pd.DataFrame(
        {
            "encounters_before": before,
            "ids_since_last": rows["encounter_id"] - people["encounter_id"].shift(1),
            "ids_since_first": rows["encounter_id"] - people["encounter_id"].transform("first"),
            "days_before": days.groupby(rows["patient_nbr"], sort=False).cumsum() - days,
            "last_days": people["time_in_hospital"].shift(1),
            "last_visits": people["number_inpatient"].shift(1),
            "same_diagnosis": (rows["diag_1"] == people["diag_1"].shift(1)).astype(float),
        }
    )
