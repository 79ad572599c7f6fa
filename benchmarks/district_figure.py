"""A figure of a simulated district beside what is published, with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.table import Table

from riskstrat.evaluation.intervals import cluster_variance

__all__ = ["NEAR", "Figure", "Measured", "as_table", "figure", "mean", "misses", "ratio", "shown"]

NEAR = 0.20
"""'Near its source': a fifth more or less, where no issue or rule says otherwise. Most sources are
of another country, year or age mix."""
PERCENT = 100.0
_MANY = 1000.0
_SOME = 10.0


@dataclass(frozen=True)
class Measured:
    """A value with its standard error, which allows for several rows per person."""

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class Figure:
    """One measured figure, in the unit of what is published.

    Parameters
    ----------
    group, name : str
        What is measured.
    found, error : float
        Value and standard error.
    expected : str
        As published or ruled; empty where nothing is.
    low, high : float or None
        Least and most that will do; None where nothing is published.
    is_asked : bool
        Whether a district has to keep to the limits; else they are shown for information.
    """

    group: str
    name: str
    found: float
    error: float
    expected: str = ""
    low: float | None = None
    high: float | None = None
    is_asked: bool = True

    def is_within(self, errors: float = 0.0) -> bool | None:
        """Whether the figure will do when the limits are widened by so many standard errors.

        Returns
        -------
        bool or None
            None where nothing is published.
        """
        if self.low is None or self.high is None:
            return None
        reach = errors * self.error
        return bool(self.low - reach <= self.found <= self.high + reach)

    def for_information(self) -> Figure:
        """The same figure, whose limits no district has to keep to."""
        return replace(self, is_asked=False)


def figure(
    what: tuple[str, str],
    measured: Measured,
    expected: float | tuple[float, float] | None = None,
    tolerance: float = NEAR,
    *,
    scale: float = PERCENT,
) -> Figure:
    """A figure beside a published value or range.

    Parameters
    ----------
    what : tuple of str
        Group and name.
    measured : Measured
    expected : float or tuple, optional
        In the unit of the figure; nothing is asked when not given.
    tolerance : float
        Share of the published value by which it may be missed.
    scale : float
        Makes the unit of the figure from what was measured: 100 for a percentage.
    """
    found, error = measured.value * scale, measured.error * scale
    if expected is None:
        return Figure(*what, found, error)
    low, high = expected if isinstance(expected, tuple) else (expected, expected)
    told = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return Figure(*what, found, error, told, low * (1 - tolerance), high * (1 + tolerance))


def ratio(rows: pd.DataFrame, top: npt.ArrayLike, bottom: npt.ArrayLike = 1.0) -> Measured:
    """Weighted sum over weighted sum, with the standard error by person.

    Parameters
    ----------
    rows : DataFrame
        With ``person`` and ``weight``.
    top, bottom : array-like
        One value per row, or one for all.
    """
    weight = rows["weight"].to_numpy(np.float64)
    above = np.broadcast_to(np.asarray(top, np.float64), len(rows))
    below = np.broadcast_to(np.asarray(bottom, np.float64), len(rows))
    total = float(weight @ below)
    if total <= 0:
        return Measured(float("nan"), float("nan"))
    value = float(weight @ above) / total
    influence = weight * (above - value * below) / total
    people = pd.factorize(rows["person"])[0]
    return Measured(value, float(np.sqrt(cluster_variance(influence, people))))


def mean(rows: pd.DataFrame, column: str, where: npt.ArrayLike | None = None) -> Measured:
    """Weighted mean of a column, among some of the rows."""
    kept = rows if where is None else rows[np.asarray(where, bool)]
    return ratio(kept, kept[column])


def misses(figures: Sequence[Figure], errors: float = 0.0) -> list[str]:
    """What is asked and will not do, in words."""
    return [
        f"{one.group}, {one.name}: found {shown(one.found)}, expected {shown(one.low)} to "
        f"{shown(one.high)} ({one.expected})"
        for one in figures
        if one.is_asked and one.is_within(errors) is False
    ]


def shown(value: float | None) -> str:
    """A number with about three figures that mean something.

    Examples
    --------
    >>> shown(0.7654), shown(12.345), shown(1234.5), shown(None)
    ('0.765', '12.3', '1,234', '')
    """
    if value is None:
        return ""
    if abs(value) >= _MANY:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= _SOME else f"{value:.3f}"


_WITHIN = {
    (True, True): "yes",
    (True, False): "[bold]NO[/bold]",
    (False, True): "yes, not asked",
    (False, False): "no, not asked",
    (True, None): "",
}


def as_table(figures: Sequence[Figure], title: str) -> Table:
    """What was found beside what was expected."""
    table = Table(title=title)
    for column in ("what", "found", "standard error", "expected", "within"):
        table.add_column(column, justify="left" if column == "what" else "right")
    group = ""
    for one in figures:
        if one.group != group:
            table.add_section()
            table.add_row(f"[bold]{one.group}[/bold]")
            group = one.group
        within = _WITHIN[one.is_asked, one.is_within()]
        limits = "" if one.low is None else f" ({shown(one.low)} to {shown(one.high)})"
        told = f"{one.expected}{limits}"
        table.add_row(f"  {one.name}", shown(one.found), shown(one.error), told, within)
    return table
