import numpy as np
import pandas as pd
import pytest
from benchmarks.diabetes130 import CONDITIONS, MEDICINES, _chapter, prepare


def _raw(rows):
    """A made-up extract; what a row does not say is ordinary."""
    ordinary = {
        "race": "Caucasian",
        "gender": "Female",
        "age": "[70-80)",
        "weight": np.nan,
        "admission_type_id": 1,
        "discharge_disposition_id": 1,
        "admission_source_id": 7,
        "time_in_hospital": 2,
        "payer_code": "MC",
        "medical_specialty": np.nan,
        "num_lab_procedures": 40,
        "num_procedures": 0,
        "num_medications": 10,
        "number_outpatient": 0,
        "number_emergency": 1,
        "number_inpatient": 2,
        "diag_1": "428",
        "diag_2": "250.02",
        "diag_3": "V57",
        "number_diagnoses": 9,
        "max_glu_serum": "None",
        "A1Cresult": ">8",
        "change": "No",
        "diabetesMed": "Yes",
        "readmitted": "NO",
        **dict.fromkeys(MEDICINES, "No"),
    }
    return pd.DataFrame([{**ordinary, **row} for row in rows])


def _ten():
    return _raw(
        [
            {"encounter_id": 100 - 10 * i, "patient_nbr": [1, 2, 3, 1, 1, 4, 5, 6, 7, 2][i]}
            for i in range(10)
        ]
    )


def test_rows_are_in_the_order_of_the_encounter():
    found = prepare(_ten())
    assert list(found.patients) == [2, 7, 6, 5, 4, 1, 1, 3, 2, 1]


def test_the_first_seventy_per_cent_develop():
    found = prepare(_ten())
    assert found.development.sum() == 7
    assert found.development[:7].all()


def test_unseen_rows_are_evaluation_rows_of_new_patients():
    found = prepare(_ten())
    assert list(found.patients[found.unseen]) == [3]
    assert not (found.unseen & found.development).any()


@pytest.mark.parametrize("disposition", [11, 13, 14, 19, 20, 21])
def test_the_dead_and_hospice_patients_are_left_out(disposition):
    raw = _raw(
        [
            {"encounter_id": 1, "patient_nbr": 1, "discharge_disposition_id": disposition},
            {"encounter_id": 2, "patient_nbr": 2},
        ]
    )
    assert list(prepare(raw).patients) == [2]


def test_only_readmission_within_thirty_days_is_the_outcome():
    raw = _raw(
        [
            {"encounter_id": i, "patient_nbr": i, "readmitted": told}
            for i, told in enumerate(["<30", ">30", "NO"])
        ]
    )
    assert list(prepare(raw).outcome) == [True, False, False]


def test_history_knows_only_earlier_encounters():
    raw = _raw(
        [
            {"encounter_id": 10, "patient_nbr": 1, "time_in_hospital": 3},
            {"encounter_id": 20, "patient_nbr": 2, "time_in_hospital": 9},
            {"encounter_id": 35, "patient_nbr": 1, "time_in_hospital": 5, "diag_1": "486"},
            {"encounter_id": 70, "patient_nbr": 1, "time_in_hospital": 7, "diag_1": "486"},
        ]
    )
    table = prepare(raw).table
    assert list(table["encounters_before"]) == [0, 0, 1, 2]
    assert list(table["days_before"]) == [0, 0, 3, 8]
    np.testing.assert_array_equal(table["ids_since_last"], [np.nan, np.nan, 25, 35])
    assert list(table["ids_since_first"]) == [0, 0, 25, 60]
    assert list(table["same_diagnosis"]) == [0, 0, 0, 1]


def test_changing_what_comes_later_changes_no_earlier_row():
    rows = [{"encounter_id": i, "patient_nbr": i % 3} for i in range(12)]
    before = prepare(_raw(rows)).table[:8]
    changed = [
        {**row, "time_in_hospital": 14, "diag_1": "250.61", "number_inpatient": 9}
        if row["encounter_id"] >= 8
        else row
        for row in rows
    ]
    after = prepare(_raw(changed)).table[:8]
    pd.testing.assert_frame_equal(before.astype("object"), after.astype("object"))


