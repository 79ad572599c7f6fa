"""Facts that count together: long-term conditions, kinds of medicine, parts of published scores.

A rule about a set looks at each of its facts. ``points`` adds the weight of every fact that is
there; the other rules take the facts together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from riskstrat.features.declared import counted_conditions, declared
from riskstrat.reference import load_table

__all__ = [
    "LACE_CONDITIONS",
    "PARR30_CONDITIONS",
    "FactSet",
    "fact_set",
    "members_of",
    "source_of",
]

LACE_CONDITIONS: Mapping[str, str] = {
    "mi": "previous_mi",
    "cevd": "cerebrovascular_disease",
    "pvd": "peripheral_vascular_disease",
    "diab": "diabetes_without_complications",
    "chf": "congestive_heart_failure",
    "diabwc": "diabetes_with_end_organ_damage",
    "cpd": "chronic_pulmonary_disease",
    "mld": "mild_liver_or_renal_disease",
    "canc": "any_tumour",
    "dementia": "dementia",
    "rheumd": "connective_tissue_disease",
    "aids": "aids",
    "msld": "severe_liver_or_renal_disease",
    "rend": "severe_liver_or_renal_disease",
    "metacanc": "metastatic_solid_tumour",
}
"""Groups of the Charlson index (ICD-10 of Quan 2005) as conditions of the table ``lace_charlson``.
The paper has no codes. Renal disease is not graded in these groups: it counts as moderate or
severe, which is what Charlson's own condition is."""

PARR30_CONDITIONS: Mapping[str, str] = {
    "chf": "congestive_heart_failure",
    "pvd": "peripheral_vascular_disease",
    "cpd": "chronic_pulmonary_disease",
    "diabwc": "diabetes_with_complications",
    "rend": "renal_disease",
    "metacanc": "metastatic_cancer",
    "canc": "other_malignant_cancer",
    "msld": "moderate_severe_liver_disease",
    "mld": "other_liver_disease",
    "hp": "hemiplegia_paraplegia",
    "dementia": "dementia",
}
"""Groups of the Charlson index as conditions of the table ``parr30_single_source``."""


@dataclass(frozen=True)
class FactSet:
    """Facts that count together.

    Parameters
    ----------
    weights : mapping of str to int
        Points of each fact. A fact without points only counts for the rule ``points``: something
        else is worked out from it.
    prefix : str
        Every fact whose name begins with it belongs to the set, with one point; empty for none.
    drops : tuple of (str, str)
        The first fact does not count beside the second.
    divisor : int
        Points per unit of the score: published weights with decimals are held as integers, since
        sums of tenths in floating point cross the edges of bands.
    is_missing_without : bool
        Whether no fact means that the score cannot be known, rather than zero.
    from_age : int
        Age in years from which the score is meant; missing below.
    many_medicines : int
        One more point for at least so many substances issued in 12 months; 0 for no such rule.
    needs : tuple of str
        Facts that all must have a feed, else the score is missing; empty: one of the set will do.
    paper : str
        Where the score was published.
    """

    weights: Mapping[str, int]
    prefix: str = ""
    drops: tuple[tuple[str, str], ...] = ()
    divisor: int = 1
    is_missing_without: bool = False
    from_age: int = 0
    many_medicines: int = 0
    needs: tuple[str, ...] = ()
    paper: str = ""


def fact_set(name: str) -> FactSet | None:
    """The set of a name; None when the name is a single fact."""
    return _sets().get(name)


def members_of(name: str, facts: Iterable[str]) -> dict[str, int]:
    """The facts behind a name with their points: the fact itself, or those of a set.

    Parameters
    ----------
    name : str
        A fact or a set.
    facts : iterable of str
        Every fact that occurs, for sets by prefix.
    """
    found = fact_set(name)
    if found is None:
        return {name: 1}
    begun = {fact: 1 for fact in facts if found.prefix and fact.startswith(found.prefix)}
    return {**begun, **found.weights}


_PAPERS = {
    "condition": "Kuan 2019 (ICD-10); SNOMED CT illustrative",
    "long_term_condition": "Barnett 2012; Kuan 2019",
    "measure": "table measurements",
    "drug": "British National Formulary",
    "medicine": "British National Formulary",
    "substance": "British National Formulary",
    "readmission": "NHS England, 30-day readmissions",
    "fall": "ICD-10 W00 to W19",
}


