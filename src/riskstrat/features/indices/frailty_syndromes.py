"""Frailty syndromes of hospital data, as Imperial College described them."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.features.indices.arguments import icd10_codes
from riskstrat.features.indices.condition_groups import conditions_of

__all__ = ["imperial_frailty"]


def imperial_frailty(codes: Iterable[str]) -> tuple[str, ...]:
    """Frailty syndromes that are coded, in alphabetical order.

    The grouping into nine, and their number as a score, is that of the Health Foundation's
    pipeline for Hospital Episode Statistics. The paper's own models merge delirium, dementia and
    senility into cognitive impairment, because coding moved between them, and have no number of
    syndromes. All external causes W00 to W99 count as falls there, which is wider than falls.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 codes of all diagnosis positions, in any written form; the paper looked back two
        years. Others are ignored.

    Returns
    -------
    tuple of str
        Out of anxiety_depression, delirium, dementia, falls_fractures, functional_dependence,
        incontinence, mobility_problems, pressure_ulcer and senility; their number is the score,
        0 to 9. Z74 stands for two of them.

    Raises
    ------
    UsageError
        When the codes are not texts in a list or set.

    References
    ----------
    Soong J, Poots AJ, Scott S, et al. BMJ Open 2015;5:e008457. doi:10.1136/bmjopen-2015-008457
    (the models, in patients over 65), and e008456. doi:10.1136/bmjopen-2015-008456.

    Examples
    --------
    >>> imperial_frailty(["F05.9", "Z74.1", "I10"])
    ('delirium', 'functional_dependence', 'mobility_problems')
    """
    return tuple(sorted(conditions_of(icd10_codes(codes), "imperial_frailty_icd10", "syndrome")))
