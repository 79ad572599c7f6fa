"""The Cambridge Multimorbidity Score."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.features.indices.arguments import condition_names, known_names
from riskstrat.features.indices.condition_groups import weight_of
from riskstrat.reference import load_table

__all__ = ["CAMBRIDGE_CONDITIONS", "cambridge_multimorbidity"]

CAMBRIDGE_CONDITIONS = tuple(row["condition"] for row in load_table("cambridge_payne2020"))
"""The 20 conditions of the simplified score by name (Payne 2020)."""

_ONE_HERE = {"anxiety": "anxiety_depression", "depression": "anxiety_depression"}
"""Two conditions of this package that the score counts as one."""


def cambridge_multimorbidity(conditions: Iterable[str]) -> int:
    """Cambridge Multimorbidity Score in hundredths of a point.

    The simplified score of 20 conditions with the weights of the general outcome (deaths,
    unplanned admissions and consultations together): the version whose weights two independent
    sources agree on. The weights for one outcome, and the score of 37 conditions, are not here.

    Parameters
    ----------
    conditions : iterable of str
        Names out of :data:`CAMBRIDGE_CONDITIONS`. Other conditions of the table ``ltc_icd10``
        count nothing, and anxiety and depression count once. When a condition is present is up to
        the caller: for several the paper wants prescriptions within 12 months beside a code.

    Returns
    -------
    int
        Sum of the weights in hundredths of a point; an integer, so that sums are exact.

    Raises
    ------
    UsageError
        When a name is neither of the score nor of a condition of the package.

    References
    ----------
    Payne RA, Mendonca SC, Elliott MN, et al. CMAJ 2020;192:E107-14. doi:10.1503/cmaj.190757.

    Examples
    --------
    >>> cambridge_multimorbidity(["heart_failure", "anxiety", "depression", "gout"])
    168
    """
    known = condition_names() | set(CAMBRIDGE_CONDITIONS)
    given = known_names(conditions, known, "conditions")
    weight = weight_of("cambridge_payne2020", "hundredths")
    return sum(weight.get(name, 0) for name in {_ONE_HERE.get(name, name) for name in given})
