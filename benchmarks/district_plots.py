"""Plots of a simulated district beside published figures, plain enough for print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from benchmarks import district_health as health
from benchmarks import district_outcomes as outcomes
from benchmarks import district_programme as programme
from benchmarks import district_risks as risks
from benchmarks.district_figure import Figure, ratio
from benchmarks.district_model import judged
from benchmarks.district_people import District

__all__ = ["draw"]

_HERE, _THERE, _THIRD = "#0072b2", "#d55e00", "#555555"
"""Colours that differ in print and for everybody who sees colours differently (Okabe and Ito)."""
_INTERVAL = 1.96
_WIDTH, _HEIGHT = 7.0, 3.8
_GROUPS = 20
_LEAST_RISK = 0.01
_FEWEST_EVENTS = 30
_ROOM_FOR_LEGEND = 1.2
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "simulated district",
}


def draw(district: District, folder: Path) -> None:
    """Draw every plot into a folder, as SVG.

    Parameters
    ----------
    district : District
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    scotland, scores = outcomes.as_in_scotland(district.rows), judged(district.rows)
    with mpl.rc_context(_STYLE):
        _by_age(scotland, folder)
        _by_decile(scotland, folder)
        _repeats(scotland, folder)
        _first_events(scotland, folder)
        _health(district.rows, folder)
        _calibration(district.rows, folder)
        _discrimination(scores, folder)
        if any(told["name"] == programme.NO_EFFECT for told in district.programmes):
            _before_and_after(district, folder)


