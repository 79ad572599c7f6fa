"""Diagnoses and procedures of spells: the cause first, then conditions and signs of ageing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.hospital.causes import labels_of, positions_of
from riskstrat.simulation.hospital.spells import Spells
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Days, Floats, Mask, ages

__all__ = [
    "MOST_DIAGNOSES",
    "MOST_PROCEDURES",
    "Coded",
    "code_spells",
    "diagnosis_labels",
    "procedure_labels",
]

MOST_DIAGNOSES = 12
MOST_PROCEDURES = 4
"""Positions that the feed has room for."""

_MOST_LIKELY_SIGN = 0.6
_USUAL_AGE = 65
_AGES_COUNTED = (15, 105)
_DECADE = 10
_LATEST_OPERATION = 3
"""Operations of emergency stays are done in the first days."""
_SIDES = ("Z942", "Z943")
"""OPCS-4: operation on the right and on the left side."""

_DIAGNOSES = (
    ("admission_causes", "icd10"),
    ("admission_causes", "external_cause"),
    ("elective_causes", "icd10"),
    ("conditions", "icd10"),
    ("secondary_codes", "icd10"),
)
_PROCEDURES = (
    ("admission_causes", "opcs4"),
    ("elective_causes", "opcs4"),
    ("emergency_procedures", "opcs4"),
)
_FIRST, _SECOND, _LATER = 0.0, 1.0, 2.0
"""Ranks of the cause, the external cause and the rest; the rest stand in any order."""


def diagnosis_labels() -> tuple[str, ...]:
    """Every ICD-10 code that a spell may have."""
    return labels_of(*_DIAGNOSES)


def procedure_labels() -> tuple[str, ...]:
    """Every OPCS-4 code that a spell may have."""
    return (*labels_of(*_PROCEDURES), *_SIDES)


def _positions(table: str, key: str) -> npt.NDArray[np.int64]:
    labels = procedure_labels() if key == "opcs4" else diagnosis_labels()
    return positions_of(labels, table, key)


@dataclass(frozen=True)
class Coded:
    """Codes of spells; unfinished spells have none.

    Parameters
    ----------
    diagnoses : ndarray of int, shape (spells, 12)
        Positions in :func:`diagnosis_labels`; -1 = none.
    procedures : ndarray of int, shape (spells, 4)
        Positions in :func:`procedure_labels`.
    operated : ndarray of day numbers
        Day of the procedures.
    """

    diagnoses: npt.NDArray[np.int64]
    procedures: npt.NDArray[np.int64]
    operated: Days


@dataclass(frozen=True)
class _Flat:
    """Codes of spells, one after the other, with what they are ordered by."""

    spell: npt.NDArray[np.int64]
    code: npt.NDArray[np.int64]
    rank: Floats


def code_spells(block: Block, spells: Spells) -> Coded:
    """Code what was wrong with people, and what was done, in their finished spells."""
    finished = spells.finished(block)
    emergency = spells.is_kind("emergency", "transfer") & finished
    planned = ~spells.is_kind("emergency", "transfer") & finished
    diagnoses = [
        _from_table(spells, emergency, "admission_causes", "icd10", _FIRST),
        _from_table(spells, emergency, "admission_causes", "external_cause", _SECOND),
        _from_table(spells, planned, "elective_causes", "icd10", _FIRST),
        _conditions(block, spells, finished),
        _signs(block, spells, emergency),
    ]
    procedures = [
        _operations(block, spells, emergency),
        _from_table(spells, planned, "elective_causes", "opcs4", _FIRST),
        _sides(block, spells, planned),
        _investigations(block, spells, emergency),
    ]
    return Coded(
        diagnoses=_in_order(len(spells), diagnoses, MOST_DIAGNOSES),
        procedures=_in_order(len(spells), procedures, MOST_PROCEDURES),
        operated=_operated(block, spells, emergency),
    )


def _in_order(count: int, parts: list[_Flat], most: int) -> npt.NDArray[np.int64]:
    """The codes of each spell by rank, each once, as many as there is room for."""
    spell, code, rank = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("spell", "code", "rank")
    )
    order = np.lexsort((rank, spell))
    spell, code = spell[order], code[order]
    _, first = np.unique(spell * (code.max(initial=0) + 1) + code, return_index=True)
    once = np.sort(first)
    spell, code = spell[once], code[once]
    begin = np.searchsorted(spell, np.arange(count))
    position = np.arange(len(spell)) - begin[spell]
    fits = position < most
    found = np.full((count, most), -1, np.int64)
    found[spell[fits], position[fits]] = code[fits]
    return found


def _from_table(spells: Spells, which: Mask, table: str, key: str, rank: float) -> _Flat:
    spell = np.flatnonzero(which)
    code = _positions(table, key)[spells.cause[spell]]
    has = code >= 0
    return _Flat(spell[has], code[has], np.full(int(has.sum()), rank))


def _later(draws: Draws) -> Floats:
    rank: Floats = _LATER + draws.uniform("rank")
    return rank


def _each(block: Block, process: str, spells: Spells, spell: Days, number: Days) -> Draws:
    """Random numbers of one thing of several in each spell."""
    row, day = spells.row[spell], spells.start[spell]
    return block.draws(process, row, day, spells.number[spell] * 1000 + number)


def _conditions(block: Block, spells: Spells, which: Mask) -> _Flat:
    """Conditions that had begun before the day of admission."""
    begun = block.lives.onset[spells.row] < spells.start[:, None]
    spell, condition = np.nonzero(begun & which[:, None])
    draws = _each(block, "coded condition", spells, spell, condition)
    share = numbers("conditions", "hospital_coded")
    code = _positions("conditions", "icd10")[condition]
    kept = draws.chance("coded", share[condition]) & (code >= 0)
    return _Flat(spell[kept], code[kept], _later(draws)[kept])


def _signs(block: Block, spells: Spells, which: Mask) -> _Flat:
    """Signs of ageing, more of them with dementia."""
    stays = np.flatnonzero(which)
    row, day = spells.row[stays], spells.start[stays]
    age = np.clip(ages(block.people.birth[row], day), *_AGES_COUNTED)[:, None]
    decades = (age - _USUAL_AGE) / _DECADE
    share = numbers("secondary_codes", "at_65") * np.exp(
        numbers("secondary_codes", "change_per_decade") * decades
    )
    demented = (block.lives.onset[row, condition_index("dementia")] < day)[:, None]
    share *= np.where(demented, numbers("secondary_codes", "dementia_factor"), 1.0)
    number = np.tile(np.arange(share.shape[1]), len(stays))
    draws = _each(block, "coded sign", spells, np.repeat(stays, share.shape[1]), number)
    coded = draws.chance("coded", np.minimum(share, _MOST_LIKELY_SIGN).ravel())
    spell = np.repeat(stays, share.shape[1])
    code = _positions("secondary_codes", "icd10")[number]
    return _Flat(spell[coded], code[coded], _later(draws)[coded])


def _operations(block: Block, spells: Spells, which: Mask) -> _Flat:
    """The operation that the cause of an emergency admission often needs."""
    found = _from_table(spells, which, "admission_causes", "opcs4", _FIRST)
    shares = np.array([float(share or 0) for share in column("admission_causes", "opcs4_share")])
    draws = spells.draws(block, "operation")
    done = draws.chance("done", shares[np.where(which, spells.cause, 0)])[found.spell]
    return _Flat(found.spell[done], found.code[done], found.rank[done])


def _sides(block: Block, spells: Spells, which: Mask) -> _Flat:
    """Right or left, of operations on one side."""
    sided = numbers("elective_causes", "sided") == 1
    spell = np.flatnonzero(which & sided[np.where(which, spells.cause, 0)])
    labels = procedure_labels()
    right, left = (labels.index(code) for code in _SIDES)
    on_right = spells.draws(block, "operation").chance("right side", 0.5)[spell]
    return _Flat(spell, np.where(on_right, right, left), np.full(len(spell), _SECOND))


def _investigations(block: Block, spells: Spells, which: Mask) -> _Flat:
    """Imaging and the like in emergency stays that are long enough for them."""
    stays = np.flatnonzero(which)
    kinds = len(column("emergency_procedures", "opcs4"))
    spell, number = np.repeat(stays, kinds), np.tile(np.arange(kinds), len(stays))
    draws = _each(block, "investigation", spells, spell, number)
    nights = (spells.end - spells.start)[spell]
    done = draws.chance("done", numbers("emergency_procedures", "share")[number])
    done &= nights >= numbers("emergency_procedures", "nights")[number]
    code = _positions("emergency_procedures", "opcs4")[number]
    return _Flat(spell[done], code[done], _later(draws)[done])


def _operated(block: Block, spells: Spells, emergency: Mask) -> Days:
    latest = np.minimum(spells.end - spells.start, _LATEST_OPERATION)
    after = spells.draws(block, "operation").integers("day", 0, latest + 1)
    return spells.start + np.where(emergency, after, 0)
