"""Every named query of the library gives the same rows on DuckDB and on Spark.

The library runs over one engine that is both: each step is asked of either as soon as it can be
answered, and the answers are compared as multisets of rows, floating-point numbers to the last bit.
Matrices of a study with features of its own are equal in every value.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.generative.test_discharge_oracle import discharge_keys, random_discharges
from tests.small_store import small_records, study_of
from tests.unit.features.history import discharge_study

from riskstrat.cohort import build_cohort, build_scoring_cohort
from riskstrat.engine import Engine, SparkEngine, Step
from riskstrat.features import FeatureMatrix, build_features, catalogue
from riskstrat.features.asking import FEATURE_QUERIES
from riskstrat.records import LinkedRecords, as_known, load_records, spells
from riskstrat.reference import load_table
from riskstrat.schema import TABLES
from riskstrat.study import VALUE_RULES, AddedFeature, Study
from riskstrat.study.added import AddedRule

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEED = 11
PEOPLE = [f"p{number:02d}" for number in range(24)]
INDEX_DATES = (date(2020, 1, 1), date(2022, 1, 1))


class BothEngines:
    """An engine that answers like DuckDB and notes where Spark does not."""

    def __init__(self, session: SparkSession) -> None:
        self.duck, self.spark = Engine(threads=1), SparkEngine(session)
        self.compared: set[tuple[str, ...]] = set()
        self.asked: set[str] = set()
        self.rows: Counter[str] = Counter()
        self.differences: dict[str, str] = {}
        self.matrices: dict[str, FeatureMatrix] = {}

    def register(self, name: str, rows: pa.Table | pd.DataFrame) -> None:
        self.duck.register(name, rows)
        self.spark.register(name, rows)

    def register_parquet(self, name: str, *paths: Path) -> None:
        self.duck.register_parquet(name, *paths)
        self.spark.register_parquet(name, *paths)

    def columns(self, name: str) -> dict[str, str]:
        assert self.spark.columns(name) == self.duck.columns(name)
        return self.duck.columns(name)

    def fetch(self, *steps: Step) -> pa.Table:
        self._compare(steps)
        return self.duck.fetch(*steps)

    def fetch_frame(self, *steps: Step) -> pd.DataFrame:
        self._compare(steps)
        return self.duck.fetch_frame(*steps)

    def fetch_batches(
        self, steps: Sequence[Step], *, rows_per_batch: int = 1_000_000, **parameters: object
    ) -> Iterator[pa.RecordBatch]:
        self._compare(steps, **parameters)
        yield from self.duck.fetch_batches(steps, rows_per_batch=rows_per_batch, **parameters)

    def create(self, *steps: Step) -> None:
        self._compare(steps)
        self.duck.create(*steps)
        self.spark.create(*steps)

    def _compare(self, steps: Sequence[Step], **parameters: object) -> None:
        """The last step and, unless they were compared before, those it is made from."""
        for last in range(1, len(steps) + 1):
            texts = tuple(step.sql for step in steps[:last])
            if texts not in self.compared:
                self.compared.add(texts)
                used = parameters if last == len(steps) else {}
                self._compare_last(steps[:last], used)

    def _compare_last(self, steps: Sequence[Step], parameters: Mapping[str, object]) -> None:
        name, expected = steps[-1].name, self.duck.fetch(*steps, **parameters)
        self.asked.add(steps[-1].sql)
        self.rows[name] += expected.num_rows
        try:
            found = self.spark.fetch(*steps, **parameters)
        except Exception as error:
            self.differences[name] = f"{type(error).__name__}: {str(error)[:200]}"
            return
        if found.schema != expected.schema:
            self.differences[name] = f"{found.schema} instead of {expected.schema}"
        missing, extra = counted(expected) - counted(found), counted(found) - counted(expected)
        if missing or extra:
            counts = f"{missing.total()} of {expected.num_rows} rows, {extra.total()} others"
            examples = f"{min(missing, default='')} {min(extra, default='')}"
            self.differences[name] = f"{counts}: {examples}"


def counted(rows: pa.Table) -> Counter[str]:
    """Each row as text and how often it is there; a number's text has all its bits."""
    return Counter(map(repr, zip(*(column.to_pylist() for column in rows.columns), strict=True)))


def days_around(index_date: date) -> list[date]:
    """The day itself, its neighbours, and both sides of the windows that studies look back over."""
    back = (-400, -365, -364, -90, -30, -29, -2, -1, 0, 1, 2, 29, 30, 31, 89, 90, 91, 182)
    back += (364, 365, 366, 730, 731, 1095, 1096)
    return [date.fromordinal(index_date.toordinal() - days) for days in back]


