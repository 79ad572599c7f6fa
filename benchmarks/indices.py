"""Whether the published indices agree with an independent program on random sets of codes.

``python -m benchmarks.indices [--sets N] [--json FILE]``

The other program is pycomorb. Codes are drawn from those that the indices list, from their
neighbours and from all of ICD-10's possible codes, in several written forms; every set holds two
codes under one stem. Tables of weights and codes were read from pycomorb and others
(``PROVENANCE.md`` of the reference tables), so agreement says that scores are computed alike, not
that the tables are right.

No ICD-10 code is shorter than three characters, and none is drawn: for the two characters "C0" and
"C1" alone the programs differ, because pycomorb shortens the cancers of Quan 2005 to these.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pycomorb
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.features.indices import charlson, elixhauser, hfrs
from riskstrat.reference import load_table

__all__ = ["PAIRS", "as_table", "code_pool", "judge", "main", "measure", "random_sets"]

SETS = 100_000
SEED = 1
PIECE = 100_000
"""Sets compared at once."""

SHORTEST_CODE = 3
LONGEST_SET = 12
AGE_YEARS = 40
"""No points for age (pycomorb adds them from 50)."""

LISTED = {
    "hfrs_gilbert2018": "icd10_3char",
    "charlson_quan2005_icd10": "icd10_prefix",
    "charlson_shmi_icd10": "icd10_prefix",
    "elixhauser_quan2005_icd10": "icd10_prefix",
}
"""Tables whose codes are drawn, and the column that holds them."""

Ours = Callable[[list[str]], int]
Theirs = Callable[[pl.DataFrame], pl.DataFrame]
CodeSet = list[str]


def _their_charlson(weights: str, implementation: str = "quan") -> Theirs:
    def score(frame: pl.DataFrame) -> pl.DataFrame:
        found = pycomorb.CharlsonComorbidityIndex(
            frame, weights=weights, implementation=implementation
        )
        return found.select("id", score="Charlson Age-Comorbidity Score")

    return score


def _their_hfrs(frame: pl.DataFrame) -> pl.DataFrame:
    found = pycomorb.HospitalFrailtyRiskScore(frame)
    return found.select("id", score=(pl.col("HFRS Score") * 10).round(0).cast(pl.Int64))


def _their_elixhauser(frame: pl.DataFrame) -> pl.DataFrame:
    found = pycomorb.ElixhauserComorbidityIndex(frame, weights="van_walraven")
    return found.select("id", score="Elixhauser Comorbidity Index")


PAIRS: Mapping[str, tuple[Ours, Theirs]] = {
    "hfrs": (hfrs, _their_hfrs),
    "charlson1987": (lambda codes: charlson(codes, "charlson1987"), _their_charlson("charlson")),
    "quan2011": (lambda codes: charlson(codes, "quan2011"), _their_charlson("quan")),
    "shmi": (lambda codes: charlson(codes, "shmi"), _their_charlson("uk_shmi", "uk_shmi")),
    "elixhauser": (elixhauser, _their_elixhauser),
}
"""Each index as this package and as pycomorb computes it, on the same scale."""


def code_pool(rng: np.random.Generator) -> list[str]:
    """Codes to draw from, in several written forms; about half are listed by an index.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    list of str
    """
    listed = sorted({row[column] for table, column in LISTED.items() for row in load_table(table)})
    digits = rng.integers(0, 10, 4 * len(listed)).astype(str)
    longer = [f"{code}{digit}" for code, digit in zip(4 * listed, digits, strict=True)]
    neighbours = [f"{code[:-1]}{digit}" for code, digit in zip(4 * listed, digits, strict=True)]
    letters = [chr(letter) for letter in rng.integers(ord("A"), ord("Z") + 1, 6 * len(listed))]
    any_codes = [
        f"{x}{n:03d}" for x, n in zip(letters, rng.integers(0, 1000, len(letters)), strict=True)
    ]
    codes = [
        code for code in (*listed, *longer, *neighbours, *any_codes) if len(code) >= SHORTEST_CODE
    ]
    return [
        _written(code, form)
        for code, form in zip(codes, rng.integers(0, 4, len(codes)), strict=True)
    ]


def _written(code: str, form: int) -> str:
    """A code as printed, in lower case, with blanks around it, or bare."""
    if form == 0 and len(code) > SHORTEST_CODE:
        return f"{code[:SHORTEST_CODE]}.{code[SHORTEST_CODE:]}"
    return {1: code.lower(), 2: f" {code} "}.get(form, code)


def random_sets(count: int, rng: np.random.Generator) -> list[CodeSet]:
    """Sets of 2 to 13 codes, two of them under one stem.

    Parameters
    ----------
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    list of list of str
    """
    pool = np.array(code_pool(rng), dtype=object)
    sizes = rng.integers(1, LONGEST_SET + 1, count)
    drawn = np.split(pool[rng.integers(0, len(pool), sizes.sum())], np.cumsum(sizes)[:-1])
    digits = rng.integers(0, 10, count)
    return [
        [*codes, f"{codes[0].strip()[:SHORTEST_CODE]}{digit}"]
        for codes, digit in zip(drawn, digits, strict=True)
    ]


def judge(sets: list[CodeSet], pairs: Mapping[str, tuple[Ours, Theirs]]) -> dict[str, Counter[Any]]:
    """Scores of both programs for each index, with how many sets have them.

    Parameters
    ----------
    sets : list of list of str
    pairs : mapping
        As :data:`PAIRS`.

    Returns
    -------
    dict
        Index to a counter of pairs (our score, their score).
    """
    lengths = [len(codes) for codes in sets]
    rows = {"id": np.repeat(np.arange(len(sets)), lengths), "code": [c for s in sets for c in s]}
    frame = pl.DataFrame(rows).with_columns(age=pl.lit(AGE_YEARS))
    found = {}
    for name, (ours, theirs) in pairs.items():
        other = theirs(frame).sort("id")["score"].to_list()
        found[name] = Counter(zip(map(ours, sets), other, strict=True))
    return found


def measure(
    sets: int, seed: int = SEED, pairs: Mapping[str, tuple[Ours, Theirs]] = PAIRS
) -> dict[str, Any]:
    """Compare on random sets, in pieces.

    Parameters
    ----------
    sets : int
        How many.
    seed : int
    pairs : mapping
        As :data:`PAIRS`.

    Returns
    -------
    dict
        Number of sets, seed, and for each index how many sets disagree, how many score other than
        0, how many different scores there are, and the lowest and highest.
    """
    rng = np.random.default_rng(seed)
    totals: dict[str, Counter[Any]] = {name: Counter() for name in pairs}
    for start in range(0, sets, PIECE):
        piece = judge(random_sets(min(PIECE, sets - start), rng), pairs)
        for name, scores in piece.items():
            totals[name].update(scores)
    return {
        "sets": sets,
        "seed": seed,
        "indices": {name: _summary(scores) for name, scores in totals.items()},
    }


def _summary(scores: Counter[Any]) -> dict[str, int]:
    ours = [score for score, _ in scores]
    return {
        "compared": scores.total(),
        "disagreements": sum(n for (our, their), n in scores.items() if our != their),
        "not_zero": sum(n for (our, _), n in scores.items() if our),
        "different_scores": len(set(ours)),
        "lowest": min(ours),
        "highest": max(ours),
    }


def as_table(found: dict[str, Any]) -> Table:
    """The figures of every index."""
    table = Table(title=f"{found['sets']:,} random sets of codes: riskstrat beside pycomorb")
    table.add_column("index")
    for name in next(iter(found["indices"].values())):
        table.add_column(name.replace("_", " "), justify="right")
    for index, figures in found["indices"].items():
        table.add_row(index, *(f"{number:,}" for number in figures.values()))
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=SETS, help="random sets of codes")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(arguments)
    found = measure(options.sets)
    machine = describe_machine("riskstrat", "pycomorb", "polars", "numpy")
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = f"python -m benchmarks.indices --sets {options.sets}"
        write_result(options.json, command, {"machine": machine, "measured": found})


if __name__ == "__main__":
    main()
