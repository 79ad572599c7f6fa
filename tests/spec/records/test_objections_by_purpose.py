"""Whose rows of which source stay out for which purpose.

The rules are those of a simulated district, which follow those of England: an objection to
secondary use alone does not take anybody out of case finding, a local objection to risk
stratification takes people out of everything.
"""

from __future__ import annotations

from datetime import date

import pytest
from tests.small_store import arrow_table

from riskstrat.engine import Engine, Step
from riskstrat.errors import UsageError
from riskstrat.records.governance.gate import KINDS, barred_sql, load_governance
from riskstrat.simulation.feeds.governance import governance_toml
from riskstrat.simulation.timeline import Period

PERIOD = Period.of(date(2019, 1, 1), date(2024, 12, 31))

OBJECTORS = [{"patient_id": kind, "kind": kind, "start_date": date(2020, 1, 1)} for kind in KINDS]
"""One person per kind of objection, who has the name of it."""


def barred(rows, kinds) -> list[str]:
    engine = Engine(threads=1)
    engine.register("objections", arrow_table("opt_outs", rows))
    found = engine.fetch(Step("barred", barred_sql("objections", kinds)))
    return sorted(found.column("patient_id").to_pylist())


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    path = tmp_path_factory.mktemp("feeds") / "governance.toml"
    path.write_text(governance_toml(PERIOD), "utf-8")
    return {source.name: source for source in load_governance(path).sources}


@pytest.mark.parametrize(
    ("source", "purpose", "kept_out"),
    [
        ("gp", "case_finding", ["risk_stratification"]),
        ("gp", "commissioning", ["national", "risk_stratification", "type1"]),
        ("gp", "research", ["national", "risk_stratification", "type1"]),
        ("hes_apc", "case_finding", ["risk_stratification"]),
        ("hes_apc", "commissioning", ["national", "risk_stratification"]),
        ("hes_apc", "research", ["national", "risk_stratification"]),
        ("mhsds", "commissioning", ["national", "risk_stratification"]),
        ("cld", "case_finding", ["risk_stratification"]),
        ("cld", "commissioning", ["national", "risk_stratification"]),
        ("housing", "commissioning", ["risk_stratification"]),
        ("voluntary", "case_finding", ["risk_stratification"]),
        ("nhs_number_merges", "research", []),
    ],
)
def test_who_is_kept_out(rules, source, purpose, kept_out) -> None:
    assert barred(OBJECTORS, rules[source].opt_outs[purpose]) == kept_out


@pytest.mark.parametrize(
    ("row", "in_force"),
    [
        ({}, True),
        ({"start_date": date(2030, 1, 1)}, True),
        ({"end_date": date(2021, 1, 1)}, False),
        ({"end_date": date(2020, 1, 1)}, False),
        ({"end_date": date(2030, 1, 1)}, False),
        ({"superseded_date": date(2021, 1, 1)}, False),
        ({"superseded_date": date(2021, 1, 1), "end_date": date(2021, 1, 1)}, False),
        ({"recorded_date": date(2030, 1, 1)}, True),
    ],
    ids=[
        "begun",
        "begins later",
        "withdrawn",
        "withdrawn on its first day",
        "withdrawal announced",
        "replaced",
        "replaced and withdrawn",
        "told late",
    ],
)
def test_what_is_in_force(row, in_force) -> None:
    objection = {"patient_id": "p", "kind": "national", "start_date": date(2020, 1, 1), **row}
    assert barred([objection], ["national"]) == (["p"] if in_force else [])


def test_a_new_objection_counts_after_an_earlier_one_was_withdrawn() -> None:
    rows = [
        {"patient_id": "p", "kind": "type1", "start_date": date(2019, 1, 1), "end_date": None}
        | {"superseded_date": date(2020, 1, 2)},
        {"patient_id": "p", "kind": "type1", "start_date": date(2019, 1, 1)}
        | {"end_date": date(2020, 1, 1)},
        {"patient_id": "p", "kind": "type1", "start_date": date(2022, 1, 1)},
        {"patient_id": "q", "kind": "type1", "start_date": date(2019, 1, 1)}
        | {"end_date": date(2020, 1, 1)},
    ]
    assert barred(rows, ["type1"]) == ["p"]


def test_nobody_comes_twice() -> None:
    rows = [{"patient_id": "p", "kind": kind, "start_date": date(2020, 1, 1)} for kind in KINDS]
    assert barred(rows * 2, KINDS) == ["p"]


def test_without_kinds_nobody_is_barred() -> None:
    assert barred(OBJECTORS, ()) == []


@pytest.mark.parametrize("kind", ["other", "type1' or true --", "TYPE1", ""])
def test_only_known_kinds_get_into_the_query(kind) -> None:
    with pytest.raises(UsageError, match="type1, national, risk_stratification; 1 are none") as e:
        barred_sql("objections", ["type1", kind])
    assert "--" not in str(e.value)