DAYS = [day for index_date in INDEX_DATES for day in days_around(index_date)]
TIMES = [time(0), time(9, 30), time(9, 30), time(23, 59, 59, 999_999)]
NUMBERS = [0, 0, 1, 3, 10]
VALUES = [0.0, -0.0, 0.1, 1.0, 7.25, 24.999999999, 45.0, 110.0, 1e6]
WORDS: dict[str, list[str]] = {
    "practice_code": ["P1", "P2"],
    "lsoa": ["L1", "L2"],
    "ethnic_category": ["A", "Z"],
    "source": ["hes_apc", "gp", "csds", "cld", "omop"],
    "attendance": ["attended", "did_not_attend", "cancelled"],
    "admission_method": ["11", "21", "28", "2B", "81"],
    "admission_source": ["19", "51", "54"],
    "discharge_method": ["1", "1", "4"],
    "discharge_destination": ["19", "19", "51", "84"],
    "patient_class": ["1", "2"],
    "specialty": ["300", "430", "0", ""],
}
ICD10 = "I500 I509 F00 F009 E119 E112 N185 W19 W199 J440 C780 K703 K766 G309 L89 R54 T814 Z999 I5"
BNF = "0212000Y0 0212000Y1 0401010 2001010 19 20"


class MadeRows:
    """Rows of canonical tables drawn from few values: ties are many and every null occurs."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        measured = [(row["system"], row["code"]) for row in load_table("measurements")]
        listed = [("snomed", r["snomed_code"]) for r in load_table("ltc_snomed_illustrative")]
        self.codes = {
            "diagnosis": [("icd10", code) for code in ICD10.split()],
            "medication": [("bnf", code) for code in BNF.split()],
            "measurement": self.random.sample(measured, 6),
            "observation": self.random.sample(listed, 6) + self.random.sample(measured, 6),
        }
        self.services = [row["service"] for row in load_table("service_families")]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        sizes = {"registrations": 30, "residences": 40, "events": 900, "stays": 240}
        sizes |= {"services": 80, "opt_outs": 10}
        made = {name: [self.row(name) for _ in range(size)] for name, size in sizes.items()}
        made["stays"] = list(
            {(s["stay_id"], s["recorded_date"]): s for s in made["stays"]}.values()
        )
        made["patients"] = [self.row("patients") | {"patient_id": p} for p in PEOPLE]
        made["registrations"] += [{"patient_id": p} for p in PEOPLE[::2]]  # for good
        return made

    def row(self, table: str) -> dict[str, Any]:
        row = {c.name: self.value(table, c.name, c.type, c.allowed) for c in TABLES[table].columns}
        if table == "patients":
            row["birth_month"] = date(self.random.choice((1920, 1950, 2001)), 1, 1)
            row["death_date"] = self.random.choice([None, None, None, row["death_date"]])
        if table == "stays":
            row["kind"] = self.random.choice(["inpatient", "inpatient", "inpatient", row["kind"]])
        if table == "events":
            kind, row["system"], row["code"] = self.code()
            row["kind"] = self.random.choice([kind, kind, kind, row["kind"]])
        if "stay_id" in row:
            row["stay_id"] = f"{row['patient_id']}-{self.random.randrange(8)}"
        for column in TABLES[table].columns:
            if column.nullable and self.random.random() < 0.3:
                row[column.name] = None
        if (end := row.get("end_date")) is not None and end < row["start_date"]:
            row["start_date"], row["end_date"] = end, row["start_date"]
        return row

    def value(self, table: str, name: str, kind: str, allowed: Sequence[str]) -> Any:
        pools: dict[str, Sequence[Any]] = {"DATE": DAYS, "TIME": TIMES, "INTEGER": NUMBERS}
        pools |= {"DOUBLE": VALUES, "BOOLEAN": [True, False]}
        pools["VARCHAR"] = {"patient_id": PEOPLE, "service": self.services}.get(
            name, allowed or WORDS.get(name, ["x", "y", ""])
        )
        return self.random.choice(pools[kind])

    def code(self) -> tuple[str, str, str]:
        """Kind of event, coding system and code."""
        kind = self.random.choice(list(self.codes))
        return (kind, *self.random.choice(self.codes[kind]))


def studies() -> list[Study]:
    """Both kinds of index date and every outcome."""
    visits = 'kind = "emergency_or_inpatient_visit"\ngap_days = 7\nwindow_days = 30'
    discharge = 'event = "discharge"\nindex_stay = "known"'
    halves = "hold_out_share = 0.5\nseed = 1"
    return [
        study_of(),
        study_of(outcome=visits),
        study_of(outcome='kind = "emergency_admission_or_death"'),
        study_of(outcome='kind = "emergency_department_attendance"'),
        study_of(index=discharge, outcome="window_days = 30", split=halves),
    ]


def with_own_features(study: Study, folder: Path, made: MadeRows) -> Study:
    """The study with a feature of its own for each rule, about codes that the rows hold."""
    held = {*made.codes["measurement"], *made.codes["observation"]}
    readings = sorted(code for system, code in held if system == "snomed")
    (folder / "diagnoses.csv").write_text("code\nI50\nW19\nE11\n", "utf-8")
    (folder / "readings.csv").write_text("\n".join(["code", *readings, ""]), "utf-8")
    own = []
    for how in get_args(AddedRule):
        of_values = how in VALUE_RULES
        given = ("readings.csv", "snomed") if of_values else ("diagnoses.csv", "icd10")
        windows = (365, 1095) if how != "change" else (365,)
        own.append(AddedFeature(f"own_{how}", how, "other", *given, how=how, windows_days=windows))
    rules = replace(study.features, history_days=1095)
    return replace(study, folder=folder, features=rules).with_features(*own)


@pytest.fixture(scope="module")
def both(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> BothEngines:
    """Both engines after all queries of cohort and features were asked of them."""
    folder, rows = tmp_path_factory.mktemp("contract"), MadeRows(SEED)
    made = small_records(folder, rows.tables())
    (made.path / "codes.parquet").unlink()  # so that they are asked for
    engine = BothEngines(spark)
    records = load_records(made.path, engine=engine)
    keys = [build_cohort(records, study).keys for study in studies()]
    keys.append(build_scoring_cohort(records, studies()[0], INDEX_DATES[-1]).keys)
    once = pd.concat(keys[::-1]).drop_duplicates(["patient_id", "index_date"], ignore_index=True)
    at_discharge = with_own_features(studies()[2], folder, rows)
    engine.matrices = {
        name: build_features(load_records(made.path, engine=alone), once, at_discharge)
        for name, alone in (("duckdb", engine.duck), ("spark", engine.spark))
    }
    build_features(records, once, at_discharge)
    _ask_what_is_known(records, once)
    return engine


def _ask_what_is_known(records: LinkedRecords, keys: pd.DataFrame) -> None:
    records.register_keys(keys)
    for table in TABLES:
        records.engine.fetch(as_known(table))
    records.engine.fetch(as_known("stays"), spells("known_stays"))


def test_every_query_gives_the_same_rows_on_both_engines(both: BothEngines) -> None:
    assert both.differences == {}


def test_matrices_with_features_of_ones_own_are_equal_in_every_value(both: BothEngines) -> None:
    """As float32, missing values included; every rule of one's own has a value somewhere."""
    duck, spark = both.matrices["duckdb"], both.matrices["spark"]
    assert duck.names == spark.names
    np.testing.assert_array_equal(duck.values, spark.values)
    np.testing.assert_array_equal(duck.fact_days, spark.fact_days)
    own = duck.values[:, [name.startswith("own_") for name in duck.names]]
    assert (np.isfinite(own) & (own != 0)).any(axis=0).all()


