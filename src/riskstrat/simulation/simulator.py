"""Simulate a district: what its services tell, linked records straight from it, and the truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.canonical import PARTS, write_records
from riskstrat.simulation.feeds.files import FeedFiles
from riskstrat.simulation.feeds.governance import governance_toml
from riskstrat.simulation.folders import FEEDS_MARKER, Folders, Staged
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.plan import LAST_DAY, Plan
from riskstrat.simulation.programmes.enrolment import Selected
from riskstrat.simulation.programmes.enrolment import enrol as enrol_people
from riskstrat.simulation.programmes.listed import Listed, read_list, require_list
from riskstrat.simulation.programmes.rule import ProgrammeRule, require_sound
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.telling import Sinks, Told, tell_everybody
from riskstrat.simulation.truth.risks import Asked
from riskstrat.simulation.truth.tables import TruthTables
from riskstrat.simulation.truth.writing import (
    block_tables,
    write_programmes,
    write_statement,
)

__all__ = ["simulate"]

_ROWS = "rows"
"""Folder of the truth with the true person behind every row of the feeds."""


def simulate(  # noqa: PLR0913 - the public call: what to simulate, and where to put it
    people: int,
    seed: int,
    out: str | Path | None = None,
    *,
    records: str | Path | None = None,
    truth: str | Path | None = None,
    years: int = 6,
    setting: Setting | None = None,
    programmes: Sequence[ProgrammeRule] = (),
    enrol: str | Path | pd.DataFrame | None = None,
    truth_dates: Sequence[date] | None = None,
    truth_people: int = 50_000,
    truth_history: int | None = None,
    file_format: str = "parquet",
    overwrite: bool = False,
    workers: int = 2,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Simulate a district: feeds, linked records and the truth about both.

    People live, fall ill, are admitted and die by hazards that depend on age, sex, deprivation,
    conditions, where they live, recent discharge, season and, for emergency admission and
    attendance only, a multiplier that no record holds. Services tell of it in feeds, each with its
    own lag and mess. Synthetic results are never evidence of accuracy.

    Parameters
    ----------
    people : int
        Everybody who is ever registered in the district, from 100 to 1,200,000. About 87 %
        live there on the first day; the others are born or move in later.
    seed : int
        Same seed, arguments and versions, same bytes.
    out : str or Path, optional
        Folder for the feeds, with ``governance.toml`` and, unless `truth` says otherwise, the
        truth in ``truth/``.
    records : str or Path, optional
        Folder for linked records, written straight from the people: no mess, no linkage.
    truth : str or Path, optional
        Folder for the truth: inside `out` when not given. With `records` alone there is none
        unless it is asked for.
    years : int
        Length of the period, from 1 January to 31 December 2024; 1 to 20. Nothing happens after
        it, but feeds may tell of it later.
    setting : Setting, optional
        The usual one when not given.
    programmes : sequence of ProgrammeRule
        Programmes of early help; :func:`~riskstrat.simulation.load_programme` reads their files.
    enrol : path or DataFrame, optional
        Who is to be taken, and when, by the programmes with the rule 'list': columns
        ``patient_id`` or ``nhs_number``, ``date``, and ``programme`` where there are several.
    truth_dates : sequence of date, optional
        When true risks are worked out: each 1 January of the period when not given.
    truth_people : int
        For how many people, taken at random.
    truth_history : int, optional
        Days of look-back: also gives the best achievable risk of a model that looks back so far.
    file_format : {'parquet', 'csv'}
        Of the feeds; everything else is Parquet.
    overwrite : bool
        Whether an earlier output may be replaced. Anything else is never replaced.
    workers : int
        Threads that make people ahead of writing them; changes no byte.
    progress : callable, optional
        Called with a stage, the people done, and the people to do.

    Returns
    -------
    dict
        ``synthetic`` (true), ``people``, rows by file (``feeds``) and by table (``truth``), and
        the manifest of the ``records``; None for what was not wanted.

    Raises
    ------
    DataError
        When a programme or the enrolment file is wrong, or a folder cannot be written; everything
        is as it was before.
    UsageError
        When the sizes are impossible, or a folder holds something already. Nothing was done.

    Notes
    -----
    Emergency admission or death within twelve months rises from about 5 % at 20 to 40 to about
    45 % at 90 and over, with a long tail of people admitted again; about a third of deaths have no
    admission before them in the same year. The rates were set by hand around these published
    orders of magnitude; no patient record was used.

    References
    ----------
    .. [1] Liley J. et al. Development and assessment of a machine learning tool for predicting
       emergency admission in Scotland (SPARRA version 4). npj Digital Medicine 2024,
       doi:10.1038/s41746-024-01250-1: emergency admission by age, repeat admissions, deaths
       without admission.
    .. [2] Barnett K. et al. Epidemiology of multimorbidity. Lancet 2012,
       doi:10.1016/S0140-6736(12)60240-2: conditions by age and deprivation.
    .. [3] Office for National Statistics. National life tables 2020 to 2022; Census 2021: deaths
       by age, age structure, living alone, care homes.
    .. [4] Hobbs F. D. R. et al. Clinical workload in UK primary care. Lancet 2016,
       doi:10.1016/S0140-6736(16)00620-6: consultations by age.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     made = simulate(100, 1, records=Path(folder) / "records", years=1)
    >>> made["synthetic"], made["people"], made["feeds"]
    (True, 100, None)
    """
    days = None if truth_dates is None else tuple(truth_dates)
    sample = truth_people, truth_history
    plan = Plan(people, years, setting or Setting(), days, *sample, file_format, workers)
    plan.require_possible()
    folders = Folders(*(None if place is None else Path(place) for place in (out, records, truth)))
    folders.require_usable(overwrite=overwrite)
    blocks, listed = _ready(plan, seed, programmes, enrol)
    say = progress or (lambda _stage, _done, _total: None)
    selected = enrol_people(
        blocks,
        programmes,
        listed,
        workers=workers,
        progress=lambda done: say("programmes", done, people),
    )
    asked = Asked.of(blocks, programmes, plan.truth_days, *sample)
    return _District(plan, blocks, tuple(programmes), selected, asked).write(folders, say)


