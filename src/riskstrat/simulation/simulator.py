"""Simulate a district and write its linked records as a canonical store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from riskstrat.engine import Engine
from riskstrat.errors import UsageError
from riskstrat.schema import MANIFEST, SourceCount, write_store
from riskstrat.simulation.attendances import (
    write_clinics,
    write_emergency_care,
    write_planned_stays,
)
from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import FEEDS, GP, GP_HISTORY_DAYS
from riskstrat.simulation.history import live
from riskstrat.simulation.hospital import emergency_stays, write_emergency_stays
from riskstrat.simulation.households import build_households
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.people import PUBLISHED_TEST_KEY
from riskstrat.simulation.population import (
    draw_moves,
    write_objections,
    write_patients,
    write_places,
)
from riskstrat.simulation.primary_care import (
    write_contacts,
    write_diagnoses,
    write_measurements,
    write_medicines,
)
from riskstrat.simulation.settlement import settle
from riskstrat.simulation.support import write_services
from riskstrat.simulation.timeline import Period
from riskstrat.simulation.truth import write_truth
from riskstrat.staging import require_replaceable
from riskstrat.windows import add_days, days_between

__all__ = ["simulate"]

_FEWEST_PEOPLE = 100
_MOST_PEOPLE = 700_000
"""More would need more synthetic NHS numbers than the range 999 has."""
_SHORTEST_DAYS = 365
_KEY_ID_LENGTH = 8
_SORTING_MEMORY = "400MB"


def simulate(  # noqa: PLR0913 - the public call: what to simulate, and where to put it
    people: int,
    seed: int,
    out: str | Path,
    *,
    first_day: date = date(2019, 1, 1),
    last_day: date = date(2024, 12, 31),
    truth: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Simulate a district and write its linked records.

    People live, fall ill, are admitted and die by hazards that depend on age, sex, deprivation,
    conditions, where they live, recent discharge, season and, for emergency admission only, a
    multiplier that no record holds. The feeds then tell of it, each with its own lag, so that the
    store says what was known when. Synthetic results are never evidence of accuracy.

    Parameters
    ----------
    people : int
        Everybody who is ever registered in the district, from 100 to 700,000. About 87 %
        live there on the first day; the others are born or move in later.
    seed : int
        Same seed and versions, same bytes.
    out : str or Path
        The store's directory; replaced as a whole when everything was written.
    first_day, last_day : date
        Days observed, both included; at least a year. Nothing happens after `last_day`, but
        feeds may tell of it later.
    truth : str or Path, optional
        A separate folder for what is true and not recorded: see
        :func:`riskstrat.simulation.truth.write_truth`.
    progress : callable, optional
        Called with the name of each stage as it begins.

    Returns
    -------
    dict
        The store's manifest: counts and hashes, with ``synthetic`` true.

    Raises
    ------
    UsageError
        When there are too few or too many people, or too few days.
    DataError
        When a folder cannot be written; it is as it was before.

    Notes
    -----
    Emergency admission within twelve months rises from about 5 % at 20 to 40 to about 38 % at 90
    and over, with a long tail of people admitted again; about a third of deaths have no admission
    before them in the same year. The rates were set by hand around these published orders of
    magnitude; no patient record was used.

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
    ...     manifest = simulate(100, 1, Path(folder) / "records")
    >>> manifest["tables"]["patients"]["rows"], manifest["synthetic"]
    (100, True)
    """
    _require_sizes(people, first_day, last_day)
    require_replaceable(Path(out), MANIFEST)
    tell = progress or (lambda _stage: None)
    period = Period.of(first_day, last_day)
    rng = np.random.default_rng(seed)
    tell("people")
    population = settle(rng, people, period)
    households = build_households(rng, population)
    tell("years of life")
    history = live(rng, population, households, period)
    district = District(population, households, history, period)
    ledger = _records(rng, district, tell)
    tell("store")
    if truth is not None:
        write_truth(Path(truth), district)
    return _write(ledger, Path(out), _sources(first_day, last_day))


def _write(ledger: Ledger, out: Path, sources: tuple[SourceCount, ...]) -> dict[str, Any]:
    """Write the store; what does not fit the sorting memory goes to a temporary folder."""
    engine = Engine(memory_limit=_SORTING_MEMORY)
    with TemporaryDirectory() as spill:
        engine.connection.execute("set temp_directory = $1", [spill])
        ledger.register(engine)
        key_id = sha256(PUBLISHED_TEST_KEY).hexdigest()[:_KEY_ID_LENGTH]
        manifest = {"synthetic": True, "key_id": key_id}
        written = write_store(engine, out, sources=sources, manifest=manifest)
        engine.connection.close()
    return written


def _require_sizes(people: int, first_day: date, last_day: date) -> None:
    if not _FEWEST_PEOPLE <= people <= _MOST_PEOPLE:
        raise UsageError(f"expected {_FEWEST_PEOPLE:,} to {_MOST_PEOPLE:,} people, got {people:,}.")
    if days_between(first_day, last_day) + 1 < _SHORTEST_DAYS:
        raise UsageError("expected a last day at least a year after the first day.")


def _records(rng: np.random.Generator, district: District, tell: Callable[[str], None]) -> Ledger:
    ledger = Ledger(district.people.patient_id)
    tell("register")
    write_patients(rng, ledger, district)
    write_places(rng, ledger, district, draw_moves(rng, district))
    write_objections(rng, ledger, district)
    tell("hospital records")
    stays = emergency_stays(rng, district)
    write_emergency_stays(rng, ledger, district, stays)
    write_planned_stays(rng, ledger, district)
    write_emergency_care(rng, ledger, district, stays)
    write_clinics(rng, ledger, district)
    tell("practice records")
    for write in (write_diagnoses, write_contacts, write_medicines, write_measurements):
        write(rng, ledger, district)
    tell("services")
    write_services(rng, ledger, district)
    return ledger


def _sources(first_day: date, last_day: date) -> tuple[SourceCount, ...]:
    """One count per feed; the practice record reaches further back than the others."""
    starts = {GP.name: add_days(first_day, -GP_HISTORY_DAYS)}
    return tuple(
        SourceCount(
            name=name,
            dialect="simulated",
            data_from=starts.get(name, first_day).isoformat(),
            data_to=last_day.isoformat(),
        )
        for name in FEEDS
    )
