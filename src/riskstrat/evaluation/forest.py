"""The subgroup figure: one row per group, calibration on the left, ranking on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from riskstrat.evaluation.figures import BLUE, GREY, INK
from riskstrat.evaluation.svg import inline_svg, style

__all__ = ["MOST_DRAWN", "forest_figure"]

MOST_DRAWN = 20
"""Divisions with more groups than this (practices) stand in the table only."""

ROW_INCHES = 0.27
RATIO_TICKS = (0.25, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0)

Row = tuple[str, Mapping[str, Any] | None]


def forest_figure(metrics: Mapping[str, Any]) -> str:
    """Observed/expected ratio and AUROC of every group shown; empty when there is none."""
    rows = _rows(metrics["subgroups"])
    if not any(figures for _, figures in rows):
        return ""
    overall = metrics["everyone"]["scores"][0]
    with style():
        figure = Figure(figsize=(8.6, 1.0 + ROW_INCHES * len(rows)), layout="constrained")
        ratio, auroc = figure.subplots(1, 2, sharey=True)
        _panel(ratio, rows, "observed_expected", 1.0)
        _ratio_axis(ratio)
        _panel(auroc, rows, "auroc", overall["auroc"]["value"])
        ratio.set_title("Observed / expected")
        auroc.set_title("AUROC")
        _row_labels(ratio, rows)
        return inline_svg(
            figure,
            "subgroups",
            "Observed/expected ratio and AUROC with intervals for each group of people; the same "
            "figures stand in the table below.",
        )


def _rows(subgroups: Mapping[str, Any]) -> list[Row]:
    """A heading row per division (no figures), then its groups that are shown."""
    rows: list[Row] = []
    for division in subgroups.values():
        shown = [group for group in division["groups"] if not group["withheld"]]
        if shown and len(division["groups"]) <= MOST_DRAWN:
            rows.append((division["title"], None))
            rows.extend((group["group"], group) for group in shown)
    return rows


def _panel(axes: Axes, rows: list[Row], key: str, reference: float) -> None:
    axes.axvline(reference, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    for position, (_, figures) in enumerate(rows):
        if figures is None or figures[key]["value"] is None:
            continue
        estimate = figures[key]
        if estimate["low"] is not None and estimate["high"] is not None:
            axes.plot([estimate["low"], estimate["high"]], [position] * 2, color=INK, linewidth=1.2)
        axes.plot(estimate["value"], position, marker="o", markersize=5.5, color=BLUE)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _ratio_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    low, high = min(max(low, RATIO_TICKS[0]), 0.8), max(min(high, RATIO_TICKS[-1]), 1.25)
    axes.set_xlim(low, high)
    wide = high / low > 3  # noqa: PLR2004 - ticks closer than this would touch each other
    ticks = [t for t in RATIO_TICKS if low <= t <= high and not (wide and t in (0.9, 1.1))]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))


def _row_labels(axes: Axes, rows: list[Row]) -> None:
    axes.set_yticks(np.arange(len(rows)), [label for label, _ in rows])
    for tick, (_, figures) in zip(axes.get_yticklabels(), rows, strict=True):
        if figures is None:
            tick.set_fontweight("bold")
            tick.set_color(INK)
