"""The subgroup figure: one row per group, calibration on the left, ranking on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from riskstrat.evaluation.figures import BLUE, GREY, INK
from riskstrat.evaluation.rendering import estimate
from riskstrat.evaluation.svg import inline_svg, style

__all__ = ["MOST_DRAWN", "MOST_ROWS", "forest_figures"]

MOST_DRAWN = 20
"""Divisions with more groups than this (practices) stand in the table only."""

MOST_ROWS = 34
"""Rows of a figure: 34 and the words below it fit on a page of A4."""

ROW_INCHES = 0.27
FINE_TICKS = (0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
TICKS = (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0)
COARSE_TICKS = (0.25, 0.5, 1.0, 2.0, 4.0)
FINE_SPAN, SPAN = 2.4, 4.5
"""Ratios written on the axis, and the highest over the lowest from which they would touch."""

Row = tuple[str, Mapping[str, Any] | None]


def forest_figures(metrics: Mapping[str, Any]) -> list[str]:
    """Observed/expected ratio and AUROC of every group shown, in figures that fit on a page."""
    overall = metrics["everyone"]["scores"][0]["auroc"]["value"]
    return [
        _figure(rows, f"subgroups-{number}", overall)
        for number, rows in enumerate(_pages(_divisions(metrics["subgroups"])), start=1)
    ]


def _figure(rows: list[Row], name: str, overall: float) -> str:
    with style():
        figure = Figure(figsize=(8.6, 1.0 + ROW_INCHES * len(rows)), layout="constrained")
        ratio, auroc = figure.subplots(1, 2, sharey=True)
        _panel(ratio, rows, "observed_expected", 1.0)
        _ratio_axis(ratio, rows)
        _panel(auroc, rows, "auroc", overall)
        ratio.set_title("Observed / expected")
        auroc.set_title("AUROC")
        _row_labels(ratio, rows)
        divisions = ", ".join(label for label, figures in rows if figures is None)
        return inline_svg(
            figure,
            name,
            f"Groups of people: {divisions}",
            "Observed/expected ratio and AUROC with intervals for each group of people; the same "
            "figures stand in the table below.",
            _hover(rows),
        )


def _pages(divisions: list[list[Row]]) -> list[list[Row]]:
    """The rows of whole divisions, as many as a page holds; one that is longer stands alone."""
    pages: list[list[Row]] = []
    for rows in divisions:
        if pages and len(pages[-1]) + len(rows) <= MOST_ROWS:
            pages[-1].extend(rows)
        else:
            pages.append(list(rows))
    return pages


def _divisions(subgroups: Mapping[str, Any]) -> list[list[Row]]:
    """Per division a heading row (no figures), then its groups that are shown."""
    divisions = []
    for division in subgroups.values():
        shown = [(group["group"], group) for group in division["groups"] if not group["withheld"]]
        if shown and len(division["groups"]) <= MOST_DRAWN:
            divisions.append([(division["title"], None), *shown])
    return divisions


def _panel(axes: Axes, rows: list[Row], key: str, reference: float) -> None:
    axes.axvline(reference, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    for position, (_, figures) in enumerate(rows):
        if figures is None or figures[key]["value"] is None:
            continue
        found = figures[key]
        if found["low"] is not None and found["high"] is not None:
            axes.plot([found["low"], found["high"]], [position] * 2, color=INK, linewidth=1.2)
        name = f"{key}-{position}".replace("_", "-")
        axes.plot(found["value"], position, marker="o", markersize=5.5, color=BLUE, gid=name)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _hover(rows: list[Row]) -> dict[str, str]:
    """The figures of each point in words, by its name within the figure."""
    words = {}
    for position, (label, figures) in enumerate(rows):
        if figures is None:
            continue
        for key, title in (("observed_expected", "observed / expected"), ("auroc", "AUROC")):
            name = f"{key}-{position}".replace("_", "-")
            words[name] = f"{label}: {title} {estimate(figures[key])}"
    return words


def _ratio_axis(axes: Axes, rows: list[Row]) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    low = min(max(low, COARSE_TICKS[0]), FINE_TICKS[1])
    high = max(min(high, COARSE_TICKS[-1]), FINE_TICKS[-2])
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([t for t in _ticks(low, high) if low <= t <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    for position, (_, figures) in enumerate(rows):
        if figures is not None:
            _arrows(axes, position, figures["observed_expected"], low, high)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """The finest ticks whose labels do not touch on an axis of three inches."""
    if high / low < FINE_SPAN:
        return FINE_TICKS
    return TICKS if high / low < SPAN else COARSE_TICKS


def _arrows(axes: Axes, position: int, ratio: Mapping[str, Any], low: float, high: float) -> None:
    """An arrow where an interval, or the ratio itself, goes on beyond the axis."""
    for side, end, limit in ((-1, "low", low), (1, "high", high)):
        beyond = [
            ratio[key] is not None and side * (ratio[key] - limit) > 0 for key in ("value", end)
        ]
        if any(beyond):
            colour, marker = BLUE if beyond[0] else INK, "<" if side < 0 else ">"
            axes.plot(limit, position, marker=marker, markersize=5, color=colour, clip_on=False)


def _row_labels(axes: Axes, rows: list[Row]) -> None:
    axes.set_yticks(np.arange(len(rows)), [label for label, _ in rows])
    for tick, (_, figures) in zip(axes.get_yticklabels(), rows, strict=True):
        if figures is None:
            tick.set_fontweight("bold")
            tick.set_color(INK)