@pytest.mark.parametrize("seed", range(3))
def test_shuffling_the_outcomes_changes_no_column(seed):
    rng = np.random.default_rng(seed)
    raw = _raw(
        [
            {
                "encounter_id": i,
                "patient_nbr": i % 9,
                "readmitted": ["<30", ">30", "NO"][i % 3],
                "time_in_hospital": int(rng.integers(1, 14)),
                "diag_1": str(rng.choice(["250.61", "428", "V58", "486"])),
                "discharge_disposition_id": int(rng.choice([1, 3, 6, 18])),
            }
            for i in range(60)
        ]
    )
    shuffled = raw.assign(readmitted=rng.permutation(raw["readmitted"]))
    assert (prepare(raw).outcome != prepare(shuffled).outcome).any()
    pd.testing.assert_frame_equal(prepare(raw).table, prepare(shuffled).table)


def test_ages_and_results_and_a_code_for_unknown_is_a_code():
    raw = _raw([{"encounter_id": 1, "patient_nbr": 1, "admission_type_id": 6, "race": np.nan}])
    table = prepare(raw).table
    assert table["age"].tolist() == [75.0]
    assert table["a1c"].tolist() == [2.0]
    assert table["glucose"].isna().all()
    assert table["admission_type_id"].tolist() == ["6"]
    assert table["race"].isna().all()


def test_medicines_are_counted_by_what_was_done():
    raw = _raw(
        [
            {
                "encounter_id": 1,
                "patient_nbr": 1,
                "insulin": "Up",
                "metformin": "Steady",
                "glipizide": "Down",
            }
        ]
    )
    table = prepare(raw).table
    names = ["medicines_given", "medicines_raised", "medicines_lowered"]
    assert table[names].iloc[0].tolist() == [3, 1, 1]


@pytest.mark.parametrize(
    ("code", "chapter"),
    [
        ("038", "infection"),
        ("139.9", "infection"),
        ("140", "neoplasm"),
        ("249", "endocrine"),
        ("250.02", "diabetes"),
        ("251", "endocrine"),
        ("428", "circulatory"),
        ("486", "respiratory"),
        ("780", "symptoms"),
        ("999", "injury"),
        ("V57", "V"),
        ("E909", "E"),
    ],
)
def test_chapters_begin_and_end_where_icd9_says(code, chapter):
    assert _chapter(pd.Series([code])).tolist() == [chapter]


def test_a_condition_counts_in_any_place():
    rows = [
        {"encounter_id": 1, "patient_nbr": 1, "diag_1": "786", "diag_2": "428", "diag_3": "585"},
        {"encounter_id": 2, "patient_nbr": 2, "diag_1": "786", "diag_2": "780"},
    ]
    table = prepare(_raw(rows)).table
    assert table["heart_failure"].tolist() == [1, 0]
    assert table["kidney"].tolist() == [1, 0]
    assert set(CONDITIONS) <= set(table.columns)


def test_diabetes_complications_are_decimals_of_250():
    rows = [
        {"encounter_id": 1, "patient_nbr": 1, "diag_1": "250.6", "diag_2": "250.4"},
        {"encounter_id": 2, "patient_nbr": 2, "diag_1": "250", "diag_2": "251"},
    ]
    assert prepare(_raw(rows)).table["diabetes_complications"].tolist() == [2, 0]


def test_the_digits_of_diabetes_come_from_the_first_diagnosis_that_has_them():
    rows = [
        {"encounter_id": 1, "patient_nbr": 1, "diag_1": "250.6", "diag_2": "250.42"},
        {"encounter_id": 2, "patient_nbr": 2, "diag_1": "250", "diag_3": "250.83"},
        {"encounter_id": 3, "patient_nbr": 3, "diag_1": np.nan, "diag_2": "V25", "diag_3": "425.0"},
    ]
    rows[1]["diag_2"] = "E250.1"
    table = prepare(_raw(rows)).table.astype("object")
    assert table["diabetes_complication"].tolist()[:2] == ["6", "8"]
    assert table["diabetes_type"].tolist()[:2] == ["2", "3"]
    assert table.loc[2, ["diabetes_complication", "diabetes_type"]].isna().all()
