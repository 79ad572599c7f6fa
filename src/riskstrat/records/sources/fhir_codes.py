"""Codings of FHIR resources: which of several codes a resource stands for.

That is decided once for each distinct list of codings.

References
----------
HL7 FHIR R4, data types Coding and CodeableConcept, and terminologies-systems (addresses of code
systems); HL7 UK FHIR registry (Read, BNF); NHS England, dictionary of medicines and devices.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from riskstrat.codes import normalise_code
from riskstrat.engine import Engine
from riskstrat.records.governance.sensitive import register_sensitive
from riskstrat.records.sources.codesystems import VOCABULARY_SYSTEMS, local_code
from riskstrat.records.sources.rows import column_of

__all__ = ["MEDICINES", "TERMS", "Coded", "choose", "codings", "register_codings"]

TERMS = ("snomed", "icd10", "opcs4", "ctv3", "read2", "icd9", "loinc", "bnf", "dmd", "local")
"""Coding systems in the order in which one of several codes is taken."""

MEDICINES = ("bnf", "dmd", "snomed", "ctv3", "read2", "local")
"""The same for medicines: the BNF code says the group of a medicine, as in the practice record."""

_VOCABULARIES = {
    "snomed.info/sct": "SNOMED",
    "hl7.org/fhir/sid/icd-10": "ICD10",
    "hl7.org/fhir/sid/icd-10-uk": "ICD10",
    "hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "loinc.org": "LOINC",
    "read.info/readv2": "Read",
    "dmd.nhs.uk": "dm+d",
    "fhir.nhs.uk/id/opcs-4": "OPCS4",
    "fhir.hl7.org.uk/codesystem/opcs-4": "OPCS4",
    "www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "hl7.org/fhir/sid/cvx": "CVX",
    "hl7.org/fhir/sid/ndc": "NDC",
    "www.ama-assn.org/go/cpt": "CPT4",
    "www.cms.gov/medicare/coding/icd10": "ICD10PCS",
}
"""Address of a code system, without what comes before ``//`` and in lower case, to its OMOP
vocabulary (:data:`~riskstrat.records.sources.codesystems.VOCABULARY_SYSTEMS`)."""

_OTHER_SYSTEMS = {"read.info/ctv3": "ctv3", "fhir.hl7.org.uk/id/bnf-drug-codes": "bnf"}
"""Addresses of systems that have no OMOP vocabulary."""


@dataclass(frozen=True)
class Coded:
    """One code in the written form of these records, with its wording."""

    system: str
    code: str
    text: str | None = None


def codings(written: str) -> tuple[Coded, ...]:
    """The codes of a JSON list of codings, in their order; whatever is no coding is passed over.

    Parameters
    ----------
    written : str
        Such as ``[{"system": "http://loinc.org", "code": "8480-6"}]``.

    Examples
    --------
    >>> codings('[{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I48.9"}]')
    (Coded(system='icd10', code='I489', text=None),)
    """
    try:
        items = json.loads(written)
    except (ValueError, RecursionError):
        return ()
    listed = items if isinstance(items, list) else []
    found = (_coded(item) for item in listed if isinstance(item, dict))
    return tuple(coded for coded in found if coded is not None)


def _coded(item: dict[str, object]) -> Coded | None:
    written, display = _text(item.get("code")), _text(item.get("display"))
    if written is None:
        return None
    system, code = _placed(_text(item.get("system")), written)
    normal = normalise_code(code, system)
    return Coded(system, normal, display) if normal else None


def _text(value: object) -> str | None:
    """A text, or a whole number that should have been one; a fraction has lost digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value).strip() or None


def _placed(address: str | None, code: str) -> tuple[str, str]:
    """Coding system and code; equal digits of two systems that are not known stay apart."""
    if address is None:
        return "local", code
    place = address.split("//", 1)[-1].rstrip("/").lower()
    if place in _OTHER_SYSTEMS:
        return _OTHER_SYSTEMS[place], code
    vocabulary = _VOCABULARIES.get(place, address)
    system = VOCABULARY_SYSTEMS.get(vocabulary)
    return (system, code) if system else ("local", local_code(vocabulary, code))


def choose(coded: Iterable[Coded], preference: Sequence[str] = TERMS) -> Coded | None:
    """The code to keep: the first of the system that is preferred, None when no system is.

    Examples
    --------
    >>> choose([Coded("icd10", "I489"), Coded("snomed", "49436004")]).code
    '49436004'
    """
    ranked = [code for code in coded if code.system in preference]
    return min(ranked, key=lambda code: preference.index(code.system), default=None)


def register_codings(
    engine: Engine, name: str, query: str, preference: Sequence[str], sensitive_version: str
) -> None:
    """Make a relation `name` (``codings, system, code, text, is_sensitive``) of lists of codings.

    Parameters
    ----------
    engine : Engine
    name : str
    query : str
        Its one column holds JSON lists of codings.
    preference : sequence of str
        Coding systems, the preferred first.
    sensitive_version : str
        Version of the list of sensitive codes. A list is sensitive when any of its codes is,
        although another one is kept.
    """
    written = sorted({text for text in column_of(engine, query) if text is not None})
    read = {text: codings(text) for text in written}
    chosen = {text: choose(coded, preference) for text, coded in read.items()}
    pairs = [(text, coded.system, coded.code) for text in written for coded in read[text]]
    engine.register(f"{name}_all", _columns(["codings", "system", "code"], pairs))
    register_sensitive(engine, f"{name}_sensitive", f"{name}_all", sensitive_version)
    rows = [(text, one.system, one.code, one.text) for text, one in chosen.items() if one]
    engine.register(f"{name}_chosen", _columns(["codings", "system", "code", "text"], rows))
    engine.connection.execute(
        f"""
        create or replace temp table {name} as
        select a.codings, c.system, c.code, c.text, a.is_sensitive
        from (
            select p.codings, bool_or(s.code is not null) as is_sensitive
            from {name}_all p left join {name}_sensitive s using (system, code) group by p.codings
        ) a left join {name}_chosen c using (codings)
        """
    )


def _columns(names: Sequence[str], rows: Sequence[tuple[str | None, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table(
        {
            name: pa.array(list(column), pa.string())
            for name, column in zip(names, columns, strict=True)
        }
    )
