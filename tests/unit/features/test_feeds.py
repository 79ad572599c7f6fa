"""Which feeds there are, and since when."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.features.history import History, days_before, study

from riskstrat.features.codelists import code_rules
from riskstrat.features.feeds import families_wanted, family_of, read_feeds
from riskstrat.schema import LISTED_CODES


@pytest.mark.parametrize(
    ("feed", "family"),
    [
        ("hospital", "hospital"),
        ("sus_apc", "hospital"),
        ("gp", "gp"),
        ("GP_EMIS", "gp"),
        ("csds", "community"),
        ("cld", "council"),
        ("voluntary", "voluntary"),
        ("omop", ""),
        ("gpx", ""),
    ],
)
def test_a_feed_is_recognised_by_its_name(feed, family):
    assert family_of(feed) == family


def test_a_mixed_feed_opens_every_family():
    assert families_wanted(["gp", "csds"]) == {"gp", "community"}
    assert len(families_wanted(["omop"])) == len(families_wanted([])) == 5


def _feeds(history, *sources):
    history.register()
    listed = history.engine.fetch(LISTED_CODES).to_pylist()
    return read_feeds(history.engine, listed, code_rules(study()), sources)


def test_a_feed_is_there_from_its_first_known_row():
    """First known is the later of happened and recorded, over all people."""
    history = History("a", "b")
    history.diagnosis(50, "Z000", recorded_date=days_before(20))
    history.diagnosis(30, "Z000", "b", recorded_date=days_before(30))
    feeds = _feeds(history)
    assert feeds.first_known["condition.gout"] == days_before(30)
    assert feeds.first_known["charlson.chf"] == days_before(30)
    assert feeds.covers("condition.gout", days_before(29))
    assert not feeds.covers("condition.gout", days_before(30))
    assert not feeds.covers("gp_contact", date(2030, 1, 1))


def test_a_gp_feed_covers_conditions_but_not_the_charlson_index():
    """Charlson needs ICD-10."""
    history = History()
    history.diagnosis(50, "1", source="gp", system="snomed")
    known = _feeds(history).first_known
    assert "condition.gout" in known
    assert "charlson.chf" not in known


def test_only_wanted_feeds_are_read():
    history = History()
    history.diagnosis(50, "1", source="gp", system="snomed")
    history.diagnosis(50, "Z000", source="sus_apc")
    history.diagnosis(50, "Z000", source="omop")
    assert set(_feeds(history).families) == {"gp", "sus_apc", "omop"}
    assert set(_feeds(history, "hospital").families) == {"sus_apc"}
    assert set(_feeds(history, "omop").families) == {"omop"}
