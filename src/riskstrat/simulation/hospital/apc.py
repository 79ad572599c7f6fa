"""The feed ``hes_apc``: one row per consultant episode, as SUS submissions reach the warehouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, DaysOf, opaque
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.hospital.apc_codes import diagnosis_columns, procedure_columns
from riskstrat.simulation.hospital.episodes import TREATMENTS, main_specialties
from riskstrat.simulation.hospital.inpatients import Inpatients
from riskstrat.simulation.hospital.spells import (
    DISCHARGES,
    EMERGENCY_METHODS,
    METHODS,
    PATIENT_CLASSES,
    PLACES,
    PROVIDERS,
    SITES,
    TRANSFER_METHODS,
)
from riskstrat.simulation.hospital.submissions import FEED, ApcRows, submitted_rows
from riskstrat.simulation.hospital.virtual_wards import VIRTUAL_WARDS_FROM, to_virtual_ward
from riskstrat.simulation.hospital.whose import (
    digits,
    financial_years,
    nullable,
    parts_of_year,
)
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import NEVER, Days, Mask, ages

__all__ = ["tell_apc"]

_ORDERS = 10
"""More than the episodes of a spell."""
_REFRESHED_KEY, _AGAIN_KEY = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
"""Keys that put the rows of one episode far apart in the file."""
_SUSRECID_DIGITS = 14
_INTENDED = ("8", "8", "1", "2", "4")
"""NHS Data Dictionary: intended management of each kind of spell; 8 = not applicable."""
_NOT_DISCHARGED, _NOT_GONE = "8", "98"
"""Method and destination of discharge in episodes that are not the last of their spell."""
_PRIVATE = 0.005
_WAIT_DAYS = 70
"""Mean days from the decision to a planned admission."""
_LONGEST_WAIT = 600
_DELAYED_IN_CARE, _DELAYED_OLD, _DELAYED = 0.45, 0.20, 0.04
"""Share of long stays that end later than the patient was ready to go: of people who go to a care
home, of others from 75, of younger ones (NHS England, discharge delays, orders of magnitude)."""
_OLD = 75
_LONG_NIGHTS = 5
_MEAN_DELAY = 4
_CARER_ASKED = 0.4
"""Share of spells in which carer support was recorded."""
_UNFINISHED, _FINISHED = "1", "3"
_GENERAL_EPISODE = "1"
_CARE_HOMES = ("85", "54")
_SPELL_BEGAN_EARLIER, _SPELL_BEGAN_THIS_YEAR, _NOT_FIRST = "1", "2", "0"


def tell_apc(block: Block, facts: Inpatients) -> FeedRows:
    """The rows of the feed."""
    rows = submitted_rows(block, facts)
    columns = {
        **_record_columns(rows),
        **_person_columns(rows),
        **_admission_columns(rows),
        **_discharge_columns(rows),
        **_episode_columns(rows),
        **_flag_columns(rows),
        **_treatment_columns(rows),
        **diagnosis_columns(rows),
        **procedure_columns(rows),
        **_support_columns(rows),
    }
    key = _episode_draws(rows).bits("order")
    key = key + rows.refreshed * _REFRESHED_KEY + rows.again * _AGAIN_KEY
    return FeedRows(FEED, columns, block.people.number[rows.of_spell("row")], key)


def _episode_draws(rows: ApcRows) -> Draws:
    row, start, number = map(rows.of_spell, ("row", "start", "number"))
    episode = number * _ORDERS + rows.of_episode("order")
    return rows.block.draws("hes_apc episode", row, start, episode)


def _spell_draws(rows: ApcRows) -> Draws:
    row, start, number = map(rows.of_spell, ("row", "start", "number"))
    return rows.block.draws("hes_apc spell", row, start, number)


def _is_last(rows: ApcRows) -> Mask:
    """Rows of the last episode of a finished spell."""
    last: Mask = rows.of_episode("last") & rows.finished
    return last


def _episode_ends(rows: ApcRows) -> Days:
    """Last day of each row's episode; NEVER when it goes on after the period."""
    end: Days = rows.of_episode("end")
    return np.where(end <= rows.block.period.last, end, NEVER)


def _episode_starts(rows: ApcRows) -> Days:
    first = rows.of_episode("order") == 1
    return np.where(first, rows.admission_day(), rows.of_episode("start"))


def _record_columns(rows: ApcRows) -> dict[str, Any]:
    draws = _episode_draws(rows)
    year = np.minimum(_episode_ends(rows), rows.block.period.last)
    return {
        "FYEAR": financial_years(year),
        "PARTYEAR": parts_of_year(rows.submitted),
        "EPIKEY": opaque("E", draws.bits("key")),
        "SUSRECID": digits(draws.bits("sus record"), _SUSRECID_DIGITS),
        "SUBDATE": DaysOf(rows.submitted),
        "PROVSPNO": Choice(rows.facts.spells.identifiers(rows.block), rows.spell),
    }


def _person_columns(rows: ApcRows) -> dict[str, Any]:
    whose = rows.whose
    return {
        "NEWNHSNO": whose.nhs_number(),
        "NHSNOIND": whose.number_status(),
        "LOPATID": whose.local_number(),
        "MYDOB": whose.birth_month(),
        "STARTAGE": whose.age(_episode_starts(rows)),
        "SEX": whose.sex(),
        "ETHNOS": whose.ethnicity(),
        "HOMEADD": whose.postcode(),
        "LSOA11": whose.lsoa(),
        "IMD04_DECILE": whose.imd(),
        "GPPRAC": whose.practice(),
    }


