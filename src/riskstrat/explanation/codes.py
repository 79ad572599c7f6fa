"""Codes of reasons for machines: the same facts as the sentences, stable and documented.

A code names the clinical group, the feature whose fact is told and the direction, such as
``emergency.emergency_admissions_365.raising``. It does not depend on the wording, the person or the
model; ``docs/reference/reason-codes.md`` lists every one with its sentence and feeds.
"""

from __future__ import annotations

from riskstrat.features import Feature

__all__ = ["reason_code"]


def reason_code(feature: Feature, direction: str) -> str:
    """The code of the reason that a feature tells in a direction.

    Parameters
    ----------
    feature : Feature
    direction : str
        ``raising`` or ``lowering``.

    Examples
    --------
    >>> from riskstrat.features import Feature
    >>> copd = Feature("copd", "COPD", "", "lungs", "flag", ("gp",), 1095, "any condition.copd")
    >>> reason_code(copd, "raising")
    'lungs.copd.raising'
    """
    return f"{feature.group}.{feature.name}.{direction}"
