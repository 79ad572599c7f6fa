"""What is usual among people of the same age band and sex, at development.

A contribution is measured from the whole population, a reason is read against peers: at 75 and over
almost every condition 'raises' risk against everybody. The mean contribution among peers is
therefore stored with the model and taken off before a reason is chosen (exact and additive: the
mean of a group is the sum of the means of its features).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import AGE_BANDS, Cohort, age_band, age_band_label
from riskstrat.errors import ArtefactError, UsageError
from riskstrat.explanation.shapley import tree_contributions
from riskstrat.explanation.wording import Usual, peers_in_words
from riskstrat.features import Feature, FeatureMatrix

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["ALL_SEXES", "PEER_COLUMNS", "PeerTable", "compared_with", "peer_reference"]

MINIMUM_PEERS = 50
"""Rows below which an age band and sex is merged with its neighbours, and known values below which
nothing is usual [judgement]: the standard error of a median's rank or of a share is then near 0.07,
and what is usual is never one person's value."""

MAXIMUM_EXPLAINED_PEERS = 1_000
"""Rows of one age band and sex that are explained for the means [judgement]: with contributions
that vary by about 0.3 the standard error is 0.009 log-odds. Larger groups give every k-th row."""

MINIMUM_CORRELATION = 0.3
"""Correlation between value and contribution from which a direction is claimed [judgement]."""

ALL_SEXES = "all"
"""The sex of the reference rows for a sex that development did not have."""

PEER_COLUMNS = (
    "age_band",
    "sex",
    "feature",
    "mean_contribution",
    "usual",
    "share_with_any",
    "people",
    "direction",
    "mean_death_contribution",
    "peers",
)


@dataclass(frozen=True)
class _Span:
    """Age bands (positions, inclusive) of one sex, or of all."""

    sex: str
    first: int
    last: int

    def holds(
        self, bands: npt.NDArray[np.intp], sexes: npt.NDArray[np.str_]
    ) -> npt.NDArray[np.bool_]:
        """Which rows belong to it, shape (n,)."""
        inside: npt.NDArray[np.bool_] = (bands >= self.first) & (bands <= self.last)
        return inside if self.sex == ALL_SEXES else inside & (sexes == self.sex)


@dataclass(frozen=True)
class _Explained:
    """The explained rows: positions in the matrix, what one row stands for, contributions."""

    rows: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]
    admission: npt.NDArray[np.float64]
    death: npt.NDArray[np.float64] | None


def peer_reference(model: RiskModel, matrix: FeatureMatrix, cohort: Cohort) -> pd.DataFrame:
    """What is usual for each feature, by age band and sex.

    Groups of fewer than :data:`MINIMUM_PEERS` rows are merged: with the younger band, else the
    older, else both, of the same sex; else with both sexes, widening band by band. A row says who
    it stands for.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
        The development rows.
    cohort : Cohort
        The same rows in the same order.

    Returns
    -------
    DataFrame
        One row per age band, sex (also "all") and feature: ``mean_contribution`` (log-odds),
        ``usual`` (lower median of the known values), ``share_with_any`` (share of the known values
        above 0), ``people`` (rows it rests on), ``direction`` (1 when higher values go with higher
        contributions, -1 lower, 0 neither), ``mean_death_contribution`` (log-odds; NaN without a
        model of death), ``peers`` (who, in words). What is usual and the share are NaN where fewer
        than :data:`MINIMUM_PEERS` values are known.

    Raises
    ------
    UsageError
        When the matrix and the cohort do not have the same rows.
    """
    if len(matrix.values) != len(cohort.frame) or cohort.frame.empty:
        raise UsageError(
            f"expected one cohort row per matrix row, but there are {len(matrix.values):,} matrix "
            f"and {len(cohort.frame):,} cohort rows."
        )
    bands = _band_positions(cohort.frame["age"])
    sexes = cohort.frame["sex"].to_numpy(dtype=np.str_)
    explained = _explain_some(model, matrix, _systematic_rows(bands, sexes))
    measured: dict[_Span, pd.DataFrame] = {}
    parts = []
    for sex in (*sorted(set(sexes)), ALL_SEXES):
        for band in range(len(AGE_BANDS)):
            span = _span(band, sex, bands, sexes)
            if span not in measured:
                measured[span] = _measure(span, span.holds(bands, sexes), matrix, explained)
            label = age_band_label(AGE_BANDS[band])
            parts.append(measured[span].assign(age_band=label, sex=sex))
    return pd.concat(parts, ignore_index=True)[list(PEER_COLUMNS)]


