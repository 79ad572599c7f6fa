"""The truth folder: what is true of everybody, written beside the feeds and never into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.programmes.enrolment import Selected
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.timeline import dates
from riskstrat.simulation.truth.effect import effects, enrolments_table
from riskstrat.simulation.truth.outcomes import outcomes_table
from riskstrat.simulation.truth.persons import admissions_table, persons_table
from riskstrat.simulation.truth.risks import Asked, risks_table
from riskstrat.simulation.truth.tables import TruthTables

__all__ = ["block_tables", "write_programmes", "write_statement"]

_NOTES = (
    "Everything here is synthetic and no feed holds any of it.",
    "person is the number of a person in the district; rows/ has the true person behind every row "
    "of every feed file (-1: nobody).",
    "outcomes.parquet: first emergency admission or death within 365 days of the first of every "
    "month, of everybody alive and registered on it, followed also after moving away and for a "
    "year after the period.",
    "risks.parquet: of the sample, on each of truth_dates, the probability of emergency admission "
    "before death and of death before any, in the 365 days from it: 'best' knows what feeds had "
    "told by then, free of mess; 'oracle' knows the person's state and multiplier. 'best' is null "
    "after the first day of a programme that takes people by judgement. A programme that somebody "
    "enters later is not foreseen; a shock is. 'recent', where asked for, knows no stay and no "
    "attendance from before truth_history_days, as features with that look-back do not.",
    "admissions.parquet: every emergency admission; 'seen' are those that services could tell of.",
)


def block_tables(block: Block, rates: Rates, asked: Asked) -> dict[str, pa.Table]:
    """The rows of a block for every table of the truth that has people in it."""
    return {
        "persons": persons_table(block),
        "admissions": admissions_table(block),
        "outcomes": outcomes_table(block),
        "risks": risks_table(block, rates, asked),
    }


def write_programmes(
    folder: Path, blocks: Blocks, rules: Sequence[ProgrammeRule], selected: Selected
) -> dict[str, int]:
    """Write whom the programmes chose, and what they did: rows by table."""
    tables = TruthTables(folder)
    tables.add("enrolments", enrolments_table(blocks, rules, selected))
    tables.close()
    found = effects(blocks, rules, selected)
    for rule, told in zip(rules, found, strict=True):
        told["planted"] = asdict(rule)
    _write_json(folder / "programmes.json", {"synthetic": True, "programmes": found})
    return tables.rows


def write_statement(folder: Path, blocks: Blocks, asked: Asked, rows: dict[str, int]) -> None:
    """Write ``truth.json``: what the folder holds and how to make it again."""
    statement = {
        "synthetic": True,
        "seed": blocks.keyed.seed,
        "people": len(blocks),
        "period": dates(np.array([blocks.period.first, blocks.period.last])).to_pylist(),
        "setting": asdict(blocks.setting),
        "riskstrat_version": version("riskstrat"),
        "truth_dates": dates(asked.days).to_pylist(),
        "truth_people": int(asked.people.sum()),
        "truth_history_days": asked.history,
        "truth_people_rule": "random, of everybody ever registered, whatever the date",
        "rows": rows,
        "notes": _NOTES,
    }
    _write_json(folder / "truth.json", statement)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
