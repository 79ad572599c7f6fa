"""How many rows of simulated feeds are linked to the right person, file by file.

``python -m benchmarks.linkage [--people N] [--json FILE]``

The simulator knows the true person behind each row. A row is *named* when it says anything by which
somebody could be found, and is about somebody. Precision is the share of linked rows that are
linked to the true person; recall the share of named rows that are. Links by details alone are shown
beside the precision and recall that linkage estimates without knowing the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.engine import Engine
from riskstrat.records.link_run import LinkRun
from riskstrat.records.linkage.claims import claim_sql
from riskstrat.records.linkage.link_truth import judge_links
from riskstrat.records.linking import link_feeds
from riskstrat.records.options import LinkOptions
from riskstrat.records.sources.columns import Column, RawTable, normal_name
from riskstrat.records.sources.feed import FeedFile
from riskstrat.records.sources.reading import read_sql
from riskstrat.simulation import simulate

__all__ = ["as_table", "judge_details", "judge_rows", "main", "measure", "true_rows"]

PEOPLE = 20_000
SEED = 1
_DIGITS = 6
_ROW = "file_row_number"
"""What DuckDB calls the place of a row in a Parquet file, from 0."""

_COUNTS = """
    count(*) as rows,
    count(*) filter (where claim is not null and truth is not null) as named,
    count(*) filter (where how in ('number', 'token', 'details')) as linked,
    count(*) filter (where how in ('number', 'token', 'details') and patient_id = truth) as right
"""
"""Somebody on a practice's list without a number is a person alone: not linked to anybody, and
never to a wrong one."""


def true_rows(run: LinkRun, feeds: Path) -> Engine:
    """The engine of a run with ``judged_rows``: file, row, claim, how it was linked, true person.

    Parameters
    ----------
    run : LinkRun
        Of all feeds at once, with the published test key.
    feeds : Path
        Simulated feeds in Parquet, with their truth.
    """
    engine = run.engine
    engine.connection.execute(
        "create or replace temp table named_rows (file varchar, row bigint, claim varchar, "
        "person integer)"
    )
    for source in run.assigned.sources:
        for table in source.dialect.tables:
            for file in source.tables.get(table.name, ()):
                truth = f"read_parquet('{feeds / 'truth' / 'rows' / file.name}')"
                claims = _claims(engine, file, table)
                engine.connection.execute(
                    f"insert into named_rows select '{file.stem}', t.row, c.claim, t.person "
                    f"from {truth} t join ({claims}) c using (row)"
                )
    engine.connection.execute(
        f"""
        create or replace temp table judged_rows as
        select r.file, r.row, r.claim, l.how, i.patient_id, p.patient_id as truth
        from named_rows r left join read_parquet('{feeds / "truth" / "persons.parquet"}') p
            on p.person = r.person
        left join identities i on i.claim = r.claim and i.patient_id is not null
        left join people_of_claims l on l.claim = r.claim and i.claim is not null
        """
    )
    return engine


def _claims(engine: Engine, file: FeedFile, table: RawTable) -> str:
    """SQL: place of each row of a file, and the claim it makes."""
    relation = engine.connection.read_parquet(str(file.path), file_row_number=True)
    relation.create_view("file_rows", replace=True)
    names = ", ".join(f"c{place}" for place in range(1, len(relation.columns) + 1))
    placed = replace(table, columns=(*table.columns, Column(_ROW, (_ROW,))))
    present = (*file.normal_columns, normal_name(_ROW))
    rows = read_sql(placed, present, list(map(str, relation.types)), f"file_rows as f({names})")
    more = "".join(f", {sql} as {name}" for name, sql in table.derived.items())
    told = f"select *{more} from ({rows}) f"
    return f"select {_ROW}::bigint as row, {claim_sql(table)} as claim from ({told}) f"


def judge_rows(engine: Engine, where: str = "true") -> dict[str, dict[str, Any]]:
    """Precision and recall of the rows of each file, and of all together.

    Parameters
    ----------
    engine : Engine
        With ``judged_rows``.
    where : str
        SQL condition on them.

    Returns
    -------
    dict
        File to counts, precision and recall; ``all`` for all files.
    """
    found = engine.connection.execute(
        f"""
        select coalesce(file, 'all') as file, {_COUNTS} from judged_rows where {where}
        group by grouping sets ((file), ()) order by file is null, file
        """
    ).fetchall()
    names = ("rows", "named", "linked", "right")
    return {file: _with_shares(dict(zip(names, counts, strict=True))) for file, *counts in found}


def _with_shares(counts: dict[str, int]) -> dict[str, Any]:
    def share(of: str) -> float | None:
        return round(counts["right"] / counts[of], _DIGITS) if counts[of] else None

    return {**counts, "precision": share("linked"), "recall": share("named")}


def judge_details(engine: Engine) -> dict[str, Any]:
    """Links by details: each claim judged by the true person of most of its rows."""
    truth = engine.connection.sql(
        """
        select claim, first(truth order by rows desc, truth) as person
        from (
            select r.claim, r.truth, count(*) as rows
            from judged_rows r join links_by_details l using (claim) group by all
        ) told group by claim order by claim
        """
    ).to_arrow_table()
    links = engine.connection.sql("from links_by_details order by claim").to_arrow_table()
    return judge_links(links, truth)


def measure(people: int) -> dict[str, Any]:
    """Simulate and link a district; the figures of every file and of links by details."""
    with TemporaryDirectory() as folder:
        feeds = Path(folder) / "feeds"
        simulate(people, SEED, feeds)
        manifest, run = link_feeds(feeds, Path(folder) / "records", None, LinkOptions())
        engine = true_rows(run, feeds)
        told = manifest["linkage"]["by_details"]
        estimates = ("threshold", "estimated_precision", "estimated_recall", "counts")
        return {
            "people": people,
            "rows_of_files": judge_rows(engine),
            "by_details": {
                "claims": judge_details(engine),
                "rows_of_files": judge_rows(engine, "how = 'details'"),
                **{name: told[name] for name in estimates if name in told},
            },
        }


def as_table(found: dict[str, Any]) -> Table:
    """The figures of every file, then those of links by details beside their estimates."""
    table = Table(title=f"{found['people']:,} simulated people: rows linked to the right person")
    for name in ("file", "rows", "named", "linked", "right", "precision", "recall"):
        table.add_column(name, justify="left" if name == "file" else "right")
    _add_rows(table, found["rows_of_files"].items())
    details = found["by_details"]
    of_claims = details["claims"]
    counts = (of_claims["counts"][name] for name in ("claims", "known", "accepted", "right"))
    shares = (of_claims["precision"], of_claims["recall"])
    table.add_section()
    table.add_row("claims by details", *(f"{n:,}" for n in counts), *map(_share, shares))
    estimates = (details.get(f"estimated_{name}") for name in ("precision", "recall"))
    table.add_row("  as estimated", "", "", "", "", *map(_share, estimates))
    return table


def _add_rows(table: Table, files: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for file, told in files:
        counts = (f"{told[name]:,}" for name in ("rows", "named", "linked", "right"))
        table.add_row(file, *counts, _share(told["precision"]), _share(told["recall"]))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="of the simulated district")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(arguments)
    found = measure(options.people)
    machine = describe_machine("riskstrat", "duckdb", "splink", "pyarrow")
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = f"python -m benchmarks.linkage --people {options.people}"
        write_result(options.json, command, {"machine": machine, "measured": found})


if __name__ == "__main__":
    main()