def source_of(fact: str) -> str:
    """Where the codes or weights behind a fact or set are from; empty for plain counting."""
    found = fact_set(fact)
    if found is not None and found.paper:
        return found.paper
    return _PAPERS.get(fact.split(".")[0], "")


@cache
def _sets() -> dict[str, FactSet]:
    conditions = counted_conditions()
    mental = {
        f"condition.{name}"
        for name, entry in declared()["conditions"].items()
        if entry["group"] == "mind"
    }
    chosen = {name: FactSet(dict.fromkeys(facts, 1)) for name, facts in declared()["sets"].items()}
    return {
        "long_term_condition": FactSet(dict.fromkeys(conditions, 1)),
        "mental_condition": FactSet({fact: 1 for fact in conditions if fact in mental}),
        "physical_condition": FactSet({fact: 1 for fact in conditions if fact not in mental}),
        "medicine": FactSet({}, prefix="medicine."),
        "substance": FactSet({}, prefix="substance."),
        "measured": FactSet({}, prefix="measure."),
        "charlson": _comorbidity("charlson", "quan2011", "Charlson 1987; Quan 2005, 2011"),
        "hfrs": _hfrs(),
        "elixhauser": _comorbidity(
            "elixhauser", "van_walraven2009", "Quan 2005; van Walraven 2009"
        ),
        "imperial_frailty": FactSet({}, prefix="imperial.", paper="Soong 2015"),
        "cambridge": _cambridge(),
        "efi": _efi(),
        "acsc": _avoidable(),
        **_at_discharge(),
        **chosen,
    }


def _comorbidity(index: str, weight: str, paper: str) -> FactSet:
    """An index of comorbidity: weighted groups, of which milder ones do not count beside severe."""
    weights = {
        f"{index}.{row['condition']}": int(row[weight]) for row in load_table(f"{index}_weights")
    }
    drops = tuple(
        (f"{index}.{row['drop_condition']}", f"{index}.{row['when_present']}")
        for row in load_table(f"{index}_hierarchy")
    )
    return FactSet(weights, drops=drops, paper=paper)


def _avoidable() -> FactSet:
    """Only the first counts; from the others :mod:`riskstrat.features.avoidable` works out more."""
    others = ("if_beside", "beside", "unless_excluded", "excluding", "excluding_first")
    weights = {"acsc.avoidable": 1, **{f"acsc.{name}": 0 for name in others}}
    return FactSet(weights, paper="Purdy 2009; NHS Institute")


def _at_discharge() -> dict[str, FactSet]:
    """Facts that :mod:`riskstrat.features.discharge` reads; the weights are in its tables."""
    stays = ("discharge", "emergency_admission")
    lace = tuple(f"charlson.{group}" for group in LACE_CONDITIONS)
    parr30 = tuple(f"charlson.{group}" for group in PARR30_CONDITIONS)
    tests = ("measure.haemoglobin", "measure.sodium")
    stay = ("inpatient_stay", "discharge_specialty", "coded.diagnosis")

    def score(paper: str, needs: Sequence[str], others: Sequence[str] = ()) -> FactSet:
        facts = (*stays, "elective_admission", *needs, *others)
        return FactSet(dict.fromkeys(facts, 0), needs=(*stays, *needs), paper=paper)

    return {
        "lace": score("van Walraven 2010", ("ed_attendance", *lace)),
        "hospital_score": score("Donze 2013, 2016", ("coded.procedure",), (*tests, *stay)),
        "parr30": score("Billings 2012 (single source)", parr30, ("age", "imd_decile")),
    }


def _hfrs() -> FactSet:
    tenths = {
        f"hfrs.{row['icd10_3char']}": int(row["tenths"]) for row in load_table("hfrs_gilbert2018")
    }
    return FactSet(
        {**tenths, "hfrs.any": 0}, divisor=10, is_missing_without=True, paper="Gilbert 2018"
    )


def _cambridge() -> FactSet:
    hundredths = {
        f"cambridge.{row['condition']}": int(row["hundredths"])
        for row in load_table("cambridge_payne2020")
    }
    return FactSet(hundredths, divisor=100, paper="Payne 2020")


def _efi() -> FactSet:
    deficits = {f"efi.{row['deficit']}": 1 for row in load_table("efi_deficits")}
    return FactSet(
        deficits, divisor=len(deficits), from_age=65, many_medicines=5, paper="Clegg 2016"
    )
