"""``riskstrat simulate``: a district with known truth, as feeds, linked records or both."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskstrat.cli.console import JsonOption, counted, parse_day, show
from riskstrat.errors import UsageError

if TYPE_CHECKING:
    from riskstrat.simulation import Setting

__all__ = ["simulate"]

_INTERACTIONS = {"standard": 1.0, "stronger": 3.0}
"""Factor on what pairs of conditions add, by the name of the setting."""


OutOption = Annotated[
    Path | None, typer.Option(help="Folder for the feeds, with the truth in truth/.")
]
PeopleOption = Annotated[int, typer.Option(help="How many people, 100 to 1,200,000.")]
SeedOption = Annotated[int, typer.Option(help="Same seed, same district.")]
YearsOption = Annotated[int, typer.Option(help="How many years up to 2024, 1 to 20.")]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="Folder for linked records straight from the people, without any mess."),
]
TruthOption = Annotated[
    Path | None, typer.Option(help="Folder for the truth, apart from the feeds.")
]
ProgrammeOption = Annotated[
    list[Path] | None,
    typer.Option(help="TOML file of a programme that helps people; may be given often."),
]
EnrolOption = Annotated[
    Path | None,
    typer.Option(help="CSV or Parquet: patient_id or nhs_number, date. Whom programmes take."),
]
SettingOption = Annotated[
    str, typer.Option(help="standard, or stronger: conditions act together more.")
]
ShockOption = Annotated[
    bool, typer.Option("--shock", help="From March of the third year people stay away.")
]
SameCodingOption = Annotated[
    bool, typer.Option("--no-coding-change", help="No practice changes how it codes.")
]
DatesOption = Annotated[
    str | None,
    typer.Option(
        help="Days of true risks, such as 2023-01-01,2024-01-01; each 1 January when not given."
    ),
]
SampleOption = Annotated[int, typer.Option(help="How many people, at random, have true risks.")]
HistoryOption = Annotated[
    int | None,
    typer.Option(help="Also the best achievable risk of a model that looks back so many days."),
]
FormatOption = Annotated[str, typer.Option("--format", help="Of the feeds: parquet or csv.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier output in the same folders.")
]
WorkersOption = Annotated[int, typer.Option(help="Threads; no byte depends on it.")]


def simulate(
    out: OutOption = None,
    people: PeopleOption = 20_000,
    seed: SeedOption = 1,
    years: YearsOption = 6,
    records: StoreOption = None,
    truth: TruthOption = None,
    programme: ProgrammeOption = None,
    enrol: EnrolOption = None,
    setting: SettingOption = "standard",
    shock: ShockOption = False,
    no_coding_change: SameCodingOption = False,
    truth_dates: DatesOption = None,
    truth_people: SampleOption = 50_000,
    truth_history: HistoryOption = None,
    file_format: FormatOption = "parquet",
    overwrite: OverwriteOption = False,
    workers: WorkersOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Simulate a district: feeds of hospitals, practices and councils, and the truth about them.

    Everything in it is synthetic. Programmes are described in docs/how-to/programmes.md.

    Example: riskstrat simulate --people 20000 --seed 1 --out feeds/

    Example: riskstrat simulate --people 3000 --records records/

    Example: riskstrat simulate --out feeds/ --programme ward.toml --enrol list.csv --shock
    """
    from riskstrat.simulation import load_programme
    from riskstrat.simulation import simulate as simulate_district

    asked: dict[str, Any] = {
        "setting": _setting(setting, years if shock else None, coding_change=not no_coding_change),
        "programmes": [load_programme(path) for path in programme or ()],
        "enrol": enrol,
        "truth_dates": _days(truth_dates),
        "truth_people": truth_people,
        "truth_history": truth_history,
        "file_format": file_format,
        "workers": workers,
    }
    places: dict[str, Any] = {"records": records, "truth": truth, "overwrite": overwrite}
    with counted("people") as say:
        made = simulate_district(people, seed, out, years=years, progress=say, **places, **asked)
    show(_told(made, out), as_json=as_json, lines=_lines(made, out, records, truth))


def _setting(name: str, shock_in: int | None, *, coding_change: bool) -> Setting:
    """The switches of a district; `shock_in` is the length of a period with a shock, in years."""
    from riskstrat.simulation import Setting, shock_of

    if name not in _INTERACTIONS:
        raise UsageError(f"expected a setting, one of: {', '.join(_INTERACTIONS)}.")
    return Setting(
        interactions=_INTERACTIONS[name],
        shock=None if shock_in is None else shock_of(shock_in),
        coding_change=coding_change,
    )


def _days(text: str | None) -> list[date] | None:
    """Days written with commas between them."""
    if text is None:
        return None
    days = [parse_day(part.strip()) for part in text.split(",")]
    return [day for day in days if day is not None]


def _told(made: dict[str, Any], out: Path | None) -> dict[str, Any]:
    """What machines are told: rows instead of the whole manifest of the records."""
    manifest = made["records"]
    tables = None if manifest is None else manifest["tables"]
    rows = None if tables is None else {name: found["rows"] for name, found in tables.items()}
    return {"out": out, **made, "records": rows}


def _lines(
    made: dict[str, Any], out: Path | None, records: Path | None, truth: Path | None
) -> list[str]:
    """What people are told."""
    lines = [f"Simulated {made['people']:,} people. Everything is synthetic."]
    if out is not None:
        rows = made["feeds"]
        lines.append(f"Feeds: {sum(rows.values()):,} rows in {len(rows)} files in {out}/")
    if made["truth"] is not None:
        folder = truth if truth is not None or out is None else out / "truth"
        lines.append(f"Truth, for judging only: {folder}/")
    if records is not None:
        tables = made["records"]["tables"]
        rows = sum(table["rows"] for table in tables.values())
        lines.append(f"Linked records: {rows:,} rows in {len(tables)} tables in {records}/")
    return lines