def _ready(
    plan: Plan,
    seed: int,
    rules: Sequence[ProgrammeRule],
    enrol: str | Path | pd.DataFrame | None,
) -> tuple[Blocks, Listed]:
    """A district that can have these programmes, and whom they are to take."""
    require_list(enrol, rules)
    blocks = Blocks.of(plan.people, seed, plan.period, plan.setting)
    codes = practice_codes(len(blocks.district.bounds))
    require_sound(rules, codes, plan.first_day, LAST_DAY)
    if enrol is None:
        return blocks, Listed.nobody()
    return blocks, read_list(enrol, rules, blocks.nhs_number, plan.period)


@dataclass(frozen=True)
class _District:
    """A district that is ready to be told."""

    plan: Plan
    blocks: Blocks
    rules: tuple[ProgrammeRule, ...]
    selected: Selected
    asked: Asked

    def write(self, folders: Folders, say: Callable[[str, int, int], None]) -> dict[str, Any]:
        """Write everything that is wanted; returns how much there is of each."""
        with folders.staged() as staged:
            sinks = self._sinks(staged)
            people, excluded = 0, Counter[str]()
            for told in self._tell(sinks):
                people += told.people
                excluded.update(told.excluded)
                say("services", people, len(self.blocks))
            sinks.close()
            found = {
                "synthetic": True,
                "people": people,
                "feeds": self._finish_feeds(staged, sinks),
                "truth": self._finish_truth(staged, sinks),
                "records": None,
            }
            if folders.records is not None and staged.scratch is not None:
                say("store", people, people)
                period = self.plan.period
                found["records"] = write_records(
                    staged.scratch, folders.records, period, dict(excluded)
                )
        return found

    def _sinks(self, staged: Staged) -> Sinks:
        feeds = truth = parts = None
        if staged.truth is not None:
            truth = TruthTables(staged.truth)
        if staged.feeds is not None and staged.truth is not None:
            (staged.truth / _ROWS).mkdir()
            feeds = FeedFiles(staged.feeds, staged.truth / _ROWS, self.plan.file_format)
        if staged.scratch is not None:
            parts = staged.scratch / PARTS
            parts.mkdir()
        return Sinks(feeds, truth, parts)

    def _tell(self, sinks: Sinks) -> Iterator[Told]:
        programmes = tuple(rule.programme for rule in self.rules)
        enrolments = self.selected.enrolments()
        return tell_everybody(
            self.blocks.numbers(),
            lambda number: self.blocks.block(number, enrolments, programmes),
            lambda block: block_tables(block, self.blocks.rates, self.asked),
            sinks,
            self.plan.workers,
        )

    def _finish_feeds(self, staged: Staged, sinks: Sinks) -> dict[str, int] | None:
        """What is beside the files of the feeds: the rules of their use, and what there is."""
        if staged.feeds is None or sinks.feeds is None:
            return None
        rows = dict(sorted(sinks.feeds.rows.items()))
        said = {
            "synthetic": True,
            "riskstrat_version": version("riskstrat"),
            "data_from": self.plan.first_day.isoformat(),
            "data_to": LAST_DAY.isoformat(),
            "rows": rows,
        }
        rules = governance_toml(self.plan.period)
        (staged.feeds / "governance.toml").write_text(rules, encoding="utf-8")
        marker = staged.feeds / FEEDS_MARKER
        marker.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
        return rows

    def _finish_truth(self, staged: Staged, sinks: Sinks) -> dict[str, int] | None:
        """The tables of the truth that no block has, and what there is."""
        if staged.truth is None or sinks.truth is None:
            return None
        rows = dict(sinks.truth.rows)
        if self.rules:
            rows |= write_programmes(staged.truth, self.blocks, self.rules, self.selected)
        rows = dict(sorted(rows.items()))
        write_statement(staged.truth, self.blocks, self.asked, rows)
        return rows
