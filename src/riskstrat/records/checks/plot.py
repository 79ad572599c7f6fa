"""Volume by feed and month as one figure of small charts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.records.checks.finding import FEWEST_SHOWN
from riskstrat.staging import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_volumes"]

_NO_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    ".png": {"Software": None},
}
"""By the file's ending: metadata left out, so that the same figure has the same bytes."""

_COLUMNS = 3
_WIDTH, _ROW_HEIGHT, _HEAD = 11.0, 1.7, 0.8
"""Inches."""
_MONTH = 1 / 12
"""Years; charts run over decimal years."""
_LOWEST_TOP = 4.0 * FEWEST_SHOWN
"""Rows at the top of a chart at least: a feed of few rows then looks like one."""
_INK, _GREY, _LINE = "#1d252c", "#8a939b", "#005eb8"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "riskstrat-volumes",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
}


def plot_volumes(frame: pd.DataFrame, path: Path, *, is_synthetic: bool = False) -> None:
    """Draw the rows of every feed, kind and month; fewer than ten rows are one band.

    Parameters
    ----------
    frame : DataFrame
        As :func:`volumes` gives it, or part of it.
    path : Path
        A file that ends in ``.svg`` or ``.png``; its folder is made when missing.
    is_synthetic : bool
        Whether the people were made up; the title then says so.

    Raises
    ------
    UsageError
        When the file's ending is another one.
    DataError
        When the file cannot be written; an earlier one is then as it was.
    """
    import matplotlib as mpl

    ending = path.suffix.lower()
    if ending not in _NO_METADATA:
        raise UsageError("expected a file that ends in .svg or .png for the plot.")
    with mpl.rc_context(_STYLE):
        buffer = io.BytesIO()
        figure = _drawn(frame, is_synthetic=is_synthetic)
        figure.savefig(buffer, format=ending[1:], dpi=120, metadata=_NO_METADATA[ending])
    write_file(path, buffer.getvalue())


def _drawn(frame: pd.DataFrame, *, is_synthetic: bool) -> Figure:
    from matplotlib.figure import Figure

    parts = list(_parts(frame))
    lines = max(-(-len(parts) // _COLUMNS), 1)
    figure = Figure(figsize=(_WIDTH, _HEAD + _ROW_HEIGHT * lines), layout="constrained")
    every = list(figure.subplots(lines, _COLUMNS, squeeze=False, sharex=True).flat)
    for axes, (title, part) in zip(every, parts, strict=False):
        _draw(axes, title, part)
    for axes in every[len(parts) :]:
        axes.remove()
    made_up = " (synthetic people)" if is_synthetic else ""
    figure.suptitle(
        f"Rows by feed and month{made_up}\ngrey: fewer than {FEWEST_SHOWN} rows in the month",
        x=0.01,
        ha="left",
        fontsize=10,
        color=_INK,
    )
    return figure


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Title and monthly rows of each chart; a month that is not in the frame has none."""
    if frame.empty:
        return
    months = pd.period_range(frame["month"].min(), frame["month"].max(), freq="M")
    for (feed, kind), part in frame.groupby(["feed", "kind"], sort=True):
        rows = part.set_index(part["month"].dt.to_period("M"))["rows"]
        title = feed if kind == "services" else f"{feed}: {kind}"
        yield str(title).replace("_", " "), rows.reindex(months, fill_value=0)


def _draw(axes: Axes, title: str, rows: pd.Series) -> None:
    from matplotlib.ticker import MaxNLocator

    months = pd.PeriodIndex(rows.index)
    month = np.asarray(months.year + (months.month - 0.5) / 12, dtype=np.float64)
    is_few = (rows < FEWEST_SHOWN).to_numpy()
    shown = np.where(is_few, np.nan, rows.to_numpy(dtype=np.float64))
    axes.fill_between(month, 0, shown, color=_LINE, alpha=0.15, linewidth=0)
    axes.plot(month, shown, color=_LINE, linewidth=1.2)
    is_alone = np.r_[True, is_few[:-1]] & np.r_[is_few[1:], True]
    axes.plot(month[is_alone], shown[is_alone], ".", color=_LINE, markersize=3)
    runs = _runs(is_few, month)
    axes.broken_barh(runs, (0, FEWEST_SHOWN), color=_GREY, linewidth=0)
    across = axes.get_xaxis_transform()
    axes.broken_barh(runs, (0, 1), color=_GREY, alpha=0.15, linewidth=0, transform=across)
    axes.set_title(title, loc="left", fontsize=8.5, color=_INK)
    axes.set_ylim(0, max(float(rows.max()) * 1.05, _LOWEST_TOP))
    axes.set_xlim(month[0] - _MONTH / 2, month[-1] + _MONTH / 2)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    axes.tick_params(labelbottom=True)


def _runs(is_few: npt.NDArray[np.bool_], month: npt.NDArray[np.float64]) -> list[Any]:
    """Beginning and width, on the page, of each run of months with few rows."""
    edges = np.flatnonzero(np.diff(np.r_[False, is_few, False].astype(np.int8)))
    return [
        (month[begin] - _MONTH / 2, (end - begin) * _MONTH)
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]
