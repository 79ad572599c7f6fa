"""Avoidable admissions whose diagnosis counts only with, or only without, another of the spell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from riskstrat.features.kernel import Keys, pack, unpack
from riskstrat.features.picking import places_of

__all__ = ["avoidable_admissions"]


def avoidable_admissions(coded: Sequence[Keys], numbers: Mapping[str, int]) -> Keys:
    """Facts ``acsc.avoidable`` of the two rules about further diagnoses of the same admission.

    Acute bronchitis counts beside a code of COPD, influenza and pneumonia without a further
    diagnosis of sickle-cell disease. Facts of a spell stand on the day it began, so those of one
    day are those of one spell. A spell admitted for sickle-cell disease itself has none further.

    Parameters
    ----------
    coded : sequence of ndarray of int64
        Packed facts without an amount, in any order.
    numbers : mapping of str to int
        Number of each fact; the rules of :func:`riskstrat.features.codelists.code_rules` say
        which codes stand for which.

    References
    ----------
    The list of the NHS Institute for Innovation and Improvement (table ``acsc_icd10``).
    """
    parts = {name: numbers[name] for name in numbers if name.startswith("acsc.")}
    of_spells = [keys[places_of(keys, parts.values())] for keys in coded]
    row, fact, day = unpack(np.concatenate([np.empty(0, np.int64), *of_spells]))
    spell = pack(row, 0, day)

    def spells(name: str) -> Keys:
        return np.unique(spell[fact == parts[f"acsc.{name}"]])

    beside = np.intersect1d(spells("if_beside"), spells("beside"))
    further = np.setdiff1d(spells("excluding"), spells("excluding_first"))
    found = np.union1d(beside, np.setdiff1d(spells("unless_excluded"), further))
    rows, _, days = unpack(found)
    return pack(rows, parts["acsc.avoidable"], days)