def _admission_columns(rows: ApcRows) -> dict[str, Any]:
    draws, kind = _spell_draws(rows), rows.of_spell("kind")
    planned = rows.facts.spells.is_kind("inpatient", "day_case")[rows.spell]
    alive = rows.of_spell("start") - rows.block.people.birth[rows.of_spell("row")]
    wait = draws.exponential("wait", _WAIT_DAYS).astype(np.int64)
    wait = np.minimum(wait, np.minimum(alive, _LONGEST_WAIT))
    return {
        "ADMIDATE": DaysOf(rows.admission_day()),
        "ADMIMETH": Choice(METHODS, rows.method()),
        "ADMISORC": Choice(PLACES, rows.of_spell("source")),
        "ADMINCAT": Choice(("01", "02"), draws.chance("private", _PRIVATE).astype(np.int64)),
        "CLASSPAT": Choice(PATIENT_CLASSES, kind),
        "INTMANIG": Choice(_INTENDED, kind),
        "ELECDATE": DaysOf(np.where(planned, rows.of_spell("start") - wait, NEVER)),
        "ELECDUR": nullable(wait, planned),
    }


def _discharge_columns(rows: ApcRows) -> dict[str, Any]:
    last = _is_last(rows)
    method = np.where(last, rows.of_spell("discharge"), len(DISCHARGES))
    place = np.where(last, rows.of_spell("destination"), len(PLACES))
    return {
        "DISDATE": DaysOf(np.where(last, rows.of_spell("end"), NEVER)),
        "DISMETH": Choice((*DISCHARGES, _NOT_DISCHARGED), method),
        "DISDEST": Choice((*PLACES, _NOT_GONE), place),
        "DISREADYDATE": DaysOf(np.where(last & _has_ready_day(rows), _ready(rows), NEVER)),
    }


def _has_ready_day(rows: ApcRows) -> Mask:
    nights = rows.of_spell("end") - rows.of_spell("start")
    alive = rows.of_spell("discharge") != DISCHARGES.index("4")
    found: Mask = (nights > 0) & alive
    return found


def _ready(rows: ApcRows) -> Days:
    """The day on which a patient was ready to leave hospital."""
    row, start, end = map(rows.of_spell, ("row", "start", "end"))
    draws = _spell_draws(rows)
    to_care = np.isin(rows.of_spell("destination"), [PLACES.index(code) for code in _CARE_HOMES])
    old = ages(rows.block.people.birth[row], end) >= _OLD
    share = np.select([to_care, old], [_DELAYED_IN_CARE, _DELAYED_OLD], _DELAYED)
    late = (end - start >= _LONG_NIGHTS) & draws.chance("delayed", share)
    delay = np.ceil(draws.exponential("delay", _MEAN_DELAY)).astype(np.int64)
    ready: Days = end - np.where(late, np.minimum(delay, end - start - 1), 0)
    return ready


def _episode_columns(rows: ApcRows) -> dict[str, Any]:
    start, end = _episode_starts(rows), _episode_ends(rows)
    ended, last = end < NEVER, _is_last(rows)
    return {
        "EPISTART": DaysOf(start),
        "EPIEND": DaysOf(end),
        "EPIORDER": rows.of_episode("order"),
        "EPISTAT": Choice((_UNFINISHED, _FINISHED), ended.astype(np.int64)),
        "EPITYPE": _GENERAL_EPISODE,
        "EPIDUR": nullable(end - start, ended),
        "SPELBGIN": _spell_begins(rows),
        "SPELEND": Choice(("N", "Y"), last.astype(np.int64)),
        "SPELDUR": nullable(rows.of_spell("end") - rows.admission_day(), last),
    }


def _spell_begins(rows: ApcRows) -> Choice:
    labels = (_NOT_FIRST, _SPELL_BEGAN_EARLIER, _SPELL_BEGAN_THIS_YEAR)
    end = np.minimum(_episode_ends(rows), rows.block.period.last)
    same = financial_years(end).positions == financial_years(rows.admission_day()).positions
    return Choice(labels, np.where(rows.of_episode("order") == 1, 1 + same, 0))


def _flag_columns(rows: ApcRows) -> dict[str, Any]:
    finished = (_episode_ends(rows) < NEVER).astype(np.int64)
    admission = finished * (rows.of_episode("order") == 1)
    urgent = [METHODS.index(code) for code in (*EMERGENCY_METHODS, *TRANSFER_METHODS[1:])]
    return {
        "FAE": admission,
        "FAE_EMERGENCY": admission * np.isin(rows.method(), urgent),
        "FCE": finished,
        "FDE": _is_last(rows).astype(np.int64),
    }


def _treatment_columns(rows: ApcRows) -> dict[str, Any]:
    treatment: npt.NDArray[np.int64] = rows.of_episode("treatment")
    return {
        "PROCODET": Choice(PROVIDERS, rows.of_spell("provider")),
        "SITETRET": Choice(SITES, rows.of_spell("provider")),
        "MAINSPEF": Choice(main_specialties(TREATMENTS), treatment),
        "TRETSPEF": Choice(TREATMENTS, treatment),
        "SUSHRG": None,
    }


def _support_columns(rows: ApcRows) -> dict[str, Any]:
    draws, row = _spell_draws(rows), rows.of_spell("row")
    asked = draws.chance("carer asked", _CARER_ASKED)
    carer = rows.block.people.carer[row].astype(np.int64)
    at_home = to_virtual_ward(rows.block, rows.facts.spells)[rows.spell].astype(np.int64)
    told = _is_last(rows) & (rows.of_spell("end") >= VIRTUAL_WARDS_FROM)
    indicator = Choice(("N", "Y"), np.where(told, at_home, -1))
    return {
        "CARERSI": Choice(("02", "01"), np.where(asked, carer, -1)),
        "DISCHARGE_TO_HOSPITAL_AT_HOME_SERVICE_INDICATOR": indicator,
    }
