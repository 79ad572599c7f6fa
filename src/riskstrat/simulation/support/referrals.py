"""Referrals to community and mental-health teams, as their monthly submissions tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import opaque
from riskstrat.simulation.feeds.calendar import Calendar
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.lives.programme import SERVICES
from riskstrat.simulation.support.spells import Spells, ended, service_index
from riskstrat.simulation.support.submissions import Told, told_periods
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["Referrals", "referrals_of"]

_REJECTED = 0.04
_DAYS_TO_REJECTION = (1, 7)
_LATE = 0.15
"""Share of ends that only the refreshed submission tells (assumption)."""
_URGENT = 0.12


@dataclass(frozen=True)
class Referrals:
    """Referrals of one feed.

    Parameters
    ----------
    block : Block
    calendar : Calendar
        When the feed tells.
    spells : Spells
        From referral to discharge, or to rejection.
    rejected : ndarray of bool
        The team did not take the person on.
    late : ndarray of bool
        The submission of the month in which it ended does not say so yet; its refresh does.
    """

    block: Block
    calendar: Calendar
    spells: Spells
    rejected: Mask
    late: Mask

    @cached_property
    def known(self) -> Days:
        """First day of each referral in the period."""
        return np.maximum(self.spells.asked, self.block.people.entry[self.spells.row])

    @property
    def told_end(self) -> Days:
        """Day on which the end is first told."""
        end = self.spells.end
        return np.where(self.late, self.calendar.refreshed(end), self.calendar.told(end))

    @cached_property
    def identifier(self) -> Any:
        """Identifier of each referral."""
        return opaque("R", self.spells.draws(self.block).bits("referral"))

    @property
    def is_urgent(self) -> Mask:
        """Which referrals were urgent."""
        return self.spells.draws(self.block).chance("urgent", _URGENT)

    def draws(self, told: Told, table: int) -> Draws:
        """Random numbers of each row of a table of the submissions."""
        return self.spells.take(told.which).draws(self.block, told.number(table))

    def monthly(self) -> Told:
        """Every month in which each referral was open, and refreshes that tell a late end."""
        told = told_periods(
            self.calendar, self.known, np.minimum(self.spells.end, self.block.period.last)
        )
        return told.and_refreshed(self.late[told.which] & self.is_last(told))

    def first_and_last(self) -> Told:
        """The months in which each referral came and ended, and refreshes that tell a late end."""
        told = self.monthly()
        is_first = self.calendar.period_end(self.known[told.which]) >= told.day
        return told.take((is_first & ~told.refreshed) | self.is_last(told))

    def is_last(self, told: Told) -> Mask:
        """Whether the referral ended in the month told."""
        return self.spells.end[told.which] <= self.calendar.period_end(told.day)

    def told_ends(self, told: Told) -> Mask:
        """Whether a row says that the referral ended."""
        return self.is_last(told) & (told.refreshed | ~self.late[told.which])


def referrals_of(block: Block, calendar: Calendar, spells: Spells) -> Referrals:
    """Some of the referrals are rejected within days; enrolments in programmes never are.

    A person who dies or leaves before the rejection is told as rejected on that day: whether there
    are contacts must not depend on what comes later.
    """
    draws = spells.draws(block)
    own = ~np.isin(spells.service, [service_index(name) for name in SERVICES])
    soon = spells.asked + draws.integers("rejected after", *_DAYS_TO_REJECTION)
    rejected = own & draws.chance("rejected", _REJECTED) & (spells.asked >= block.period.first)
    end = np.where(rejected, ended(block, soon, block.stop[spells.row]), spells.end)
    changed = Spells(spells.service, spells.row, spells.asked, spells.start, end)
    late = draws.chance("late", _LATE) & (end <= block.period.last)
    return Referrals(block, calendar, changed, rejected, late)
