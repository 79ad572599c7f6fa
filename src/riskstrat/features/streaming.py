"""Build a matrix that need not fit into memory: to disk, one chunk of people at a time."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from riskstrat.errors import DataError
from riskstrat.features import build
from riskstrat.features.build import checked_keys, filled_chunks
from riskstrat.features.matrix import FeatureMatrix, read_chunks, write_catalogue
from riskstrat.features.plan import FeaturePlan, KnownRecords
from riskstrat.staging import require_replaceable, swap
from riskstrat.study import Study

__all__ = ["feature_chunks", "write_features"]

_PLAN, _MARKER = "plan.json", "catalogue.json"


def feature_chunks(
    records: KnownRecords, cohort_keys: pd.DataFrame, study: Study
) -> Iterator[FeatureMatrix]:
    """As :func:`riskstrat.build_features`, in chunks of whole people, people in order.

    Parameters
    ----------
    records, cohort_keys, study
        As of :func:`riskstrat.build_features`.

    Yields
    ------
    FeatureMatrix
        Each key is in one of them.
    """
    keys = checked_keys(cohort_keys)
    plan = FeaturePlan.of(records, study)
    by_person = keys.sort_values("patient_id", kind="stable", ignore_index=True)
    for rows, values, fact_days in filled_chunks(records, plan, by_person):
        used = by_person.iloc[rows][["patient_id", "index_date"]].reset_index(drop=True)
        yield FeatureMatrix(used, values, plan.features, plan.catalogue_hash, fact_days)
    records.register_keys(keys)


def write_features(
    records: KnownRecords, cohort_keys: pd.DataFrame, study: Study, directory: str | Path
) -> None:
    """Write the matrix of a study chunk by chunk; go on where an earlier run broke off.

    What is finished stands in ``<directory>.partial`` until all of it is there and takes its place.
    A chunk is taken over from an earlier run only when keys, features, records and the size of the
    chunks are the same; never when the records cannot tell that they are.

    Parameters
    ----------
    records, cohort_keys, study
        As of :func:`riskstrat.build_features`.
    directory : str or Path
        For :meth:`FeatureMatrix.load` and :meth:`FeatureMatrix.chunks`; an earlier matrix there is
        replaced.

    Raises
    ------
    DataError
        When the folder cannot be written; an earlier matrix is then unchanged.
    UsageError
        When the folder holds other things, or as of :func:`riskstrat.build_features`.
    StudyError
        As of :func:`riskstrat.build_features`.
    """
    out = Path(directory)
    require_replaceable(out, _MARKER)
    keys = checked_keys(cohort_keys)
    plan = FeaturePlan.of(records, study)
    by_person = keys.sort_values("patient_id", kind="stable", ignore_index=True)
    partial = out.with_name(f"{out.name}.partial")
    try:
        done = _begun(partial, _fingerprint(records, plan, by_person))
        for rows, values, fact_days in filled_chunks(records, plan, by_person, done=done):
            used = by_person.iloc[rows][["patient_id", "index_date"]].reset_index(drop=True)
            chunk = FeatureMatrix(used, values, plan.features, plan.catalogue_hash, fact_days)
            chunk.write_chunk(partial, rows.start)
        write_catalogue(partial, plan.catalogue_hash, plan.features)
        (partial / _PLAN).unlink()
        swap(partial, out)
    except OSError as error:
        raise DataError(
            f"the matrix could not be written to '{out.name}' ({error.strerror}).",
            do="Check the free disk space and the permissions, then run it again: what is finished "
            "is kept.",
        ) from error
    records.register_keys(keys)


def _begun(partial: Path, fingerprint: str) -> frozenset[int]:
    """First rows of the chunks that an earlier run of the same plan finished."""
    plan = partial / _PLAN
    if fingerprint and plan.is_file() and plan.read_text("utf-8") == fingerprint:
        return frozenset(read_chunks(partial))
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    plan.write_text(fingerprint, "utf-8")
    return frozenset()


def _fingerprint(records: KnownRecords, plan: FeaturePlan, keys: pd.DataFrame) -> str:
    """What the values of every chunk depend on; empty when the records cannot tell."""
    if records.content is None:
        return ""
    hashed = pd.util.hash_pandas_object(keys, index=False).to_numpy().tobytes()
    return json.dumps(
        {
            "keys": hashlib.sha256(hashed).hexdigest(),
            "catalogue": plan.catalogue_hash,
            "records": records.content,
            "rows_per_chunk": build.ROWS_PER_CHUNK,
        }
    )
