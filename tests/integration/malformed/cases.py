"""Every malformed feed, and the table of them that ``docs/how-to/malformed-feeds.md`` holds."""

from __future__ import annotations

from tests.integration.malformed.case import Case
from tests.integration.malformed.containers import ARCHIVES, LINKS
from tests.integration.malformed.hospital import ECDS, HES_APC, HES_OP
from tests.integration.malformed.housing import HOUSING
from tests.integration.malformed.practice import GP
from tests.integration.malformed.support import CLD, CSDS, MHSDS, VOLUNTARY
from tests.integration.malformed.whole import FHIR, MEDS, OMOP

__all__ = ["CASES", "table_of_cases"]

CASES: tuple[Case, ...] = tuple(
    case
    for cases in (
        *(GP, HES_APC, HES_OP, ECDS, CSDS, MHSDS, CLD, HOUSING, VOLUNTARY, FHIR, MEDS, OMOP),
        *(ARCHIVES, LINKS),
    )
    for case in cases.found
)


def table_of_cases() -> str:
    """The cases as a table in Markdown."""
    lines = ["| feed | what is wrong | what becomes of it |", "|---|---|---|"]
    lines += [f"| `{case.dialect}` | {case.name} | {case.outcome.told} |" for case in CASES]
    return "\n".join(lines) + "\n"
