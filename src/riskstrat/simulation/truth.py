"""What is true and never recorded, kept apart from the store for judging models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.simulation.district import District
from riskstrat.simulation.timeline import dates
from riskstrat.staging import staged_directory

__all__ = ["write_truth"]


def write_truth(out: Path, district: District) -> None:
    """Write each person's multiplier and the true rate of emergency admission each 1 January.

    Parameters
    ----------
    out : Path
        Folder for ``people.parquet`` (patient_id, multiplier, conditions begun by the last
        observed day), ``rates.parquet`` (patient_id, date, emergency admissions a year on that
        day, for people who lived in the district) and ``truth.json``, which says that all of it is
        synthetic.
    """
    people = district.people
    order = np.argsort(people.patient_id)
    conditions = (people.onset < district.stop[:, None]).sum(axis=1)
    with staged_directory(out, marker="truth.json") as staged:
        _write(
            staged / "people.parquet",
            patient_id=pa.array(people.patient_id[order], pa.string()),
            multiplier=pa.array(people.multiplier[order]),
            conditions=pa.array(conditions[order]),
        )
        _write(staged / "rates.parquet", **_rates(district, order))
        (staged / "truth.json").write_text(json.dumps({"synthetic": True}) + "\n")


def _rates(district: District, order: np.ndarray) -> dict[str, pa.Array]:
    person, day, rate = [], [], []
    for start, yearly in district.history.yearly_rate.items():
        at_risk = order[yearly[order] > 0]
        person.append(at_risk)
        day.append(np.full(len(at_risk), start))
        rate.append(yearly[at_risk])
    ids = district.people.patient_id[np.concatenate(person)]
    return {
        "patient_id": pa.array(ids, pa.string()),
        "date": dates(np.concatenate(day)),
        "yearly_rate": pa.array(np.concatenate(rate)),
    }


def _write(path: Path, **columns: pa.Array) -> None:
    table = pa.table(columns).replace_schema_metadata({"synthetic": "true"})
    pq.write_table(table, path)
