"""What hospitals tell of a block: the feeds and the linked records as tables to look into."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.schema import TABLES
from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.hospital import tell
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.lives.lives import Admissions, Attendances
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.people.identity import pseudonyms

EPOCH = np.datetime64("1970-01-01")


def numbers_of(days: pd.Series) -> np.ndarray:
    """Dates as day numbers; there must be no null."""
    return (days.to_numpy("datetime64[D]") - EPOCH).astype(np.int64)


@dataclass
class Told:
    """Everything that was told of a block."""

    feeds: dict[str, pd.DataFrame]
    rows: dict[str, FeedRows]
    tables: dict[str, pd.DataFrame]
    parts: dict[str, pa.Table]


def told_of(block: Block) -> Told:
    found: list[FeedRows] = []
    ledger = Ledger(pseudonyms(block.people.nhs_number, block.people.number))
    tell(block, Outputs(found.append, ledger))
    rows = {part.file: part for part in found}
    parts = {}
    for name, tables in ledger.parts.items():
        filled = [_filled(table, name) for table in tables]
        parts[name] = pa.concat_tables(filled)
    return Told(
        feeds={name: part.table().to_pandas() for name, part in rows.items()},
        rows=rows,
        tables={name: table.to_pandas() for name, table in parts.items()},
        parts=parts,
    )


def _filled(table: pa.Table, name: str) -> pa.Table:
    types = {"VARCHAR": pa.string(), "DATE": pa.date32(), "TIME": pa.time64("us")}
    types |= {"BOOLEAN": pa.bool_(), "INTEGER": pa.int32(), "DOUBLE": pa.float64()}
    columns = {}
    for column in TABLES[name].columns:
        given = column.name in table.column_names
        kind = types[column.type]
        nothing = pa.nulls(table.num_rows, kind)
        columns[column.name] = table[column.name].cast(kind) if given else nothing
    return pa.table(columns)


def without_lives(block: Block, admissions: np.ndarray, attendances: np.ndarray) -> Block:
    """The block without some admissions and attendances (masks of those that stay)."""
    had, came = block.lives.admissions, block.lives.attendances
    kept = Admissions(*(getattr(had, name)[admissions] for name in vars(had)))
    some = Attendances(came.row[attendances], came.day[attendances])
    return replace(block, lives=replace(block.lives, admissions=kept, attendances=some))


def plain(code: str) -> str:
    """A code without the fillers of the dialect."""
    code = re.sub(r"-$", "", code)
    code = re.sub(r"^(.{4})[DA]$", r"\1", code)
    return re.sub(r"^(.{3})X$", r"\1", code)


def current_episodes(told: Told) -> pd.DataFrame:
    """The latest submission of every episode."""
    rows = told.feeds["hes_apc"].drop_duplicates()
    return rows.sort_values("SUBDATE").drop_duplicates("EPIKEY", keep="last")