def _band_positions(ages: pd.Series) -> npt.NDArray[np.intp]:
    return age_band(ages).codes.astype(np.intp)


def _systematic_rows(
    bands: npt.NDArray[np.intp], sexes: npt.NDArray[np.str_]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Positions of the rows to explain and how many rows each stands for."""
    cells = pd.Series(np.arange(len(bands))).groupby([bands, sexes]).indices.values()
    chosen, weights = [], []
    for cell in cells:
        step = -(-len(cell) // MAXIMUM_EXPLAINED_PEERS)
        taken = np.asarray(cell)[::step]
        chosen.append(taken)
        weights.append(np.full(len(taken), len(cell) / len(taken)))
    return np.concatenate(chosen), np.concatenate(weights)


def _explain_some(
    model: RiskModel,
    matrix: FeatureMatrix,
    chosen: tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
) -> _Explained:
    rows, weights = chosen
    order = np.argsort(rows)
    rows, weights = rows[order], weights[order]
    values = matrix.values[rows]
    admission, _ = tree_contributions(model.admission, values)
    death = tree_contributions(model.death, values)[0] if model.death is not None else None
    return _Explained(rows, weights, admission, death)


def _span(band: int, sex: str, bands: npt.NDArray[np.intp], sexes: npt.NDArray[np.str_]) -> _Span:
    """The narrowest span around a band that holds enough rows."""
    last = len(AGE_BANDS) - 1
    for ladder_sex, first, final in _ladder(band, sex, last):
        wide = _Span(ladder_sex, max(first, 0), min(final, last))
        inside = wide.holds(bands, sexes)
        if inside.sum() >= MINIMUM_PEERS:
            break
    found = bands[inside]
    return _Span(wide.sex, int(found.min()), int(found.max()))


def _ladder(band: int, sex: str, last: int) -> Iterator[tuple[str, int, int]]:
    yield sex, band, band
    yield sex, band - 1, band
    yield sex, band, band + 1
    yield sex, band - 1, band + 1
    for reach in range(last + 1):
        yield ALL_SEXES, band - reach, band + reach


def _measure(
    span: _Span, inside: npt.NDArray[np.bool_], matrix: FeatureMatrix, explained: _Explained
) -> pd.DataFrame:
    """One row per feature for the people of a span."""
    upper = AGE_BANDS[span.last + 1] - 1 if span.last + 1 < len(AGE_BANDS) else None
    few = inside[explained.rows]
    usual, share = _usual(matrix.values, inside)
    weights = explained.weights[few]
    admission = explained.admission[few]
    death = np.full(admission.shape[1], np.nan)
    if explained.death is not None:
        death = _means(explained.death[few], weights)
    return pd.DataFrame(
        {
            "feature": pd.Series([feature.name for feature in matrix.features], dtype="str"),
            "mean_contribution": _means(admission, weights),
            "usual": usual,
            "share_with_any": share,
            "people": int(inside.sum()),
            "direction": _directions(matrix.values[explained.rows[few]], admission, weights),
            "mean_death_contribution": death,
            "peers": peers_in_words(span.sex, AGE_BANDS[span.first], upper),
        }
    )


def _means(
    contributions: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.asarray((contributions * weights[:, None]).sum(axis=0) / weights.sum())


def _usual(
    values: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Median (the lower of two, so that it is a recorded value) and share above 0, by column.

    NaN where fewer than :data:`MINIMUM_PEERS` values are known.
    """
    usual = np.full(values.shape[1], np.nan)
    share = np.full(values.shape[1], np.nan)
    for column in range(values.shape[1]):
        known = values[inside, column]
        known = known[~np.isnan(known)].astype(np.float64)
        if known.size >= MINIMUM_PEERS:
            usual[column] = np.percentile(known, 50, method="lower")
            share[column] = np.mean(known > 0)
    return usual, share


def _directions(
    values: npt.NDArray[np.float32],
    contributions: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> npt.NDArray[np.int8]:
    """Sign of the correlation between the known values and their contributions."""
    signs = np.zeros(values.shape[1], dtype=np.int8)
    for column in range(values.shape[1]):
        known = ~np.isnan(values[:, column])
        correlation = _correlation(
            values[known, column].astype(np.float64), contributions[known, column], weights[known]
        )
        if abs(correlation) >= MINIMUM_CORRELATION:
            signs[column] = np.sign(correlation)
    return signs


def _correlation(
    first: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> float:
    """Weighted Pearson correlation; 0 where either does not vary."""
    if not first.size:
        return 0.0
    a = first - np.average(first, weights=weights)
    b = second - np.average(second, weights=weights)
    scale = np.sqrt(np.sum(weights * a * a) * np.sum(weights * b * b))
    return float(np.sum(weights * a * b) / scale) if scale > 0 else 0.0


class PeerTable:
    """The peer reference of a model, looked up by age and sex.

    Parameters
    ----------
    reference : DataFrame or None
        As :func:`peer_reference` gives it.
    features : tuple of Feature
        The p features of the model.

    Raises
    ------
    ArtefactError
        When the model has no peer reference, or it lacks a feature, column or age band.
    """

    def __init__(self, reference: pd.DataFrame | None, features: tuple[Feature, ...]) -> None:
        if reference is None or not set(PEER_COLUMNS) <= set(reference.columns):
            raise ArtefactError(
                "expected a model with the reference values of peers, but it has none.",
                do="Train the model again.",
            )
        self._sexes = tuple(dict.fromkeys(reference["sex"]))
        shape = (len(self._sexes) * len(AGE_BANDS), len(features))
        self._check(reference, shape, features)
        self.means = _shaped(reference, "mean_contribution", shape)
        self.death_means = _shaped(reference, "mean_death_contribution", shape)
        self._usual = _shaped(reference, "usual", shape)
        self._share = _shaped(reference, "share_with_any", shape)
        self._direction = _shaped(reference, "direction", shape)
        self._peers = reference["peers"].to_numpy(dtype=object)[:: shape[1]]

    @staticmethod
    def _check(
        reference: pd.DataFrame, shape: tuple[int, int], features: tuple[Feature, ...]
    ) -> None:
        bands = [age_band_label(lower) for lower in AGE_BANDS] * (shape[0] // len(AGE_BANDS))
        is_whole = (
            len(reference) == shape[0] * shape[1]
            and list(reference["feature"][: shape[1]]) == [feature.name for feature in features]
            and list(reference["age_band"][:: shape[1]]) == bands
            and ALL_SEXES in set(reference["sex"])
        )
        if not is_whole:
            raise ArtefactError(
                f"expected reference values for {shape[1]} features in {shape[0]} groups of peers, "
                f"but the model holds {len(reference):,} rows.",
                do="Train the model again.",
            )

    def rows_of(self, ages: pd.Series, sexes: pd.Series) -> npt.NDArray[np.intp]:
        """The row of this table for each person, shape (n,)."""
        order = {sex: position for position, sex in enumerate(self._sexes)}
        found = sexes.map(order).fillna(order[ALL_SEXES]).to_numpy(dtype=np.intp)
        return found * len(AGE_BANDS) + _band_positions(ages)

    def usual(self, row: int, column: int) -> Usual:
        """What is usual for one feature in one row of this table."""
        return Usual(
            peers=str(self._peers[row]),
            usual=float(self._usual[row, column]),
            share_with_any=float(self._share[row, column]),
            direction=int(self._direction[row, column]),
        )

    def peers(self, rows: npt.NDArray[np.intp]) -> pd.Series:
        """Who the people of each row are compared with, in words."""
        return pd.Series(self._peers[rows], dtype="str")


def compared_with(model: RiskModel, people: pd.DataFrame) -> pd.Series:
    """Who each person is compared with, in words such as "women aged 80 to 84".

    Parameters
    ----------
    model : RiskModel
        With the reference values of peers.
    people : DataFrame
        With ``age`` and ``sex``.

    Returns
    -------
    Series of str, shape (n,)

    Raises
    ------
    ArtefactError
        When the model has no reference values of peers.
    """
    table = PeerTable(model.peers, model.features)
    return table.peers(table.rows_of(people["age"], people["sex"]))


def _shaped(
    reference: pd.DataFrame, column: str, shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    return reference[column].to_numpy(dtype=np.float64).reshape(shape)
