"""Age bands, the same in peers, strata and subgroups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["AGE_BANDS", "age_band", "age_band_label"]

AGE_BANDS: tuple[int, ...] = (0, 18, 40, 50, 60, 65, 70, 75, 80, 85, 90)
"""Lower bounds in years: five-year bands from 60, where risk and frailty change fastest."""


def age_band_label(lower: int) -> str:
    """How a band is written.

    Examples
    --------
    >>> [age_band_label(lower) for lower in AGE_BANDS][-3:]
    ['80-84', '85-89', '90+']
    """
    later = [bound for bound in AGE_BANDS if bound > lower]
    return f"{lower}-{min(later) - 1}" if later else f"{lower}+"


def age_band(ages: Sequence[int] | npt.NDArray[np.integer] | pd.Series) -> pd.Categorical:
    """The band of each age, as an ordered categorical of shape (n,).

    Examples
    --------
    >>> list(age_band([64, 65, 90]))
    ['60-64', '65-69', '90+']
    """
    bounds = [*AGE_BANDS, np.inf]
    labels = [age_band_label(lower) for lower in AGE_BANDS]
    return pd.cut(np.asarray(ages), bins=bounds, right=False, labels=labels)
