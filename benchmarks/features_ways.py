"""The ways of counting and of building features that ``benchmarks.features`` compares.

Each is a function that works in the process it is called in and tells what it took. MEDS-Tab, which
needs an environment of its own, is in ``benchmarks.features_meds``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from riskstrat import build_features, load_records
from riskstrat.schema import TABLES, files_of
from riskstrat.study import FeatureRules, IndexRule, Outcome, Study

__all__ = [
    "INDEX_DATE",
    "WINDOWS_DAYS",
    "count_codes",
    "count_with_pandas",
    "everybody",
    "features_study",
    "make_matrix",
    "people_of",
    "rows_of",
    "write_subset",
]

INDEX_DATE = date(2025, 1, 1)
"""The day after the last day of simulated records."""

WINDOWS_DAYS = (30, 90, 180, 365, 1095)

CODE_CHARACTERS = {"icd10": 1, "opcs4": 1, "bnf": 2}
"""How many characters of a code make its group: letters of ICD-10 and OPCS-4, chapters of the
British National Formulary. Measurements are grouped by their code, what else is SNOMED CT by its
kind alone: so there are about as many columns as the catalogue has."""

LIMIT = "select count(*) from (select patient_id, code, count(*) from {events} group by 1, 2)"


def features_study() -> Study:
    """A study with five windows and every group of the catalogue."""
    return Study(
        name="features",
        index=IndexRule(dates=(INDEX_DATE,)),
        outcome=Outcome("emergency_admission"),
        features=FeatureRules(windows_days=WINDOWS_DAYS),
    )


def _files(data: Path, table: str) -> list[Path]:
    return list(files_of(data, TABLES[table]))


def _relation(data: Path, table: str) -> str:
    return f"read_parquet({[str(file) for file in _files(data, table)]})"


def rows_of(data: Path, table: str) -> int:
    """Rows of a table of linked records, from the ends of its files."""
    return sum(pq.read_metadata(file).num_rows for file in _files(data, table))


def people_of(data: Path, number: int) -> pd.Series:
    """The first pseudonyms in order; pseudonyms say nothing of a person, so this is a sample."""
    files = [pd.read_parquet(file, columns=["patient_id"]) for file in _files(data, "patients")]
    return pd.concat(files)["patient_id"].sort_values(ignore_index=True).head(number)


def everybody(data: Path) -> pd.DataFrame:
    """A key for every person at :data:`INDEX_DATE`."""
    people = people_of(data, rows_of(data, "patients"))
    return pd.DataFrame({"patient_id": people, "index_date": pd.Timestamp(INDEX_DATE)})


def write_subset(data: Path, number: int, out: Path) -> dict[str, int]:
    """Write the records of the first people of :func:`people_of` as records; rows of each table."""
    out.mkdir()
    last = people_of(data, number).iloc[-1]
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect() as engine:
        engine.execute("set enable_progress_bar = false")
        for name, table in TABLES.items():
            file = files_of(out, table)[0]
            rows = f"select * from {_relation(data, name)} where patient_id <= '{last}'"
            done = engine.execute(f"copy ({rows}) to '{file}' (format parquet, compression zstd)")
            manifest["tables"][name]["rows"] = int(done.fetchall()[0][0])
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return {name: manifest["tables"][name]["rows"] for name in TABLES}


def count_codes(data: Path) -> dict[str, Any]:
    """The limit: DuckDB groups every event by person and code, which any program would have to."""
    started = time.perf_counter()
    with duckdb.connect() as engine:
        engine.execute("set enable_progress_bar = false")
        engine.execute(LIMIT.format(events=_relation(data, "events"))).fetchall()
    return {
        "people": rows_of(data, "patients"),
        "events": rows_of(data, "events"),
        "columns": None,
        "seconds": time.perf_counter() - started,
    }


def make_matrix(data: Path, warm: Path, directory: Path | None = None) -> dict[str, Any]:
    """Build the features of everybody, after those of a few people for whom code is compiled.

    Parameters
    ----------
    data : Path
        Linked records.
    warm : Path
        Linked records of a few people.
    directory : Path, optional
        Stream the matrix to this folder rather than return it.
    """
    study = features_study()
    build_features(load_records(warm), everybody(warm), study)
    keys = everybody(data)
    started = time.perf_counter()
    if directory is None:
        columns = len(build_features(load_records(data), keys, study).features)
    else:
        columns = _streamed(data, keys, study, directory)
    return {
        "people": len(keys),
        "events": rows_of(data, "events"),
        "columns": columns,
        "seconds": time.perf_counter() - started,
    }


def _streamed(data: Path, keys: pd.DataFrame, study: Study, directory: Path) -> int:
    from riskstrat.features.streaming import write_features

    write_features(load_records(data), keys, study, directory)
    written = json.loads((directory / "catalogue.json").read_text(encoding="utf-8"))
    return len(written["features"])


def count_with_pandas(data: Path, number: int) -> dict[str, Any]:
    """How often each group of codes was known of each person, in each window.

    Parameters
    ----------
    data : Path
        Linked records.
    number : int
        How many people, at most.
    """
    keys = everybody(data).head(number)
    started = time.perf_counter()
    counts, events = pandas_counts(_files(data, "events"), keys)
    return {
        "people": len(keys),
        "events": events,
        "columns": counts.shape[1],
        "seconds": time.perf_counter() - started,
    }


def pandas_counts(files: Sequence[Path], keys: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The counts, and how many events were read for them; `keys` hold the first people in order."""
    names = ["patient_id", "kind", "system", "code"]
    dates = ["event_date", "recorded_date", "superseded_date"]
    wanted = [("patient_id", "<=", keys["patient_id"].iloc[-1])]
    read = [pd.read_parquet(file, columns=names + dates, filters=wanted) for file in files]
    events = pd.concat(read, ignore_index=True)
    events[dates] = events[dates].apply(pd.to_datetime)
    known = events.merge(keys, on="patient_id")
    index_date = known["index_date"]
    replaced = known["superseded_date"] < index_date
    before = (known["event_date"] < index_date) & (known["recorded_date"] < index_date)
    known = known[before & ~replaced]
    known = known.merge(_code_groups(known), on=["kind", "system", "code"])
    known["days"] = (known["index_date"] - known["event_date"]).dt.days
    tables: Mapping[int, pd.DataFrame] = {
        window: known[known["days"] <= window]
        .groupby(["patient_id", "group"], observed=True)
        .size()
        .unstack(fill_value=0)
        for window in WINDOWS_DAYS
    }
    counts = pd.concat(tables, axis="columns").reindex(keys["patient_id"])
    return counts.fillna(0).astype("int32"), len(events)


def _code_groups(known: pd.DataFrame) -> pd.DataFrame:
    codes = known[["kind", "system", "code"]].drop_duplicates()
    groups = [
        f"{kind} {code[: CODE_CHARACTERS.get(system, len(code) if kind == 'measurement' else 0)]}"
        for kind, system, code in codes.itertuples(index=False)
    ]
    return codes.assign(group=pd.Categorical(groups))
