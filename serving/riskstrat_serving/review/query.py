"""What a reader asked of a list: its length, who, in which order, which page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import pandas as pd

__all__ = ["ORDERS", "PAGE_SIZE", "ListQuery"]

PAGE_SIZE = 50
"""People on one page of a list."""

ORDERS = {
    "rank": "Highest risk first",
    "oldest": "Oldest first",
    "youngest": "Youngest first",
}
"""Orders a list can be read in."""

LONGEST_LIST = 100_000
OLDEST_AGE = 120
MOST_DIGITS = 6


@dataclass(frozen=True)
class ListQuery:
    """A list as asked for.

    Parameters
    ----------
    top : int, optional
        Capacity: the people with the highest risk, so many of them.
    min_age : int, optional
        Youngest age shown. Ranks stay those of the whole practice.
    sort : str
        One of :data:`ORDERS`.
    page : int
        From 1.
    mistakes : dict of str to str
        What was wrong in the form, by its field; a wrong field is not applied.
    """

    top: int | None = None
    min_age: int | None = None
    sort: str = "rank"
    page: int = 1
    mistakes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, str]) -> ListQuery:
        """The query in an address; what cannot be read is told, not guessed."""
        mistakes: dict[str, str] = {}
        top = _whole(given, "top", LONGEST_LIST, mistakes)
        min_age = _whole(given, "min_age", OLDEST_AGE, mistakes)
        page = _whole(given, "page", LONGEST_LIST, {}) or 1
        sort = given.get("sort", "rank")
        return cls(top, min_age, sort if sort in ORDERS else "rank", page, mistakes)

    def select(self, people: pd.DataFrame) -> pd.DataFrame:
        """The people asked for, in the order asked for, on all pages."""
        chosen = people
        if self.top is not None:
            chosen = chosen[chosen["rank_in_practice"] <= self.top]
        if self.min_age is not None:
            chosen = chosen[chosen["age"] >= self.min_age]
        if self.sort == "rank":
            return chosen
        youngest_first = self.sort == "youngest"
        return chosen.sort_values("age", ascending=youngest_first, kind="stable")

    def href(self, **changes: int | str) -> str:
        """The address of the same list with something changed."""
        asked = replace(self, **changes)  # type: ignore[arg-type]  # one of the four fields
        parts = {"top": asked.top, "min_age": asked.min_age}
        given: dict[str, int | str] = {k: v for k, v in parts.items() if v is not None}
        if asked.sort != "rank":
            given["sort"] = asked.sort
        if asked.page > 1:
            given["page"] = asked.page
        return f"?{urlencode(given)}"


def _whole(
    given: Mapping[str, str], name: str, largest: int, mistakes: dict[str, str]
) -> int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    if is_number and 1 <= int(text) <= largest:
        return int(text)
    mistakes[name] = f"Enter a whole number from 1 to {largest:,}"
    return None
