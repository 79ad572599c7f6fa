"""Reading age of short English texts by the Flesch-Kincaid grade.

References
----------
Kincaid JP, Fishburne RP, Rogers RL, Chissom BS. Derivation of new readability formulas for Navy
enlisted personnel. Research Branch Report 8-75, 1975: grade = 0.39 words per sentence + 11.8
syllables per word - 15.59. A reading age is the grade plus 5 years, the age in grade 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

YEARS_IN_GRADE_0 = 5

SENTENCE_END = re.compile(r"[.;:](?=\s|$)")
"""A semicolon divides a reason into the fact and the comparison: two statements."""

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'./%-]*")
VOWELS = re.compile(r"[aeiouy]+")
SILENT_E = re.compile(r"[^aeiouyl]e$|[aeiouy]le$")
SILENT_ED = re.compile(r"[^aeiouytd]ed$|[aeiou][yw]ed$")
SILENT_ES = re.compile(r"[^aeiouysxzcg]es$")
SOUNDED_ES = re.compile(r"(?:sh|ch)es$")


def syllables(word: str) -> int:
    """How many syllables a word has, from its spelling; a number is one word of one."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    count = len(VOWELS.findall(letters))
    silent = SILENT_E.search(letters) or SILENT_ED.search(letters)
    if silent or (SILENT_ES.search(letters) and not SOUNDED_ES.search(letters)):
        count -= 1
    return max(count, 1)


def reading_age(texts: Iterable[str], excused: Iterable[str] = ()) -> float:
    """Reading age in years of all texts together.

    Parameters
    ----------
    texts : iterable of str
    excused : iterable of str
        Names that count as one word of one syllable.
    """
    names = "|".join(re.escape(name) for name in sorted(excused, key=len, reverse=True))
    sentences = words = spoken = 0
    for text in texts:
        plain = re.sub(rf"\b(?:{names})(?!\w)", "name", text, flags=re.I) if names else text
        found = WORD.findall(plain)
        sentences += sum(bool(part.strip()) for part in SENTENCE_END.split(plain))
        words += len(found)
        spoken += sum(map(syllables, found))
    return 0.39 * words / sentences + 11.8 * spoken / words - 15.59 + YEARS_IN_GRADE_0
