"""The rules of use that come with the feeds: complete, readable, and what the law says."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from riskstrat.schema import OPT_OUT_KINDS
from riskstrat.simulation import hospital, practice, register, support
from riskstrat.simulation.feeds.governance import SOURCES, governance_toml
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.timeline import Period

PERIOD = Period.of(date(2019, 1, 1), date(2024, 12, 31))
PURPOSES = {"case_finding", "commissioning", "research"}
KEYS = {
    "dialect",
    "feed",
    "files",
    "controller",
    "legal_basis",
    "purposes",
    "retention_months",
    "sensitive_codes",
    "told",
    "declared_lag_days",
    "data_from",
    "data_to",
    "opt_outs",
}


@pytest.fixture(scope="module")
def rules():
    return tomllib.loads(governance_toml(PERIOD))


@pytest.fixture(scope="module")
def sources(rules):
    return rules["sources"]


def test_it_says_that_nothing_of_it_is_real(rules) -> None:
    assert rules["synthetic"] is True
    assert rules["schema_version"] == 1
    assert set(rules["purposes"]) == PURPOSES
    assert set(rules) == {"schema_version", "synthetic", "purposes", "sensitive_codes", "sources"}
    assert set(rules["sensitive_codes"]) == {"list", "version", "action"}
    assert "simulated" in governance_toml(PERIOD)


def test_every_source_says_everything(sources) -> None:
    assert set(sources) == {source.name for source in SOURCES}
    for source in sources.values():
        assert set(source) == KEYS
        assert source["controller"].startswith("Example ")
        assert source["files"]
        assert source["legal_basis"]
        assert source["retention_months"] > 0
        assert source["sensitive_codes"] == "withheld"
        assert set(source["purposes"]) <= PURPOSES
        assert source["purposes"] == list(source["opt_outs"])


def test_no_file_belongs_to_two_sources(sources) -> None:
    files = [file for source in sources.values() for file in source["files"]]
    assert len(files) == len(set(files))


def test_a_risk_stratification_objection_bars_every_purpose_of_every_feed_about_people(
    sources,
) -> None:
    for name, source in sources.items():
        for barred in source["opt_outs"].values():
            assert set(barred) <= set(OPT_OUT_KINDS)
            assert ("risk_stratification" in barred) == (name != "nhs_number_merges")


def test_general_objections_do_not_bar_case_finding(sources) -> None:
    for source in sources.values():
        assert not {"type1", "national"} & set(source["opt_outs"].get("case_finding", ()))


@pytest.mark.parametrize("purpose", ["commissioning", "research"])
def test_a_type_1_objection_bars_secondary_use_of_the_practice_record_only(
    sources, purpose
) -> None:
    barred = {
        name for name, source in sources.items() if "type1" in source["opt_outs"].get(purpose, ())
    }
    assert barred == {"gp"}


def test_the_national_opt_out_bars_secondary_use_of_health_and_social_care_records(sources) -> None:
    barred = {
        name
        for name, source in sources.items()
        if "national" in source["opt_outs"].get("commissioning", ())
    }
    assert barred == {"gp", "hes_apc", "hes_op", "ecds", "csds", "mhsds", "cld"}


def test_section_251_support_is_named_where_it_covers_a_feed_and_consent_for_charities(
    sources,
) -> None:
    for name in ("gp", "hes_apc", "hes_op", "ecds", "csds", "mhsds", "cld"):
        basis = " ".join(sources[name]["legal_basis"])
        assert "Article 6(1)(e)" in basis
        assert "Article 9(2)(h)" in basis
        covered = name not in {"csds", "cld"}
        assert ("risk stratification, CAG 7-04(a)/2013" in basis) == covered
        assert ("Pseudonymised linkage" in basis) != covered
    assert "consent" in " ".join(sources["voluntary"]["legal_basis"])
    assert sources["voluntary"]["purposes"] == ["case_finding"]
    assert "research" not in sources["cld"]["purposes"]


@pytest.mark.parametrize(
    ("source", "feed", "told", "lag_days"),
    [
        ("gp", "gp", "daily", 1),
        ("ecds", "hospital", "daily", 2),
        ("hes_apc", "hospital", "monthly", 20),
        ("csds", "community", "monthly", 25),
        ("mhsds", "mental_health", "monthly", 25),
        ("cld", "council", "quarterly", 28),
        ("housing", "housing", "monthly", 28),
        ("voluntary", "voluntary", "monthly", 28),
    ],
)
def test_lags_are_those_of_the_calendars(sources, source, feed, told, lag_days) -> None:
    entry = sources[source]
    assert (entry["feed"], entry["told"]) == (feed, told)
    assert entry["declared_lag_days"] == lag_days


def test_days_covered_are_the_period_and_for_the_practice_record_twenty_years_more(sources) -> None:
    assert {source["data_to"] for source in sources.values()} == {date(2024, 12, 31)}
    starts = {name: source["data_from"] for name, source in sources.items()}
    assert starts.pop("gp") == date(1999, 1, 1)
    assert set(starts.values()) == {date(2019, 1, 1)}


def test_the_files_that_have_an_entry_are_those_that_the_services_tell(
    sources, small_block
) -> None:
    told: set[str] = set()
    for tell in (hospital.tell, practice.tell, register.tell, support.tell):
        tell(small_block, Outputs(lambda rows: told.add(rows.file), None))
    assert {file for source in sources.values() for file in source["files"]} == told
