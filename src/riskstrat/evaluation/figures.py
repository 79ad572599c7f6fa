"""The figures of the report, drawn from its metrics alone.

Colours are those of Okabe and Ito (2008), told apart with every common form of colour blindness;
lines differ in dash pattern too and bear a number, so that a page printed in grey still reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter
from scipy.special import expit, logit

from riskstrat.evaluation.line_numbers import number_lines
from riskstrat.evaluation.svg import inline_svg, style

__all__ = [
    "calibration_figure",
    "discrimination_figure",
    "distribution_figure",
    "drawn_scores",
    "net_benefit_figure",
]

BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#CC79A7",
    "#56B4E9",
)
GREY = "#7b858e"
INK = "#1d252c"

LINES = [
    (BLUE, "-", 2.4),
    (VERMILLION, (0, (5, 2)), 1.6),
    (GREEN, (0, (1.2, 1.6)), 1.8),
    (PURPLE, (0, (7, 2, 1.5, 2)), 1.6),
    (ORANGE, (0, (3, 1.5)), 1.6),
    (GREY, "-", 1.4),
]
"""Colour, dashes and width of each score: the model first. More lines could not be told apart."""

ZOOM_SHARE = 0.9
"""The right-hand calibration panel shows the people below this quantile of risk."""

RISK_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
PERCENT = PercentFormatter(1.0, decimals=0)

Metrics = Mapping[str, Any]


def drawn_scores(metrics: Metrics) -> list[str]:
    """Names of the scores that have a line: the model, and the best of those beside it.

    Risks come before scores that only rank, because they can stand on every figure; then those that
    rank best.
    """
    own, *others = metrics["everyone"]["scores"]
    best = sorted(others, key=lambda score: (not score["is_risk"], -score["auroc"]["value"]))
    return [own["name"], *(score["name"] for score in best[: len(LINES) - 1])]


def _lines(
    metrics: Metrics, curves: Sequence[Metrics]
) -> dict[int, tuple[Metrics, dict[str, Any]]]:
    """The curves that are drawn, with the line of their score: by number, as on every figure."""
    by_name = {curve["name"]: curve for curve in curves}
    found = {}
    for number, name in enumerate(drawn_scores(metrics), start=1):
        colour, dashes, width = LINES[number - 1]
        line = {"color": colour, "linestyle": dashes, "linewidth": width, "zorder": 6 - number}
        if name in by_name:
            curve = by_name[name]
            found[number] = (curve, {**line, "label": f"{number} {curve['label']}"})
    return found


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def calibration_figure(metrics: Metrics) -> str:
    """Observed by predicted risk, for all risks and for the lower nine tenths, with histograms."""
    own = metrics["curves"]["calibration"][0]
    groups, curve = own["groups"], own["curve"]
    if curve is None:
        return ""
    top = max(curve["risk"][-1], *(g["observed"]["high"] for g in groups))
    body = min(max(_quantile(own["histogram"], ZOOM_SHARE), 0.02), top)
    with style():
        figure = Figure(figsize=(8.6, 4.7), layout="constrained")
        axes = figure.subplots(2, 2, sharex="col", gridspec_kw={"height_ratios": [4, 1]})
        for column, (limit, title) in enumerate(
            [(top * 1.03, "All risks"), (body, f"The {ZOOM_SHARE:.0%} of people at lowest risk")]
        ):
            _calibration_panel(axes[0, column], own, limit)
            _mark_groups(axes[0, column], groups, column)
            axes[0, column].set_title(title)
            _histogram_panel(axes[1, column], own["histogram"], limit)
        axes[0, 0].set_ylabel("Observed risk")
        axes[1, 0].set_ylabel("People")
        axes[0, 0].legend(loc="upper left")
        return inline_svg(
            figure,
            "calibration",
            "Calibration",
            "Observed against predicted risk by group of risk and as a smooth curve with its "
            "interval; points on the diagonal are right. The table below has the same figures.",
            {
                f"group-{column}-{position}": _group_words(group)
                for column in range(2)
                for position, group in enumerate(groups)
            },
        )


def _calibration_panel(axes: Axes, own: Metrics, limit: float) -> None:
    curve = own["curve"]
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="Perfect")
    axes.fill_between(
        curve["risk"], curve["low"], curve["high"], color=BLUE, alpha=0.16, linewidth=0
    )
    axes.plot(curve["risk"], curve["observed"], color=BLUE, label="Smooth curve")
    axes.set(xlim=(0, limit), ylim=(0, limit))
    axes.yaxis.set_major_formatter(_percent_for(limit))


def _mark_groups(axes: Axes, groups: Sequence[Metrics], column: int) -> None:
    """A circle with its interval for each group of risk, each with a name to hover over."""
    for position, group in enumerate(groups):
        seen = group["observed"]
        axes.plot([group["mean_risk"]] * 2, [seen["low"], seen["high"]], color=INK, linewidth=1.1)
        axes.plot(
            group["mean_risk"],
            seen["value"],
            "o",
            markersize=5.5,
            markerfacecolor="white",
            markeredgewidth=1.5,
            color=INK,
            label="Groups of people" if position == 0 else None,
            gid=f"group-{column}-{position}",
            zorder=6,
        )


def _group_words(group: Metrics) -> str:
    seen = group["observed"]
    return (
        f"Predicted {group['mean_risk']:.1%}, observed {seen['value']:.1%} "
        f"({seen['low']:.1%} to {seen['high']:.1%})"
    )


def _histogram_panel(axes: Axes, histogram: Metrics, limit: float) -> None:
    edges, density = histogram["edges"], histogram["density"]
    axes.stairs(density, edges, fill=True, color=SKY, linewidth=0)
    axes.set(xlim=(0, limit), xlabel="Predicted risk")
    axes.yaxis.set_major_locator(NullLocator())
    axes.xaxis.set_major_formatter(_percent_for(limit))
    axes.spines["left"].set_visible(False)


def _percent_for(limit: float) -> PercentFormatter:
    """Whole percentages, or one decimal where the axis is short."""
    return PercentFormatter(1.0, decimals=0 if limit > 0.06 else 1)  # noqa: PLR2004 - five ticks


def _quantile(histogram: Metrics, share: float) -> float:
    edges = np.asarray(histogram["edges"])
    mass = np.concatenate([[0], np.cumsum(np.asarray(histogram["density"]) * np.diff(edges))])
    return float(np.interp(share, mass, edges))


def discrimination_figure(metrics: Metrics) -> str:
    """ROC and precision-recall curves of every score, side by side."""
    rate = metrics["everyone"]["events"] / metrics["everyone"]["rows"]
    with style():
        figure = Figure(figsize=(8.6, 4.8), layout="constrained")
        roc, recall = figure.subplots(1, 2)
        lines = _lines(metrics, metrics["curves"]["discrimination"])
        for score, line in lines.values():
            x, y = score["roc"]["false_positive"], score["roc"]["true_positive"]
            roc.plot(x, y, **line)
            x, y = score["precision_recall"]["recall"], score["precision_recall"]["precision"]
            recall.plot(x, y, **line)
        roc.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        recall.axhline(rate, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        roc.set_title("ROC: found against falsely listed")
        roc.set(xlabel="Share of the others listed", ylabel="Share of the outcomes listed")
        recall.set_title("Precision and recall")
        recall.set(xlabel="Share of the outcomes listed", ylabel="Outcomes among those listed")
        for axes in (roc, recall):
            axes.set(xlim=(0, 1), ylim=(0, 1.005))
            axes.xaxis.set_major_formatter(PERCENT)
            axes.yaxis.set_major_formatter(PERCENT)
        figure.legend(*roc.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        figure.draw_without_rendering()
        for axes in (roc, recall):
            number_lines(axes, list(lines))
        return inline_svg(
            figure,
            "discrimination",
            "ROC and precision-recall curves",
            "Curves of the model and of the best scores beside it; the areas under them stand in "
            "the tables above.",
        )


def net_benefit_figure(metrics: Metrics) -> str:
    """Net benefit per 1,000 people of every risk, of acting for all and for nobody."""
    data = metrics["curves"]["net_benefit"]
    thresholds = _array(data["thresholds"])
    lines = _lines(metrics, data["scores"])
    curves = [_array(score["net_benefit"]) * 1000 for score, _ in lines.values()]
    highest = max(float(np.nanmax(curve)) for curve in curves)
    with style():
        figure = Figure(figsize=(8.6, 3.7), layout="constrained")
        axes = figure.subplots()
        for (_, line), curve in zip(lines.values(), curves, strict=True):
            axes.plot(thresholds, curve, **line)
        everyone = _array(data["all"]) * 1000
        axes.plot(thresholds, everyone, color=GREY, linewidth=1.2, label="Review everybody")
        axes.axhline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)), label="Review nobody")
        useful = np.max([np.nan_to_num(curve, nan=0.0) for curve in curves], axis=0)
        last = thresholds[np.flatnonzero(useful > highest * 0.01)[-1:]]
        axes.set(
            xlim=(0, float(last[0]) if len(last) else 0.6),
            ylim=(-0.1 * highest, 1.12 * highest),
            xlabel="Threshold probability: the risk from which a review is thought worth while",
            ylabel="Net benefit per 1,000 people",
        )
        axes.xaxis.set_major_formatter(PERCENT)
        axes.legend(loc="upper right")
        figure.draw_without_rendering()
        number_lines(axes, list(lines))
        return inline_svg(
            figure,
            "net-benefit",
            "Decision curve",
            "Net benefit of the model and of the best risks beside it, of reviewing everybody and "
            "of reviewing nobody, by threshold probability; the highest line is best.",
        )


def distribution_figure(metrics: Metrics) -> str:
    """Spread of predicted risk by what happened: outcome, death first, neither; a row each."""
    shapes = [d for d in metrics["curves"]["distributions"] if d["density"]]
    colours = {"with the outcome": VERMILLION, "died first": INK, "neither": SKY}
    highest = max(max(shape["density"]) for shape in shapes)
    low = min(shape["edges"][0] for shape in shapes)
    high = max(shape["edges"][-1] for shape in shapes)
    with style():
        figure = Figure(figsize=(8.6, 0.9 + 1.05 * len(shapes)), layout="constrained")
        rows = np.atleast_1d(figure.subplots(len(shapes), 1, sharex=True))
        for axes, shape in zip(rows, shapes, strict=True):
            axes.stairs(
                shape["density"], shape["edges"], fill=True, color=colours[shape["outcome"]],
                alpha=0.85, linewidth=0,
            )  # fmt: skip
            axes.set(ylim=(0, highest * 1.05), xlim=(low, high))
            axes.yaxis.set_major_locator(NullLocator())
            axes.spines["left"].set_visible(False)
            axes.grid(visible=False, axis="y")
            axes.set_title(shape["outcome"].capitalize(), pad=2)
        _risk_axis(rows[-1], low, high)
        return inline_svg(
            figure,
            "distributions",
            "Spread of risk by outcome",
            "Predicted risk of people by what happened to them; the less the shapes overlap, the "
            "better the model tells them apart.",
        )


def _risk_axis(axes: Axes, low: float, high: float) -> None:
    """Risks in percent on a log-odds axis."""
    ticks = [tick for tick in logit(RISK_TICKS) if low <= tick <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{expit(x) * 100:.3g}%"))
    axes.set_xlabel("Predicted risk (log-odds scale)")
