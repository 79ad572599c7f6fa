"""Numbers and codes as the words that stand on a page. Pure functions, tested string by string.

What the library already says in words (dates, spans, peers, the risk sentence) is said with its
words: :mod:`riskstrat.explanation`.
"""

from __future__ import annotations

__all__ = [
    "MINUS",
    "SOURCES",
    "age_and_sex",
    "count",
    "in_100",
    "of_100",
    "short_id",
    "signed",
    "sources",
]

SOURCES = {
    "hospital": "hospital records",
    "gp": "GP records",
    "community": "community health records",
    "council": "council records",
    "voluntary": "voluntary-sector records",
    "person": "the register",
}
"""Where a fact was recorded, as a feature names it."""

MINUS = "\N{MINUS SIGN}"

_SEXES = {"female": "female", "male": "male", "indeterminate": "sex indeterminate"}
_SHORT_ID_LENGTH = 8
_LEAST, _MOST = 0.01, 0.99
"""Below and above, a risk is not told as a number of 100 (as in the library's risk sentence)."""


def count(number: int, one: str, many: str) -> str:
    """A number and its noun: '1 person', '1,204 people'."""
    return f"{number:,} {one if number == 1 else many}"


def short_id(patient_id: str) -> str:
    """The first characters of a pseudonym: enough to tell people of one list apart."""
    return patient_id[:_SHORT_ID_LENGTH]


def of_100(risk: float) -> int:
    """A risk as whole people of 100, for a picture: 0 to 99."""
    return 0 if risk < _LEAST else min(int(100 * risk + 0.5), 99)


def in_100(risk: float) -> str:
    """A risk as a natural frequency: '32 in 100', never 0 and never 100."""
    if risk < _LEAST:
        return "fewer than 1 in 100"
    return "more than 99 in 100" if risk > _MOST else f"{of_100(risk)} in 100"


def age_and_sex(age: int, sex: str) -> str:
    """'82, female'."""
    return f"{age}, {_SEXES.get(sex, 'sex not known')}"


def sources(names: str) -> str:
    """Where a fact came from: 'Hospital records, GP records'."""
    known = [SOURCES[name] for name in names.split(", ") if name in SOURCES]
    text = ", ".join(known)
    return text[:1].upper() + text[1:]


def signed(value: float) -> str:
    """A contribution with its sign: '+0.42', and a true minus sign below zero."""
    rounded = round(value, 2)
    if rounded == 0:
        return "0.00"
    return f"+{rounded:.2f}" if rounded > 0 else f"{MINUS}{-rounded:.2f}"
