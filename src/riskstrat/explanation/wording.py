"""Facts, comparisons and risks in plain words; the words themselves stand in ``wording.toml``."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from riskstrat.features import Feature
from riskstrat.windows import DAYS_PER_YEAR

__all__ = [
    "LOWERING",
    "RAISING",
    "Usual",
    "age_in_words",
    "caveat",
    "compare",
    "date_in_words",
    "days_in_words",
    "number_in_words",
    "peers_in_words",
    "risk_sentence",
    "tell",
    "tell_fact",
]

RAISING, LOWERING = "raising", "lowering"

ADULT_AGE = 18
"""Years; younger peers are called people, not women or men."""

SHORT_WINDOW_DAYS = 60
"""Below this a span is told in days ('within 30 days')."""

MONTH_DAYS = DAYS_PER_YEAR / 12
MONTH_TOLERANCE = 0.02
"""Share by which a span may differ from whole months and still be told in months (90, 365 days)."""

MOST = 0.5
"""'Most had none' needs more than half without (binding statistical rule 9)."""

WHOLE_FROM = 100
"""Measurements from here up are told without decimals."""

_UPWARDS = {"count", "flag"}
"""Kinds of which more than usual reads as raising; of the others (a low eGFR, decile 1 of
deprivation) the direction is learnt."""


@dataclass(frozen=True)
class Usual:
    """What is usual for a feature among a person's peers.

    Parameters
    ----------
    peers : str
        Who they are, in words.
    usual : float
        Median of the known values; NaN when none is known.
    share_with_any : float
        Share (0 to 1) of the known values above 0; NaN when none is known.
    direction : int
        1 when higher values go with higher contributions, -1 when lower ones do, else 0.
    """

    peers: str
    usual: float
    share_with_any: float
    direction: int


@cache
def _words() -> dict[str, dict[str, Any]]:
    source = resources.files("riskstrat.explanation").joinpath("wording.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


@cache
def date_in_words(day: date) -> str:
    """A date as people write it.

    Examples
    --------
    >>> date_in_words(date(2026, 9, 14))
    '14 September 2026'
    """
    month = _words()["date"]["months"][day.month - 1]
    return _say("date", "format", day=day.day, month=month, year=day.year)


@cache
def days_in_words(days: int) -> str:
    """A span of days, in months where it is whole months.

    Examples
    --------
    >>> [days_in_words(days) for days in (1, 30, 90, 365, 1095, 100)]
    ['1 day', '30 days', '3 months', '12 months', '36 months', '100 days']
    """
    months = round(days / MONTH_DAYS)
    is_months = abs(days - months * MONTH_DAYS) <= MONTH_TOLERANCE * days
    if days >= SHORT_WINDOW_DAYS and is_months:
        return _span("months", months)
    return _span("day" if days == 1 else "days", days)


def age_in_words(days: int) -> str:
    """How old a value is: days, then months to the nearest.

    Examples
    --------
    >>> [age_in_words(days) for days in (1, 45, 61, 730)]
    ['1 day', '45 days', '2 months', '24 months']
    """
    if days < SHORT_WINDOW_DAYS:
        return _span("day" if days == 1 else "days", days)
    return _span("months", round(days / MONTH_DAYS))


def _span(name: str, number: int) -> str:
    return _say("span", name, number=number)


def _say(table: str, name: str, **words: object) -> str:
    """One of the wordings, filled in."""
    return str(_words()[table][name]).format(**words)


def number_in_words(value: float) -> str:
    """A number with at most one decimal, two below 1 (a frailty index), none from 100 up.

    Examples
    --------
    >>> [number_in_words(value) for value in (3.0, 4.25, 31.42, 112.4, 0.139)]
    ['3', '4.2', '31.4', '112', '0.14']
    """
    if abs(value) >= WHOLE_FROM:
        return f"{value:.0f}"
    decimals = 2 if abs(value) < 1 else 1
    return f"{value:z.{decimals}f}".rstrip("0").removesuffix(".")


def peers_in_words(sex: str, lower: int, upper: int | None) -> str:
    """Who a person is compared with.

    Parameters
    ----------
    sex : str
        As in the records; anything but female and male reads as people.
    lower : int
        Youngest age in years.
    upper : int or None
        Oldest age in years; None for no limit.

    Examples
    --------
    >>> peers_in_words("female", 80, 84)
    'women aged 80 to 84'
    >>> peers_in_words("all", 85, None)
    'people aged 85 and over'
    """
    is_named = lower >= ADULT_AGE and sex in {"female", "male"}
    who = _say("peers", sex if is_named else "other")
    if upper is None:
        return _say("peers", "oldest", who=who, lower=lower) if lower else _say("peers", "everyone")
    return _say("peers", "band", who=who, lower=lower, upper=upper)


def tell_fact(feature: Feature, value: float, day: date, *, days: int) -> str:
    """The recorded fact alone: the feature's sentence, and for a measurement its age.

    Parameters
    ----------
    feature : Feature
    value : float
        The feature's value.
    day : date
        Day of the latest fact behind it.
    days : int
        Days from that day to the index date.

    Returns
    -------
    str
    """
    is_one = value == 1 and feature.sentence_one
    template = (feature.sentence_one or "") if is_one else feature.sentence
    fact = template.format(value=number_in_words(value), date=date_in_words(day))
    if feature.kind != "measurement":
        return fact
    return _say("sentence", "with_age", fact=fact, age=age_in_words(days))


def compare(kind: str, direction: str, value: float, *, usual: Usual) -> str | None:
    """How a fact compares with what is usual, or None when that must not be said.

    The comparison is given only when the fact lies on the side of usual that the contribution says:
    a raising count above it, a lowering count below it. Of measurements, scores and times the side
    that raises is the one learnt from the peers.

    Parameters
    ----------
    kind : str
        Kind of the feature.
    direction : str
        "raising" or "lowering".
    value : float
        The feature's value.
    usual : Usual

    Returns
    -------
    str or None
    """
    if kind == "category" or math.isnan(usual.usual):
        return None
    shown, typical = float(number_in_words(value)), float(number_in_words(usual.usual))
    upwards = 1 if kind in _UPWARDS else usual.direction
    side = upwards if direction == RAISING else -upwards
    if side * (shown - typical) <= 0:
        return None
    name = _comparison_name(kind, side, usual)
    if name is None:
        return None
    days = _span("day" if usual.usual == 1 else "days", round(usual.usual))
    number = number_in_words(usual.usual)
    return _say("comparison", name, peers=usual.peers, usual=number, days=days)


def _comparison_name(kind: str, side: int, usual: Usual) -> str | None:
    most_without = side > 0 and usual.share_with_any < MOST
    if kind == "flag":
        return "most_had_no_record" if most_without else None
    if kind == "count":
        if most_without:
            return "most_had_none"
        return "usual_number" if usual.usual >= 1 else None
    if kind == "score":
        return "most_scored_zero" if most_without else "usual_score"
    return "usual_measurement" if kind == "measurement" else "usual_days"


def tell(fact: str, comparison: str | None) -> str:
    """A fact with its comparison, or the fact alone."""
    if comparison is None:
        return fact
    return _say("sentence", "with_comparison", fact=fact, comparison=comparison)


def caveat() -> str:
    """What stands beside every list of reasons: they are not causes, low risk is no reassurance."""
    return _say("caveat", "text")


def risk_sentence(
    risk: float, window_days: int, *, outcome_kind: str = "emergency_admission"
) -> str:
    """A risk as a natural frequency, with a constant denominator of 100.

    Parameters
    ----------
    risk : float
        Calibrated probability, 0 to 1.
    window_days : int
        Length of the prediction window in days.
    outcome_kind : str
        Kind of outcome of the study.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the risk is not a probability.

    References
    ----------
    Trevena LJ, Zikmund-Fisher BJ, Edwards A, et al. Presenting quantitative information about
    decision outcomes. BMC Medical Informatics and Decision Making 2013;13(S2):S7 (natural
    frequencies, one denominator, time span stated).

    Examples
    --------
    >>> risk_sentence(0.32, 365)
    '32 in 100 people like this were admitted as an emergency within 12 months'
    """
    if not 0 <= risk <= 1:
        raise ValueError("expected a risk between 0 and 1")
    if risk < 0.01:  # noqa: PLR2004 - one in the denominator of 100
        return _risk_sentence("below", 0, window_days, outcome_kind)
    if risk > 0.99:  # noqa: PLR2004 - all but one in the denominator of 100
        return _risk_sentence("above", 0, window_days, outcome_kind)
    return _risk_sentence("number", int(risk * 100 + 0.5), window_days, outcome_kind)


@cache
def _risk_sentence(name: str, number: int, window_days: int, outcome_kind: str) -> str:
    frequency = _say("risk", name, number=number)
    happened = _say("happened", outcome_kind)
    window = days_in_words(window_days)
    return _say("risk", "sentence", frequency=frequency, happened=happened, window=window)
