"""A number on each line of a figure: it tells lines apart without colour, where they run together.

Names are too long to stand at lines that nearly touch; the number leads to the name in the legend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from scipy.spatial import KDTree

__all__ = ["number_lines", "number_places"]

APART = 19.0
"""Pixels, 100 to the inch, between the middles of two numbers: their circles are about 17 wide."""

STEPS = 8
"""Places that are looked at between two points of a line."""

FONT_SIZE = 9
"""Points; 7.5 on A4, where a figure is drawn at five sixths."""

Points = npt.NDArray[np.float64]


def number_lines(axes: Axes, numbers: Sequence[int]) -> None:
    """Write a number on each of the first lines of the axes, in a circle of the line's colour.

    Parameters
    ----------
    axes : Axes
        With its limits and its place in the figure: the figure has to be laid out.
    numbers : sequence of int
        In the order of the lines; one that is out of sight gets none.
    """
    low, high = axes.get_window_extent().padded(-APART / 2).get_points()
    seen = []
    for number, line in zip(numbers, axes.get_lines(), strict=False):
        path = _between(axes.transData.transform(line.get_xydata()))
        if len(inside := path[((path >= low) & (path <= high)).all(axis=1)]):
            seen.append((number, line.get_color(), inside))
    places = axes.transData.inverted().transform(number_places([path for *_, path in seen]))
    for (number, colour, _), (x, y) in zip(seen, places, strict=True):
        box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": colour}
        axes.text(
            x, y, str(number), fontsize=FONT_SIZE, ha="center", va="center", bbox=box, zorder=7
        )


def number_places(paths: Sequence[Points]) -> Points:
    """The point of each path that is farthest from the other paths, and apart from other numbers.

    Parameters
    ----------
    paths : sequence of ndarray, shape (n, 2)
        Points in pixels, at least one in each.

    Returns
    -------
    ndarray, shape (number of paths, 2)
        Where all points of a path are too near the numbers of those before it, the farthest.
    """
    places: list[Points] = []
    for position, path in enumerate(paths):
        alone = _distance(path, [other for i, other in enumerate(paths) if i != position])
        apart = np.minimum(_distance(path, [place[None] for place in places]), APART)
        places.append(path[np.lexsort((alone, apart))[-1]])
    return np.array(places)


def _between(points: Points) -> Points:
    """The path through the points, with more of them; gaps (NaN) stay gaps."""
    known = np.arange(len(points))
    wanted = np.linspace(0, len(points) - 1, STEPS * (len(points) - 1) + 1)
    return np.stack([np.interp(wanted, known, column) for column in points.T], axis=1)


def _distance(points: Points, others: Sequence[Points]) -> Points:
    """From each point to the nearest of the others; without others, all the same."""
    if not others:
        return np.full(len(points), np.inf)
    nearest: Points = KDTree(np.concatenate(others)).query(points)[0]
    return nearest