def test_scores_at_discharge_are_equal_in_every_value(spark: SparkSession) -> None:
    """LACE, HOSPITAL and PARR-30 of people of whom most have them."""
    history = random_discharges(SEED)
    keys = discharge_keys(history)
    scores = []
    for engine in (Engine(threads=1), SparkEngine(spark)):
        history.engine = engine
        history.register()
        scores.append(build_features(history, keys, discharge_study()).values)
    np.testing.assert_array_equal(*scores)
    names = [feature.name for feature in catalogue(discharge_study())]
    columns = [names.index(name) for name in ("lace", "hospital_score", "parr30")]
    assert np.isfinite(scores[0][:, columns]).sum(axis=0).min() >= 5


def test_no_query_was_left_out(both: BothEngines) -> None:
    asked = {step.sql for steps in FEATURE_QUERIES for step in steps} - both.asked
    assert asked == set()


def test_every_query_had_rows_to_differ_in(both: BothEngines) -> None:
    assert [name for name, rows in both.rows.items() if rows == 0] == []


def test_the_comparison_sees_what_differs_in_silence(spark: SparkSession) -> None:
    """DuckDB rounds a number that is cast to an integer, Spark cuts it off; both without a word."""
    engine = BothEngines(spark)
    engine.register("t", pa.table({"value": [2.7, 2.7, 1.0]}))
    engine.fetch(Step("cut", "select cast(value as integer) as n from t"))
    engine.fetch(Step("kept", "select value from t"))
    assert engine.differences == {"cut": "2 of 3 rows, 2 others: (3,) (2,)"}
