"""The figures of the page about explanations, drawn from its values alone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from riskstrat.evaluation.figures import BLUE, GREY, INK
from riskstrat.evaluation.svg import inline_svg, style

__all__ = ["coverage_figure", "dependence_figure", "sizes_figure", "values_in_words"]

WIDTH = 8.6
TITLE_LINE = 52
"""Characters of a line above a panel; a title has two lines at most."""

WHOLE_FROM = 100
"""Values from here up are written without decimals."""

Found = Mapping[str, Any]


def sizes_figure(found: Found) -> str:
    """Mean size of the contribution of every clinical group, with its interval."""
    groups = found["groups"]
    places = np.arange(len(groups))
    with style():
        figure = Figure(figsize=(WIDTH, 0.7 + 0.3 * len(groups)), layout="constrained")
        axes = figure.subplots()
        sizes = [group["size"] for group in groups]
        axes.barh(places, [size["value"] for size in sizes], color=BLUE, height=0.62)
        for place, size in zip(places, sizes, strict=True):
            if size["low"] is not None:
                axes.plot([size["low"], size["high"]], [place] * 2, color=INK, linewidth=1.4)
        axes.set_yticks(places, [group["label"] for group in groups])
        axes.set(ylim=(len(groups) - 0.4, -0.6), xlabel="Mean size of the contribution, log-odds")
        axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        return inline_svg(
            figure,
            "sizes",
            "What moves the scores",
            "Clinical groups by the mean size of their contribution; the table below has the "
            "strongest features.",
        )


def dependence_figure(found: Found) -> str:
    """Contribution by value for the strongest features: means and middle halves of groups."""
    features = found["dependence"]
    if not features:
        return ""
    lines = -(-len(features) // 2)
    amounts = [v[key] for one in features for v in one["values"] for key in ("low", "high")]
    reach = max(amounts) - min(amounts)
    with style():
        figure = Figure(figsize=(WIDTH, 3.0 * lines), layout="constrained")
        panels = figure.subplots(lines, 2, sharey=True, squeeze=False)
        for axes, feature in zip(panels.flat, features, strict=False):
            _dependence_panel(axes, feature)
        for axes in panels.flat[len(features) :]:
            axes.set_visible(False)
        for axes in panels[:, 0]:
            axes.set_ylabel("Contribution, log-odds")
        panels[0, 0].set_ylim(min(amounts) - 0.05 * reach, max(amounts) + 0.05 * reach)
        return inline_svg(
            figure,
            "dependence",
            "Contribution by value",
            "Mean contribution of the strongest features in groups of people by the feature's "
            "value, with the middle half of the people of each group.",
            {
                f"{feature['feature']}-{place}".replace("_", "-"): _hover(values)
                for feature in features
                for place, values in enumerate(feature["values"])
            },
        )


def _dependence_panel(axes: Axes, feature: Found) -> None:
    groups = feature["values"]
    axes.axhline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    known = [place for place, group in enumerate(groups) if not group["is_missing"]]
    axes.plot(known, [groups[k]["mean"] for k in known], color=BLUE, linewidth=1.2, alpha=0.6)
    for place, group in enumerate(groups):
        colour = GREY if group["is_missing"] else BLUE
        axes.plot([place] * 2, [group["low"], group["high"]], color=colour, linewidth=5, alpha=0.35)
        gid = f"{feature['feature']}-{place}".replace("_", "-")
        axes.plot(place, group["mean"], "o", markersize=5, color=colour, gid=gid)
    axes.set_xticks(range(len(groups)), values_in_words(groups))
    axes.tick_params(axis="x", labelrotation=45, labelsize=9)
    for label in axes.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor")
    title = textwrap.wrap(feature["label"], TITLE_LINE, max_lines=2, placeholder=" \u2026")
    axes.set_title("\n".join(title), fontsize=9)
    axes.grid(visible=False, axis="x")


def values_in_words(groups: Sequence[Found]) -> list[str]:
    """The values of each group, short enough to stand under an axis.

    Examples
    --------
    >>> values_in_words([{"lower": None, "upper": 61.0, "is_missing": False},
    ...                  {"lower": 62.0, "upper": 62.0, "is_missing": False},
    ...                  {"lower": 63.5, "upper": None, "is_missing": False},
    ...                  {"lower": None, "upper": None, "is_missing": True}])
    ['to 61', '62', 'from 63.5', 'no value']
    """
    return [_value_words(group) for group in groups]


def _value_words(group: Found) -> str:
    low, high = group["lower"], group["upper"]
    if group["is_missing"]:
        return "no value"
    if low is None:
        return "any value" if high is None else f"to {_short(high)}"
    if high is None:
        return f"from {_short(low)}"
    return _short(low) if low == high else f"{_short(low)} to {_short(high)}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}"


def _hover(group: Found) -> str:
    return (
        f"{_value_words(group)}: mean {group['mean']:+.2f}, middle half {group['low']:+.2f} to "
        f"{group['high']:+.2f}"
    )


def coverage_figure(found: Found) -> str:
    """Share of what raises a risk that the told reasons stand for, by band of risk."""
    bands = [band for band in found["coverage"] if band["median"] is not None]
    if not bands:
        return ""
    with style():
        figure = Figure(figsize=(WIDTH, 0.9 + 0.45 * len(bands)), layout="constrained")
        axes = figure.subplots()
        for place, band in enumerate(bands):
            axes.plot([band["low"], band["high"]], [place] * 2, color=BLUE, linewidth=8, alpha=0.35)
            axes.plot(band["median"], place, "o", color=BLUE, markersize=6)
        labels = [f"Risk {band['lower']:.0%} to {band['upper']:.0%}" for band in bands]
        axes.set_yticks(range(len(bands)), labels)
        axes.set(ylim=(len(bands) - 0.4, -0.6), xlim=(0, 1.02))
        axes.set_xlabel("Share of what raises the risk above the peers' that the reasons stand for")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        return inline_svg(
            figure,
            "coverage",
            "What the shown reasons cover",
            "Median and middle half of the share covered, by band of risk; the table below has the "
            "same figures.",
        )