def _sheet(panels: int = 1) -> tuple[Sheet, list[Axes]]:
    sheet = Sheet(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    return sheet, list(np.ravel(sheet.subplots(1, panels)))


def _save(sheet: Sheet, title: str, path: Path) -> None:
    sheet.suptitle(f"{title} (synthetic)", fontsize=10)
    sheet.savefig(path.with_suffix(".svg"), metadata={"Date": None})


def _beside(axes: Axes, found: Sequence[Figure], labels: Sequence[str], source: str) -> None:
    """Points with intervals, and published values, one per label."""
    place = np.arange(len(found))
    values = [one.found for one in found]
    reach = [_INTERVAL * one.error for one in found]
    axes.errorbar(
        place, values, yerr=reach, fmt="o", color=_HERE, capsize=3, label="simulated, 95 % interval"
    )
    _expected(axes, place, found, source)
    axes.set_xticks(place, labels)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _expected(axes: Axes, places: Iterable[float], found: Sequence[Figure], source: str) -> None:
    """Crosses at what was published, at both ends of a range."""
    crosses = [
        (place, float(value))
        for place, one in zip(places, found, strict=True)
        for value in one.expected.split(" to ")
        if value
    ]
    axes.plot(
        *zip(*crosses, strict=True), "x", color=_THERE, markersize=8, markeredgewidth=2,
        label=source,
    )  # fmt: skip


def _short(name: str) -> str:
    """An age band's label for an axis: 20 to 29 becomes 20."""
    return name.split(" ")[0] + ("+" if "over" in name else "")


def _by_age(scotland: pd.DataFrame, folder: Path) -> None:
    sheet, (axes,) = _sheet()
    found = outcomes.by_age(scotland)[1:]
    _beside(axes, found, [_short(name) for name in outcomes.AGE_BANDS], "Scotland")
    axes.set_xlabel("age, from")
    axes.set_ylabel("% of people")
    _save(sheet, "Admitted as an emergency or dead within 12 months", folder / "outcome-by-age")


def _by_decile(scotland: pd.DataFrame, folder: Path) -> None:
    sheet, (axes,) = _sheet()
    found = outcomes.by_decile(scotland)
    _beside(axes, found, [str(place) for place in range(1, len(found) + 1)], "Scotland")
    axes.set_xlabel("decile of deprivation (1 = most deprived)")
    axes.set_ylabel("% of people")
    _save(sheet, "Admitted as an emergency or dead within 12 months", folder / "outcome-by-decile")


def _repeats(scotland: pd.DataFrame, folder: Path) -> None:
    sheet, (axes,) = _sheet()
    found = outcomes.repeat_admissions(scotland)
    _beside(axes, found, ["1", "2", "3", "4", "5 or more"], "Scotland")
    axes.set_yscale("log")
    axes.set_ylim(1, 100)
    axes.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axes.set_xlabel("emergency admissions in 12 months")
    axes.set_ylabel("% of people admitted")
    _save(sheet, "How often people admitted are admitted", folder / "repeat-admissions")


def _first_events(scotland: pd.DataFrame, folder: Path) -> None:
    sheet, (axes,) = _sheet()
    found = outcomes.first_events(scotland)
    month = np.arange(1, len(found) + 1)
    reach = [_INTERVAL * one.error for one in found]
    axes.bar(month, [one.found for one in found], color=_HERE, alpha=0.5, label="simulated")
    axes.errorbar(
        month, [one.found for one in found], yerr=reach, fmt="none", color=_THIRD, capsize=3
    )
    _expected(axes, month, found, "expected")
    axes.set_xticks(month)
    axes.set_xlabel("month of the first emergency admission or of death")
    axes.set_ylabel("% of first events")
    axes.legend(frameon=False)
    _save(sheet, "When the first event comes", folder / "first-event")


def _health(rows: pd.DataFrame, folder: Path) -> None:
    sheet, (left, right) = _sheet(2)
    bands = health.frailty(rows)
    _beside(left, bands, [one.name for one in bands], "published")
    left.set_xlabel("electronic frailty index at 65 and over")
    left.set_ylabel("% of people")
    ages = health.multimorbidity(rows)
    _beside(right, ages, [_short(one.name.removeprefix("age ")) for one in ages], "published")
    right.set_xlabel("two or more long-term conditions, age from")
    right.set_ylabel("% of people")
    _save(sheet, "Frailty and multimorbidity", folder / "frailty-and-multimorbidity")


def _calibration(rows: pd.DataFrame, folder: Path) -> None:
    sheet, (left, right) = _sheet(2)
    kept = rows[rows["best_risk"].notna()]
    group = pd.qcut(kept["best_risk"].rank(method="first"), _GROUPS, labels=False)
    for place in range(_GROUPS):
        some = kept[group == place]
        seen = ratio(some, some["admitted"])
        left.errorbar(
            100 * some["best_risk"].mean(), 100 * seen.value, yerr=100 * _INTERVAL * seen.error,
            fmt="o", color=_HERE, capsize=3, markersize=4,
        )  # fmt: skip
    edges = np.array([100 * _LEAST_RISK, 100])
    left.plot(edges, edges, color=_THIRD, linewidth=1)
    left.set(xscale="log", yscale="log", xlabel="best achievable risk, %", ylabel="admitted, %")
    for axis in (left.xaxis, left.yaxis):
        axis.set_ticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    _slopes(right, rows)
    _save(sheet, "The best achievable risk is calibrated", folder / "calibration")


def _slopes(axes: Axes, rows: pd.DataFrame) -> None:
    """Slopes by group, with three standard errors."""
    found = [
        one
        for one in risks.calibration(rows)
        if one.group.endswith("slope") and "within" not in one.name
    ][::-1]
    place = np.arange(len(found))
    reach = [3 * one.error for one in found]
    axes.errorbar(
        [one.found for one in found], place, xerr=reach, fmt="o", color=_HERE, capsize=3,
        markersize=4,
    )  # fmt: skip
    axes.axvline(1, color=_THIRD, linewidth=1)
    axes.set_yticks(place, [one.name for one in found])
    axes.set_xlabel("calibration slope, 3 standard errors")


def _discrimination(scores: pd.DataFrame, folder: Path) -> None:
    sheet, (axes,) = _sheet()
    band = outcomes.age_band(scores)
    kept = [
        place
        for place in range(len(outcomes.AGE_BANDS))
        if scores.loc[band == place, "event"].sum() >= _FEWEST_EVENTS
    ]
    looks: dict[str, tuple[str, Any, str]] = {
        "v3": (_THERE, "s", "like SPARRA version 3"),
        "best": (_HERE, "o", "best achievable"),
        "oracle": (_THIRD, "^", "oracle"),
    }
    for shift, (risk, (colour, marker, label)) in zip((-0.12, 0, 0.12), looks.items(), strict=True):
        areas = [risks.area(scores[band == place], "event", risk) for place in kept]
        axes.errorbar(
            np.arange(len(kept)) + shift, [one.value for one in areas],
            yerr=[_INTERVAL * one.error for one in areas],
            fmt=marker, color=colour, capsize=3, markersize=5, label=label,
        )  # fmt: skip
    axes.set_xticks(np.arange(len(kept)), [_short(outcomes.AGE_BANDS[place]) for place in kept])
    axes.set_xlabel("age, from")
    axes.set_ylabel("AUROC, admission or death")
    axes.legend(frameon=False, ncols=3, loc="upper center")
    axes.set_ylim(0.5, 1.0)
    _save(sheet, "How well risks tell people apart", folder / "discrimination")


def _before_and_after(district: District, folder: Path) -> None:
    sheet, panels = _sheet(2)
    for axes, months, listed in zip(
        panels,
        (programme.of_the_programme(district), programme.of_the_often_admitted(district)),
        ("0.5 % with the highest scores", "three or more admissions told"),
        strict=True,
    ):
        _months(axes, months)
        axes.set_title(listed, fontsize=9)
        axes.set_xlabel("months since the list was made")
        axes.set_ylabel("emergency admissions per 100 people")
        axes.set_ylim(top=_ROOM_FOR_LEGEND * axes.get_ylim()[1])
        axes.legend(frameon=False)
    _save(sheet, "Programmes that do nothing", folder / "regression-to-the-mean")


def _months(axes: Axes, months: pd.DataFrame) -> None:
    """Admissions by month, and the mean of each year."""
    people = months["person"].nunique()
    monthly = 100 * months.groupby("month")["admissions"].sum() / people
    axes.bar(monthly.index + 0.5, monthly, color=_HERE, alpha=0.5)
    for before, colour in ((True, _THIRD), (False, _THERE)):
        part = monthly[(monthly.index < 0) == before]
        edges = [part.index.min(), part.index.max() + 1]
        said = "year before" if before else "year after"
        axes.plot(edges, [part.mean()] * 2, color=colour, linewidth=2, label=f"mean, {said}")
    axes.axvline(0, color="black", linewidth=1)
