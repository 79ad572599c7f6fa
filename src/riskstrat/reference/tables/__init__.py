"""Read a published table by name; ``PROVENANCE.md`` beside the files says where each is from."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from riskstrat.errors import UsageError

__all__ = ["TABLE_NAMES", "load_table"]

TABLE_NAMES = (
    "acsc_icd10",
    "bnf_sections",
    "cambridge_payne2020",
    "charlson_hierarchy",
    "charlson_quan2005_icd10",
    "charlson_shmi_icd10",
    "charlson_weights",
    "discharge_bands",
    "efi_bands",
    "efi_conditions_illustrative",
    "efi_deficits",
    "elixhauser_hierarchy",
    "elixhauser_quan2005_icd10",
    "elixhauser_weights",
    "hfrs_cutoffs",
    "hfrs_gilbert2018",
    "hospital_points",
    "imperial_frailty_icd10",
    "lace_charlson",
    "lace_points",
    "ltc_icd10",
    "ltc_snomed_illustrative",
    "measurements",
    "parr30_single_source",
    "sensitive_codes",
    "service_families",
)
"""Tables that come with the package."""


@cache
def load_table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a shipped table, as text: codes keep their leading zeros.

    Parameters
    ----------
    name : str
        One of :data:`TABLE_NAMES`.

    Returns
    -------
    tuple of dict
        One mapping per row, in the order of the file. The same object every time: do not change it.

    Raises
    ------
    UsageError
        When there is no such table.

    Examples
    --------
    >>> load_table("hfrs_gilbert2018")[0]
    {'icd10_3char': 'F00', 'tenths': '71'}
    """
    if name not in TABLE_NAMES:
        raise UsageError(
            f"expected a reference table, one of {', '.join(TABLE_NAMES)}, but '{name}' came."
        )
    text = files("riskstrat.reference.tables").joinpath(f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))
