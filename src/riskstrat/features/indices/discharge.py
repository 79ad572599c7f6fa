"""Risk of readmission at discharge in points: LACE and HOSPITAL.

Both need facts of the stay that ends. Its codes may reach a warehouse weeks later: a study must say
what was known on the day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from riskstrat.errors import UsageError
from riskstrat.features.indices.arguments import known_names, whole_number, within, yes_or_no
from riskstrat.features.indices.condition_groups import points, weight_of
from riskstrat.reference import load_table

__all__ = [
    "HospitalScoreVersion",
    "HospitalStay",
    "hospital_score",
    "hospital_score_band",
    "lace",
    "lace_band",
    "lace_charlson_points",
]

HospitalScoreVersion = Literal[2016, 2013]

HAEMOGLOBIN_G_PER_L = 120
"""Haemoglobin below this scores (12 g/dL in Donze 2013)."""

SODIUM_MMOL_PER_L = 135
"""Sodium below this scores (135 mmol/L in Donze 2013)."""

_HIGHEST_LACE, _HIGHEST_HOSPITAL = 19, 13

LACE_MILDER = {
    "diabetes_without_complications": "diabetes_with_end_organ_damage",
    "mild_liver_or_renal_disease": "severe_liver_or_renal_disease",
    "any_tumour": "metastatic_solid_tumour",
}
"""Conditions of LACE that do not count beside their severe form, as in the Charlson index."""


def lace(length_of_stay_days: int, *, is_acute: bool, charlson_points: int, ed_visits: int) -> int:
    """LACE index of death or unplanned readmission within 30 days of discharge.

    Parameters
    ----------
    length_of_stay_days : int
        Days from admission to discharge; 0 when both are on one day.
    is_acute : bool
        Whether the admission was an emergency.
    charlson_points : int
        Comorbidity points of the LACE variant, see :func:`lace_charlson_points`; other weights of
        the Charlson index are not on this scale.
    ed_visits : int
        Emergency department visits within 6 months before the admission, without the one that led
        to it.

    Returns
    -------
    int
        0 to 19 points.

    Raises
    ------
    UsageError
        When a number is not a whole one of 0 or more.

    References
    ----------
    van Walraven C, Dhalla IA, Bell C, et al. CMAJ 2010;182:551-7. doi:10.1503/cmaj.091117.

    Examples
    --------
    >>> lace(5, is_acute=True, charlson_points=5, ed_visits=2)
    14
    """
    values = {
        "length_of_stay_days": whole_number(length_of_stay_days, "length_of_stay_days"),
        "acute_admission": int(yes_or_no(is_acute, "is_acute")),
        "charlson_points": whole_number(charlson_points, "charlson_points"),
        "ed_visits_6_months": whole_number(ed_visits, "ed_visits"),
    }
    return sum(points("lace_points", component, value) for component, value in values.items())


def lace_charlson_points(conditions: Iterable[str]) -> int:
    """Comorbidity points as the LACE index counts them.

    Parameters
    ----------
    conditions : iterable of str
        Names of the table ``lace_charlson``. They are clinical and have no code list: renal disease
        is graded, which ICD-10 groups of the Charlson index do not do.

    Returns
    -------
    int
        Sum of the points; a milder form does not count beside the severe one.

    Raises
    ------
    UsageError
        When a name is not of the table.

    References
    ----------
    van Walraven C, et al. CMAJ 2010;182:551-7. doi:10.1503/cmaj.091117.

    Examples
    --------
    >>> lace_charlson_points(["congestive_heart_failure", "dementia"])
    5
    """
    point = weight_of("lace_charlson", "points")
    given = known_names(conditions, point, "conditions")
    milder = {name for name, severe in LACE_MILDER.items() if severe in given}
    return sum(point[name] for name in given - milder)


def lace_band(score: int) -> str:
    """The band in common use: ``low`` (0 to 4), ``moderate`` (5 to 9) or ``high`` (10 and more).

    Parameters
    ----------
    score : int
        LACE index, 0 to 19.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        When the score is not a whole number from 0 to 19.

    References
    ----------
    The paper has no bands; 10 and more as high is the common reading of van Walraven C, et al.
    CMAJ 2010;182:551-7. doi:10.1503/cmaj.091117.

    Examples
    --------
    >>> [lace_band(score) for score in (4, 5, 9, 10)]
    ['low', 'moderate', 'moderate', 'high']
    """
    return _band("lace", score, _HIGHEST_LACE)


@dataclass(frozen=True, kw_only=True)
class HospitalStay:
    """What the HOSPITAL score knows of a stay at discharge.

    Parameters
    ----------
    haemoglobin_g_per_l, sodium_mmol_per_l : float
        Last values before discharge, in g/L and mmol/L. A haemoglobin in g/dL is ten times smaller
        and refused.
    is_oncology_discharge : bool
        Whether the discharge is from an oncology service.
    has_procedure : bool
        Whether any procedure was coded during the stay.
    is_urgent : bool
        Whether the admission was urgent or an emergency.
    prior_admissions : int
        Hospital admissions within 12 months before this one.
    length_of_stay_days : int
        Days from admission to discharge.

    Raises
    ------
    UsageError
        When a value is missing, of another type, or cannot be.

    Examples
    --------
    >>> HospitalStay(
    ...     haemoglobin_g_per_l=119, sodium_mmol_per_l=135, is_oncology_discharge=False,
    ...     has_procedure=True, is_urgent=True, prior_admissions=1, length_of_stay_days=5,
    ... ).prior_admissions
    1
    """

    haemoglobin_g_per_l: float
    sodium_mmol_per_l: float
    is_oncology_discharge: bool
    has_procedure: bool
    is_urgent: bool
    prior_admissions: int
    length_of_stay_days: int

    def __post_init__(self) -> None:
        within(self.haemoglobin_g_per_l, "haemoglobin_g_per_l", 20, 300)
        within(self.sodium_mmol_per_l, "sodium_mmol_per_l", 80, 220)
        for name in ("is_oncology_discharge", "has_procedure", "is_urgent"):
            yes_or_no(getattr(self, name), name)
        for name in ("prior_admissions", "length_of_stay_days"):
            whole_number(getattr(self, name), name)


def hospital_score(stay: HospitalStay, version: HospitalScoreVersion = 2016) -> int:
    """HOSPITAL score of a potentially avoidable readmission within 30 days of discharge.

    Parameters
    ----------
    stay : HospitalStay
    version : {2016, 2013}
        Steps of prior admissions: 0 to 1, 2 to 5, more than 5 in the international validation, and
        0, 1 to 5, more than 5 in the derivation. The points (0, 2, 5) are the same.

    Returns
    -------
    int
        0 to 13 points.

    Raises
    ------
    UsageError
        When the version is not known.

    References
    ----------
    Donze J, Aujesky D, Williams D, Schnipper JL. JAMA Intern Med 2013;173:632-8.
    doi:10.1001/jamainternmed.2013.3023. Donze JD, Williams MV, Robinson EJ, et al. JAMA Intern Med
    2016;176:496-502. doi:10.1001/jamainternmed.2015.8462.

    Examples
    --------
    >>> stay = HospitalStay(
    ...     haemoglobin_g_per_l=119, sodium_mmol_per_l=135, is_oncology_discharge=False,
    ...     has_procedure=True, is_urgent=True, prior_admissions=1, length_of_stay_days=5,
    ... )
    >>> hospital_score(stay), hospital_score(stay, version=2013)
    (5, 7)
    """
    if version not in get_args(HospitalScoreVersion):
        raise UsageError("expected the version 2016 or 2013 of the HOSPITAL score.")
    values = {
        "low_haemoglobin": stay.haemoglobin_g_per_l < HAEMOGLOBIN_G_PER_L,
        "oncology_discharge": stay.is_oncology_discharge,
        "low_sodium": stay.sodium_mmol_per_l < SODIUM_MMOL_PER_L,
        "procedure": stay.has_procedure,
        "urgent_admission": stay.is_urgent,
        "prior_admissions_12_months": stay.prior_admissions,
        "length_of_stay_days": stay.length_of_stay_days,
    }
    column = f"points_{version}"
    return sum(points("hospital_points", name, value, column) for name, value in values.items())


def hospital_score_band(score: int) -> str:
    """The published band: ``low`` (0 to 4), ``intermediate`` (5 to 6) or ``high`` (7 and more).

    Parameters
    ----------
    score : int
        HOSPITAL score, 0 to 13.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        When the score is not a whole number from 0 to 13.

    References
    ----------
    Donze JD, et al. JAMA Intern Med 2016;176:496-502. doi:10.1001/jamainternmed.2015.8462.

    Examples
    --------
    >>> [hospital_score_band(score) for score in (4, 5, 6, 7)]
    ['low', 'intermediate', 'intermediate', 'high']
    """
    return _band("hospital", score, _HIGHEST_HOSPITAL)


def _band(name: str, score: int, highest: int) -> str:
    if whole_number(score, "score") > highest:
        raise UsageError(f"score: expected at most {highest} points.")
    rows = (row for row in load_table("discharge_bands") if row["score"] == name)
    return [row["band"] for row in rows if int(row["lower"]) <= score][-1]
