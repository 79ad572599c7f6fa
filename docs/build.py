"""Write the reference pages from the code: tables, study, features, commands, checks, names.

Run it as ``make docs``. The pages are committed; a test writes them anew and compares.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path

import click
import typer

import riskstrat
from riskstrat.cli.app import add_commands_of_other_packages, app
from riskstrat.evaluation import CHECKS as EVALUATION_CHECKS
from riskstrat.explanation import LOWERING, RAISING, reason_code
from riskstrat.features import GROUPS, Feature, catalogue
from riskstrat.features.sets import source_of
from riskstrat.records.checks import CHECKS, FEWEST_SHOWN
from riskstrat.records.checks.rates import REFERENCES
from riskstrat.schema import TABLES
from riskstrat.study import parse_study, study_schema

REFERENCE = Path(__file__).parent / "reference"

DEFAULT_STUDY = """
name = "default"
[index]
dates = [2024-01-01, 2025-06-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2024-01-01
evaluate_from = 2025-06-01
"""
"""A study that leaves [features] at its defaults."""

DISCHARGE_STUDY = """
name = "discharges"
[index]
event = "discharge"
index_stay = "known"
[outcome]
kind = "emergency_admission"
window_days = 30
[split]
hold_out_share = 0.5
"""

ONLY_AT_DISCHARGE = """\
These are there when the index of a study is `event = "discharge"`, for the spell that ended the day
before the index date. They count its dates, method, length and specialty, which the hospital that
scores has on the day, and with `index_stay = "known"` even before its feed arrives. Its codes count
only once they were recorded: LACE and PARR-30 take comorbidity from what was recorded by then, and
HOSPITAL is missing until the stay is coded. A score is missing without one of its inputs: an
emergency department feed (LACE); haemoglobin and sodium of the stay, its specialty, a feed with
procedures (HOSPITAL); the deprivation decile (PARR-30); the type of admission, registration for all
of the look-back, the months before the stay within it (all three)."""


REASON_CODES = """\
Each of the {facts} facts that can be a reason has two codes: the name below, with `.{up}` or
`.{down}` after it. A code is the clinical group, the feature and the direction; it depends neither
on the wording nor on the model. A feature of a study's own has its code by the same rule, a
look-back in days at its end. Codes stand in `reasons.parquet` and in `riskstrat explain --json`.
Sentences are as the catalogue has them; what is usual for the peers and the age of a measurement
come after them. In force: what holds on the index date, as far as known; otherwise the fact lies
within the look-back. Sensitive reasons are never on lists."""


def tables_page() -> str:
    """The canonical tables of a store."""
    lines = ["# Canonical tables", "", "`riskstrat schema` prints the same.", ""]
    for table in TABLES.values():
        key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
        lines += [f"## `{table.name}`", "", f"One row per {table.row}.{key}", ""]
        lines += ["| column | type | required | allowed | meaning |", "|---|---|---|---|---|"]
        for column in table.columns:
            required = "" if column.nullable else "yes"
            allowed = ", ".join(f"`{value}`" for value in column.allowed)
            lines.append(
                f"| `{column.name}` | {column.type} | {required} | {allowed} | {column.meaning} |"
            )
        lines.append("")
    return "\n".join(lines)


def study_page() -> str:
    """The keys of a study file."""
    schema = json.dumps(study_schema(), indent=2)
    return (
        "# Study file\n\n`riskstrat study schema` prints this JSON Schema; `riskstrat study check` "
        f"reads a file\nand names every mistake at once.\n\n```json\n{schema}\n```\n"
    )


def features_page() -> str:
    """The features of a study that leaves [features] at its defaults."""
    study = parse_study(DEFAULT_STUDY)
    features = catalogue(study)
    at_discharge = [f for f in catalogue(parse_study(DISCHARGE_STUDY)) if f not in features]
    windows = ", ".join(str(days) for days in study.features.windows_days)
    head = (
        f"{len(features)} features with the default windows of {windows} days and a history of "
        f"{study.features.history_days} days; other windows give more. How facts become values "
        "stands in `riskstrat.features.rules`. Look-back: how far before the index date facts "
        "count; none for what is in force on it."
    )
    lines = ["# Features", "", head, ""]
    columns = ("feature", "what it is", "unit", "look-back", "rule", "feeds", "source", "workable")
    for group, label in GROUPS.items():
        lines += [f"## {label}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        lines += [_feature_row(f) for f in features if f.group == group]
        lines.append("")
    lines += ["## Only in studies of discharges", "", ONLY_AT_DISCHARGE, ""]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [*map(_feature_row, at_discharge), ""]
    return "\n".join(lines)


def _feature_row(feature: Feature) -> str:
    days = "" if feature.window_days is None else f"{feature.window_days} days"
    told = (
        f"`{feature.name}`",
        feature.label,
        feature.unit,
        days,
        f"`{feature.rule}`",
        ", ".join(feature.sources),
        source_of(feature.fact),
        "yes" if feature.workable else "",
    )
    return f"| {' | '.join(told)} |"


def reason_codes_page() -> str:
    """Every code of a reason with its sentences and where the fact comes from."""
    texts = (DEFAULT_STUDY, DISCHARGE_STUDY)
    features = {f.name: f for text in texts for f in catalogue(parse_study(text)) if f.sentence}
    head = REASON_CODES.format(facts=len(features), up=RAISING, down=LOWERING)
    lines = ["# Reasons and their codes", "", head, ""]
    columns = ("code", "sentence", "when it is 1", "look-back", "feeds", "kind")
    for group, label in GROUPS.items():
        told = [f for f in features.values() if f.group == group]
        if told:
            lines += [f"## {label}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
            lines += [*map(_reason_row, told), ""]
    return "\n".join(lines)


def _reason_row(feature: Feature) -> str:
    days = "in force" if feature.window_days is None else f"{feature.window_days} days"
    told = (
        f"`{reason_code(feature, RAISING).removesuffix('.' + RAISING)}`",
        feature.sentence,
        feature.sentence_one or "",
        days,
        ", ".join(feature.sources),
        ", ".join(
            word
            for word, holds in (
                ("could be worked on", feature.workable),
                ("background", not feature.workable),
                ("sensitive", feature.sensitive),
            )
            if holds
        ),
    )
    return f"| {' | '.join(told)} |"


def commands_page() -> str:
    """Every command with its arguments."""
    lines = ["# Commands", "", "Exit status: 0 done, 1 a defect, 2 wrong usage, 3 wrong data.", ""]
    add_commands_of_other_packages()
    group = typer.main.get_command(app)
    for name, command in _commands("riskstrat", group):
        lines += [f"## `{name}`", "", inspect.cleandoc(command.help or ""), ""]
        lines += ["| argument | meaning |", "|---|---|"]
        for parameter in command.params:
            told = getattr(parameter, "help", None) or ""
            written = ", ".join([*parameter.opts, *parameter.secondary_opts])
            lines.append(f"| `{written}` | {told} |")
        lines.append("")
    return "\n".join(lines)


def _commands(name: str, command: object) -> list[tuple[str, click.Command]]:
    found = []
    for child_name, child in sorted(getattr(command, "commands", {}).items()):
        full = f"{name} {child_name}"
        found += _commands(full, child) if hasattr(child, "commands") else [(full, child)]
    return found


def python_page() -> str:
    """The public Python names with their docstrings."""
    lines = ["# Python", "", "`import riskstrat as rs`", ""]
    for name in riskstrat.__all__:
        thing: Callable[..., object] = getattr(riskstrat, name)
        home = importlib.import_module(thing.__module__).__name__
        signature = str(inspect.signature(thing)).replace("|", "or")
        lines += [f"## `rs.{name}`", "", f"From `{home}`.", "", "```python"]
        lines += [f"{name}{signature}", "```", "", "```text"]
        lines += [inspect.getdoc(thing) or "", "```", ""]
    return "\n".join(lines)


def checks_page() -> str:
    """What each check of linked records finds, why it matters and what to do."""
    lines = ["# Checks of linked records", ""]
    lines += [
        "`riskstrat check` runs every one; with `--json` it adds the months or codes behind a",
        f"finding, never about fewer than {FEWEST_SHOWN} people. An error means that results",
        "would be wrong, and ends with exit status 3; a warning wants a look; the rest is for",
        "information. The level is the usual one: some findings have another, as their text says.",
        "",
    ]
    for check in CHECKS:
        lines += [f"## {check.code}: {check.name}", "", f"Level: {check.level}.", ""]
        lines += [check.what, "", f"**Why.** {check.why}", "", f"**What to do.** {check.do}", ""]
    lines += ["## Reference figures", "", "Those of R034, for the newest three years of the data."]
    lines += ["", "| figure | credible | unit | usual figure from |", "|---|---|---|---|"]
    lines += [f"| {r.name} | {r.low:g} to {r.high:g} | {r.unit} | {r.source} |" for r in REFERENCES]
    return "\n".join(lines)


def evaluation_checks_page() -> str:
    """What each check of an evaluation finds, why it matters and what to do."""
    lines = ["# Checks of an evaluation", ""]
    lines += [
        "Every evaluation runs them: `riskstrat train` and `riskstrat evaluate` print what they",
        "find, and it stands at the top of the report. An error means that figures are wrong; a",
        "warning wants a look before they are believed; a note is good to know. Codes of linked",
        "records (R) stand in `checks.md`.",
        "",
    ]
    for check in EVALUATION_CHECKS.values():
        lines += [f"## {check.code}: {check.name}", "", f"Level: {check.level}.", ""]
        lines += [check.what, "", f"**Why.** {check.why}", "", f"**What to do.** {check.do}", ""]
    return "\n".join(lines)


PAGES = {
    "checks.md": checks_page,
    "evaluation-checks.md": evaluation_checks_page,
    "tables.md": tables_page,
    "study.md": study_page,
    "features.md": features_page,
    "reason-codes.md": reason_codes_page,
    "commands.md": commands_page,
    "python.md": python_page,
}


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
