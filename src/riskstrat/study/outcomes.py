"""What can be predicted, and the words for it: the only table of outcomes in the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["LONGEST_WINDOW_DAYS", "OUTCOMES", "SHORTEST_WINDOW_DAYS", "OutcomeKind", "OutcomeWords"]

SHORTEST_WINDOW_DAYS, LONGEST_WINDOW_DAYS = 30, 730
"""Windows that may be predicted, 30 days to 24 months: below a month most feeds have not arrived
when the window ends, beyond two years a list says little about whom to see now (judgement)."""

OutcomeKind = Literal[
    "emergency_admission",
    "emergency_or_inpatient_visit",
    "emergency_admission_or_death",
    "emergency_department_attendance",
    "readmission",
]


@dataclass(frozen=True)
class OutcomeWords:
    """How an outcome is written, and whether death is part of it.

    Parameters
    ----------
    one : str
        One of it, without an article.
    had : str
        What people who had it did, after 'people who'.
    includes_death : bool
        Whether death is the outcome too; otherwise death competes with it.
    """

    one: str
    had: str
    includes_death: bool = False

    @property
    def with_article(self) -> str:
        """One of it, with its article.

        Examples
        --------
        >>> OUTCOMES["readmission"].with_article
        'an emergency readmission'
        """
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"


OUTCOMES: Mapping[str, OutcomeWords] = {
    "emergency_admission": OutcomeWords("emergency admission", "were admitted as an emergency"),
    "emergency_or_inpatient_visit": OutcomeWords(
        "emergency-department or inpatient visit", "had an emergency-department or inpatient visit"
    ),
    "emergency_admission_or_death": OutcomeWords(
        "emergency admission or death",
        "were admitted as an emergency or died",
        includes_death=True,
    ),
    "emergency_department_attendance": OutcomeWords(
        "emergency-department attendance", "attended an emergency department"
    ),
    "readmission": OutcomeWords("emergency readmission", "were readmitted as an emergency"),
}
"""By the study's ``outcome.kind``."""
