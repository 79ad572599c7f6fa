"""Where what services record goes: raw feeds, linked records, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.ledger import Ledger

__all__ = ["Outputs"]


@dataclass(frozen=True)
class Outputs:
    """What is wanted of a block.

    Parameters
    ----------
    feed : callable, optional
        Takes the rows of one file of a feed; none when no feeds are wanted.
    ledger : Ledger, optional
        Takes canonical rows, of the right person and free of mess; none when not wanted.
    """

    feed: Callable[[FeedRows], None] | None = None
    ledger: Ledger | None = None
