"""Hospital care as linked records: told once, by the first submission, complete and correct."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice, opaque
from riskstrat.simulation.feeds.calendar import EMERGENCY_CARE, HOSPITAL
from riskstrat.simulation.hospital import attendances as departments
from riskstrat.simulation.hospital.attendances import Attendances
from riskstrat.simulation.hospital.coding import diagnosis_labels, procedure_labels
from riskstrat.simulation.hospital.ecds import told_diagnoses
from riskstrat.simulation.hospital.episodes import TREATMENTS, treatments_of
from riskstrat.simulation.hospital.inpatients import Inpatients
from riskstrat.simulation.hospital.outpatients import KEPT, Appointments
from riskstrat.simulation.hospital.spells import (
    DISCHARGES,
    METHODS,
    PATIENT_CLASSES,
    PLACES,
    PROVIDERS,
)
from riskstrat.simulation.hospital.virtual_wards import to_virtual_ward, virtual_ward_ends
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.timeline import Days

__all__ = ["write_appointments", "write_attendances", "write_inpatients"]

_STAY_KINDS = ("inpatient", "inpatient", "inpatient", "day_case", "day_case")
"""Kind of stay of each kind of spell."""
_EMERGENCY_MEDICINE = "180"


def write_inpatients(block: Block, ledger: Ledger, facts: Inpatients) -> None:
    """Write finished spells, what they were coded with, and virtual wards after them."""
    spells = facts.spells
    done = np.flatnonzero(spells.finished(block))
    told, row = spells.told(block)[done], spells.row[done]
    identifier = spells.identifiers(block)
    ledger.add(
        "stays",
        row,
        stay_id=identifier.take(pa.array(done)),
        kind=Choice(_STAY_KINDS, spells.kind[done]),
        start_date=spells.start[done],
        start_time=spells.minute[done],
        end_date=spells.end[done],
        patient_class=Choice(PATIENT_CLASSES, spells.kind[done]),
        admission_source=Choice(PLACES, spells.source[done]),
        admission_method=Choice(METHODS, spells.method[done]),
        is_emergency=spells.is_kind("emergency")[done],
        specialty=Choice(TREATMENTS, treatments_of(block, spells)[done]),
        discharge_method=Choice(DISCHARGES, spells.discharge[done]),
        discharge_destination=Choice(PLACES, spells.destination[done]),
        provider=Choice(PROVIDERS, spells.provider[done]),
        recorded_date=told,
    )
    _write_codes(block, ledger, facts, identifier)
    _write_virtual_wards(block, ledger, facts)


def _write_codes(block: Block, ledger: Ledger, facts: Inpatients, identifier: pa.Array) -> None:
    """Diagnoses on the day of admission, procedures on theirs."""
    spells, coded = facts.spells, facts.coded
    told = spells.told(block)
    for kind, system, codes, labels, day in (
        ("diagnosis", "icd10", coded.diagnoses, diagnosis_labels(), spells.start),
        ("procedure", "opcs4", coded.procedures, procedure_labels(), coded.operated),
    ):
        spell, place = np.nonzero(codes >= 0)
        ledger.add(
            "events",
            spells.row[spell],
            kind=kind,
            event_date=day[spell],
            source=HOSPITAL.feed,
            system=system,
            code=Choice(labels, codes[spell, place]),
            position=place + 1,
            stay_id=Choice(identifier, spell),
            recorded_date=told[spell],
        )


def _write_virtual_wards(block: Block, ledger: Ledger, facts: Inpatients) -> None:
    """Stays at home that followed a discharge and ended in the period."""
    spells = facts.spells
    end = virtual_ward_ends(block, spells)
    went = to_virtual_ward(block, spells) & (end > spells.end) & (end <= block.period.last)
    which = np.flatnonzero(went)
    bits = spells.draws(block, "virtual ward").bits("stay")
    ledger.add(
        "stays",
        spells.row[which],
        stay_id=opaque("V", bits[which]),
        kind="virtual_ward",
        start_date=spells.end[which],
        end_date=end[which],
        is_emergency=False,
        provider=Choice(PROVIDERS, spells.provider[which]),
        recorded_date=HOSPITAL.told(end[which]),
    )


def write_appointments(block: Block, ledger: Ledger, found: Appointments) -> None:
    """Write outpatient appointments, also those that were not kept."""
    ledger.add(
        "stays",
        found.row,
        stay_id=found.identifiers(),
        kind="outpatient",
        start_date=found.day,
        end_date=found.day,
        is_emergency=False,
        attendance=Choice(KEPT, found.attended),
        specialty=Choice(column("clinics", "specialty"), found.clinic),
        provider=Choice(PROVIDERS, found.provider),
        recorded_date=HOSPITAL.told(found.day),
    )


def write_attendances(block: Block, ledger: Ledger, found: Attendances) -> None:
    """Write attendances at emergency departments, and the diagnosis made there."""
    told: Days = EMERGENCY_CARE.told(found.day)
    identifier = found.identifiers(block)
    ledger.add(
        "stays",
        found.row,
        stay_id=identifier,
        kind="emergency_department",
        start_date=found.day,
        start_time=found.minute,
        end_date=found.departed(block)[0],
        is_emergency=False,
        attendance="attended",
        specialty=_EMERGENCY_MEDICINE,
        provider=Choice(PROVIDERS, found.provider),
        recorded_date=told,
    )
    diagnosis = told_diagnoses(block, found)
    which = np.flatnonzero(diagnosis >= 0)
    ledger.add(
        "events",
        found.row[which],
        kind="diagnosis",
        event_date=found.day[which],
        source=EMERGENCY_CARE.feed,
        system="snomed",
        code=Choice(departments.diagnosis_labels(), diagnosis[which]),
        position=1,
        stay_id=Choice(identifier, which),
        recorded_date=told[which],
    )
