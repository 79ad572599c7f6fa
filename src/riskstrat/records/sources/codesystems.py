"""One written form for the codes of a feed: mapped once per distinct code, then joined."""

from __future__ import annotations

import pyarrow as pa

from riskstrat.codes import normalise_code
from riskstrat.engine import Engine

__all__ = ["VOCABULARY_SYSTEMS", "local_code", "register_normal_codes"]

VOCABULARY_SYSTEMS = {
    "SNOMED": "snomed",
    "ICD10": "icd10",
    "ICD10CM": "icd10",
    "ICD9CM": "icd9",
    "LOINC": "loinc",
    "OPCS4": "opcs4",
    "Read": "read2",
    "dm+d": "dmd",
}
"""OMOP vocabulary to coding system. Codes of any other vocabulary are local codes with the
vocabulary's name in front, so that equal digits of two vocabularies stay apart. Procedure codes of
ICD-9 and ICD-10-PCS are among them: they are not codes of ICD-9 or ICD-10 diagnoses."""


def local_code(vocabulary: str, code: str) -> str:
    """A code of a vocabulary that is no coding system of its own here.

    Examples
    --------
    >>> local_code("RxNorm", "314659")
    'RxNorm:314659'
    """
    return f"{vocabulary}:{code}"


def register_normal_codes(engine: Engine, name: str, chosen: str) -> None:
    """Make a relation `name` (``system, code, normal``) from the distinct pairs in `chosen`.

    Parameters
    ----------
    engine : Engine
    name : str
    chosen : str
        A relation with ``system`` and ``code``.
    """
    query = f"select distinct system, code from {chosen} where code is not null"
    pairs = engine.connection.execute(query).fetchall()
    written = [normalise_code(code, system) for system, code in pairs]
    text = pa.string()
    engine.register(
        name,
        pa.table(
            {
                "system": pa.array([system for system, _ in pairs], text),
                "code": pa.array([code for _, code in pairs], text),
                "normal": pa.array(written, text),
            }
        ),
    )
