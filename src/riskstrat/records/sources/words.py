"""Words that councils and charities write, looked up in declared tables: never copied into a code.

What people type differs in casing, punctuation and spacing; what no table knows has no meaning
here, so that a free text with somebody's name in it cannot become part of a record.
"""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.engine import Engine
from riskstrat.records.sources.rows import register_mapping

__all__ = ["register_words", "slug", "words_of", "words_sql"]


def words_of(text: str) -> str:
    """A wording without casing and punctuation.

    Examples
    --------
    >>> words_of("Request: Route of Access"), words_of("4-weekly")
    ('request route of access', '4 weekly')
    """
    return " ".join(
        "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()
    )


def slug(text: str) -> str:
    """A declared wording as part of a local code.

    Examples
    --------
    >>> slug("heating and hot water")
    'heating_and_hot_water'
    """
    return words_of(text).replace(" ", "_")


def words_sql(column: str) -> str:
    """SQL: the text of `column` as :func:`words_of` gives it.

    Examples
    --------
    >>> words_sql("r.status")
    "trim(regexp_replace(lower(r.status), '[^a-z0-9]+', ' ', 'g'))"
    """
    return f"trim(regexp_replace(lower({column}), '[^a-z0-9]+', ' ', 'g'))"


def register_words(engine: Engine, name: str, meanings: Mapping[str, str]) -> None:
    """Make a relation `name` (``given, meaning``) to join with :func:`words_sql`.

    Parameters
    ----------
    engine : Engine
    name : str
    meanings : mapping of str to str
        Wording to meaning; no two wordings are the same without casing and punctuation.
    """
    register_mapping(engine, name, {words_of(text): code for text, code in meanings.items()})
