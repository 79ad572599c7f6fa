"""Codes and codelists: a code belongs to one coding system and has one written form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from riskstrat.errors import DataError

__all__ = ["OWN_CODES", "SYSTEMS", "Codelist", "normalise_code"]

SYSTEMS = ("icd10", "icd9", "opcs4", "snomed", "bnf", "dmd", "ctv3", "read2", "loinc", "local")
"""Coding systems an event may name. Read and CTV3 codes are case-sensitive and keep their dots."""

OWN_CODES = r"(contact|accommodation|csds|mhsds|cld|housing|voluntary):.+|HOSPITAL_AT_HOME"
"""Local codes that these records give facts of feeds without a coding system: contacts by mode,
accommodation, teams, social care, tenancies and repairs, voluntary services."""

_PRINTED_BNF = re.compile(r"\d{1,2}(\.\d{1,2}){1,2}(\.\d)?")
"""Chapter, section, paragraph and subparagraph as the formulary prints them."""

_DAGGER = re.compile(r"([A-Z]\d\d[\dX])[DA]")
"""HES writes D for dagger and A for asterisk in the fifth place (HES data dictionary, DIAG_NN)."""

_AS_WRITTEN = frozenset({"snomed", "dmd", "ctv3", "read2", "loinc", "local"})
"""Systems whose codes have no dots to spare: a SNOMED identifier that a spreadsheet wrote as a
float ('22298006.0') must not turn into another number."""


def normalise_code(code: str, system: str) -> str:
    """The one written form of `code`.

    Classifications (ICD, OPCS, BNF) lose dots and spaces and are upper case, ICD-10 also loses its
    fillers and the marks of dagger and asterisk; a number of the printed formulary becomes the
    start of the codes it stands for. The codes of other systems stay as they are written.

    Examples
    --------
    >>> normalise_code("i48.x", "icd10"), normalise_code("E11.9", "icd10")
    ('I48', 'E119')
    >>> normalise_code("H36.0A", "icd10"), normalise_code("2.5.5.1", "bnf")
    ('H360', '0205051')
    >>> normalise_code("H33..", "read2")
    'H33..'
    """
    text = code.strip()
    if system in _AS_WRITTEN:
        return text
    if system == "bnf" and _PRINTED_BNF.fullmatch(text):
        parts = text.split(".")
        return "".join(part.zfill(2) for part in parts[:3]) + "".join(parts[3:])
    text = text.replace(".", "").replace(" ", "").upper()
    return _plain_icd10(text) if system == "icd10" else text


def _plain_icd10(text: str) -> str:
    text = _DAGGER.sub(r"\1", text.rstrip("-+*\N{DAGGER}"))
    if len(text) > 3 and text[3] == "X":  # noqa: PLR2004 - the filler stands fourth
        return text[:3]
    return text


@dataclass(frozen=True)
class Codelist:
    """A named list of codes or code prefixes of one coding system.

    Parameters
    ----------
    name : str
    system : str
        One of :data:`SYSTEMS`.
    codes : frozenset of str
        Codes, or prefixes when `is_prefix`, in their normal written form.
    is_prefix : bool
        Whether a code matches when it starts with a listed one (ICD-10, BNF).
    source : str
        Where the list was published.
    """

    name: str
    system: str
    codes: frozenset[str]
    is_prefix: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        if self.system not in SYSTEMS:
            raise DataError(
                f"codelist '{self.name}': expected a coding system, one of {', '.join(SYSTEMS)}."
            )

    @classmethod
    def of(
        cls, name: str, system: str, codes: Iterable[str], *, is_prefix: bool = False
    ) -> Codelist:
        """A codelist from codes in any written form."""
        normal = frozenset(normalise_code(code, system) for code in codes)
        return cls(name, system, normal, is_prefix)

    def matches(self, code: str) -> bool:
        """Whether `code`, in normal form, is on the list."""
        if not self.is_prefix:
            return code in self.codes
        return any(code[:n] in self.codes for n in range(1, len(code) + 1))
