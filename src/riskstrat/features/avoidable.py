"""Avoidable admissions whose diagnosis counts only with, or only without, another of the spell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskstrat.features.packing import Keys, pack, unpack
from riskstrat.features.picking import places_of

__all__ = ["with_avoidable_admissions"]


def with_avoidable_admissions(plain: Keys, numbers: Mapping[str, int]) -> Keys:
    """`plain` with facts ``acsc.avoidable`` of the two rules about further diagnoses of a spell.

    Acute bronchitis counts beside a code of COPD, influenza and pneumonia without a further
    diagnosis of sickle-cell disease. Facts of a spell stand on the day it began, so those of one
    day are those of one spell. A spell admitted for sickle-cell disease itself has none further.

    Parameters
    ----------
    plain : ndarray of int64
        Packed facts without an amount by row, in any order within it; so are those given back.
    numbers : mapping of str to int
        Number of each fact; the rules of :func:`riskstrat.features.codelists.code_rules` say
        which codes stand for which.

    References
    ----------
    The list of the NHS Institute for Innovation and Improvement (table ``acsc_icd10``).
    """
    parts = {name: numbers[name] for name in numbers if name.startswith("acsc.")}
    row, fact, day = unpack(plain[places_of(plain, parts.values())])
    spell = pack(row, 0, day)

    def spells(name: str) -> Keys:
        return np.unique(spell[fact == parts[f"acsc.{name}"]])

    beside = np.intersect1d(spells("if_beside"), spells("beside"))
    further = np.setdiff1d(spells("excluding"), spells("excluding_first"))
    found = np.union1d(beside, np.setdiff1d(spells("unless_excluded"), further))
    rows, _, days = unpack(found)
    facts = pack(rows, parts["acsc.avoidable"], days)
    return np.insert(plain, np.searchsorted(plain, pack(rows, 0, 0)), facts)
