"""A simulated district beside the published figures that it was made to resemble.

``python -m benchmarks.district [--people N] [--seed S] [--json FILE] [--plots DIR]`` simulates a
district and measures it; ``--records DIR --truth DIR`` measures one that was simulated before.
Index dates are 1 January 2022, 2023 and 2024; what is known comes from the linked records, what
happened from the truth. Everything is synthetic: figures near published ones say that methods are
tried on something alike, and nothing about any patient.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from benchmarks import district_health as health
from benchmarks import district_outcomes as outcomes
from benchmarks import district_predictors as predictors
from benchmarks import district_programme as programme
from benchmarks import district_risks as risks
from benchmarks import district_use as use
from benchmarks.district_figure import Figure, as_table
from benchmarks.district_model import judged
from benchmarks.district_people import INDEX_DATES, District, open_district
from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.simulation import simulate

__all__ = ["main", "measure", "simulate_district"]

PEOPLE = 20_000
SEED = 1
TABLE_WIDTH = 150


def simulate_district(people: int, seed: int, folder: Path, truth_people: int) -> District:
    """Simulate a district with a programme of no effect, and open it.

    Parameters
    ----------
    people, seed : int
    folder : Path
        Receives ``records/`` and ``truth/``.
    truth_people : int
        How many people have true risks, which take most of the time.
    """
    records, truth = folder / "records", folder / "truth"
    simulate(
        people,
        seed,
        records=records,
        truth=truth,
        truth_dates=INDEX_DATES,
        truth_people=truth_people,
        programmes=[programme.programme_of_no_effect(people)],
    )
    return open_district(records, truth)


def measure(district: District) -> list[Figure]:
    """Every figure of a district."""
    rows, scotland = district.rows, outcomes.as_in_scotland(district.rows)
    used, scores = use.used(district), judged(district.rows)
    found = [
        *outcomes.by_age(scotland),
        *outcomes.by_decile(scotland),
        *outcomes.by_sex(scotland),
        *outcomes.deaths(scotland),
        *outcomes.repeat_admissions(scotland),
        *outcomes.first_events(scotland),
        *predictors.prevalence(scotland),
        *predictors.amounts(scotland),
        *health.frailty(rows),
        *health.multimorbidity(rows),
        *health.living(rows),
        *health.mortality(rows),
        *use.consultations(used),
        *use.departments(used),
        *use.nights(district),
        *use.readmissions(district),
        *risks.discrimination(scores),
        *risks.top_of_the_list(scores),
        *risks.calibration(rows),
    ]
    if any(told["name"] == programme.NO_EFFECT for told in district.programmes):
        found += programme.without_effect(district)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the JSON and draw the plots."""
    options = _options(arguments)
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        if options.records:
            district = open_district(options.records, options.truth)
        else:
            district = simulate_district(options.people, options.seed, Path(folder), options.people)
        simulated = time.perf_counter()
        figures = measure(district)
        seconds = {"simulate": simulated - started, "measure": time.perf_counter() - simulated}
        told = _told(district, figures, seconds)
        if options.plots:
            _draw(district, options.plots)
    machine = describe_machine("riskstrat", "duckdb", "numpy", "pandas", "scikit-learn")
    console = Console(width=TABLE_WIDTH)
    console.print(as_table(figures, "A simulated district (synthetic)"))
    console.print(f"{_counted(figures)}. {machine_line(machine)}")
    if options.json:
        write_result(options.json, _command(options), {"machine": machine, **told})


def _counted(figures: Sequence[Figure]) -> str:
    """How many figures keep to their limits, of those asked and of those for information."""
    within = {
        is_asked: [
            one.is_within()
            for one in figures
            if one.is_asked is is_asked and one.is_within() is not None
        ]
        for is_asked in (True, False)
    }
    return (
        f"{sum(within[True])} of {len(within[True])} figures within what is asked; of those for "
        f"information {sum(within[False])} of {len(within[False])} as near"
    )


def _draw(district: District, folder: Path) -> None:
    from benchmarks.district_plots import draw  # only here: it imports matplotlib

    draw(district, folder)


def _told(district: District, figures: list[Figure], seconds: dict[str, float]) -> dict[str, Any]:
    return {
        "synthetic": True,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "people": district.count("select count(*) from truth_persons"),
        "rows": len(district.rows),
        "measured": [{**asdict(one), "within": one.is_within()} for one in figures],
    }


def _command(options: argparse.Namespace) -> str:
    if options.records:
        return "python -m benchmarks.district --records RECORDS --truth TRUTH"
    return f"python -m benchmarks.district --people {options.people} --seed {options.seed}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--records", type=Path, help="linked records simulated before")
    parser.add_argument("--truth", type=Path, help="the truth beside them")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--plots", type=Path, help="folder to draw the plots into")
    options = parser.parse_args(arguments)
    if (options.records is None) != (options.truth is None):
        parser.error("--records and --truth go together")
    return options


if __name__ == "__main__":
    main()
