"""Reasons of many people at once against a plain loop that follows the rules one by one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskstrat.explanation import (
    REASON_COLUMNS,
    build_reasons,
    explain,
    peer_reference,
    selection,
)
from riskstrat.explanation.peers import PeerTable
from riskstrat.explanation.shapley import tree_contributions
from riskstrat.features import GROUPS, Feature
from riskstrat.windows import add_days

SMALL = 400


@pytest.fixture(scope="module")
def model(small_model, small_matrix, small_cohort):
    return replace(small_model, peers=peer_reference(small_model, small_matrix, small_cohort))


@pytest.fixture(scope="module")
def people(small_matrix, small_cohort):
    return pd.concat([small_matrix.keys, small_cohort.frame], axis=1)[:SMALL]


@pytest.fixture(scope="module")
def few(small_matrix):
    return small_matrix.take(np.arange(SMALL))


@pytest.fixture(scope="module")
def reasons(model, few, people):
    return build_reasons(model, few, explain(model, few), people)


def _fact(feature, value, days):
    if days < 1 or np.isnan(value) or not feature.sentence:
        return False
    if feature.kind in {"count", "flag", "score"} and value <= 0:
        return False
    return feature.kind != "measurement" or days <= 730


def _by_loop(features, groups, row):
    """(direction, group, feature) of one person, by the rules as they are written."""
    peer, death, values, days = row
    told = {"raising": [], "lowering": []}
    for group in groups:
        members = [i for i, f in enumerate(features) if f.group == group]
        total, deadly = sum(peer[i] for i in members), sum(death[i] for i in members)
        up, down = [], []
        for fact in dict.fromkeys(features[i].fact for i in members):
            topic = [i for i in members if features[i].fact == fact]
            whole = sum(peer[i] for i in topic)
            harmless = sum(death[i] for i in topic) <= 0
            tellable = [i for i in topic if _fact(features[i], values[i], days[i])]
            for i in tellable:
                if peer[i] >= 0 and whole >= max(0.01, total / 4):
                    up.append((whole, peer[i], -i))
                if (
                    peer[i] <= -0.01
                    and -whole >= max(0.01, -total / 4)
                    and death[i] <= 0
                    and harmless
                ):
                    down.append((-whole, -peer[i], -i))
        if up and total >= 0.01:
            told["raising"].append((total, group, -max(up)[2]))
        if down and total <= -0.05 and deadly <= 0:
            told["lowering"].append((-total, group, -max(down)[2]))
    raising = sorted(told["raising"], key=lambda t: -t[0])
    raising = [t for place, t in enumerate(raising[:5]) if place < 3 or t[0] >= 0.05]
    lowering = sorted(told["lowering"], key=lambda t: -t[0])[:2]
    chosen = [("raising", *t[1:]) for t in raising] + [("lowering", *t[1:]) for t in lowering]
    return [(direction, group, features[i].name) for direction, group, i in chosen]


def test_reasons_are_those_of_the_plain_loop(model, few, people, reasons):
    table = PeerTable(model.peers, few.features)
    rows = table.rows_of(people["age"], people["sex"])
    admission = explain(model, few).contributions - table.means[rows]
    death = tree_contributions(model.death, few.values)[0] - table.death_means[rows]
    groups = list(explain(model, few).by_group())
    found = reasons.groupby("patient_id")[["direction", "group", "feature"]].apply(
        lambda rows: [tuple(row) for row in rows.itertuples(index=False)]
    )
    compared = 0
    for place, patient in enumerate(people["patient_id"]):
        row = (admission[place], death[place], few.values[place], few.fact_days[place])
        assert found.get(patient, []) == _by_loop(few.features, groups, row)
        compared += 1
    assert compared == SMALL
    assert {"raising", "lowering"} == set(reasons["direction"])


def _made_up(rng):
    """Features of a few groups and facts, some without a sentence."""
    groups = rng.choice(list(GROUPS), size=rng.integers(1, 5), replace=False)
    kinds = ["count", "flag", "days", "measurement", "score"]
    return tuple(
        Feature(
            f"f{place}",
            "",
            "",
            str(rng.choice(groups)),
            str(rng.choice(kinds)),
            ("gp",),
            365,
            rule=f"count fact{rng.integers(5)}",
            sentence="told" if rng.random() < 0.7 else "",
        )
        for place in range(rng.integers(1, 14))
    )


@pytest.mark.parametrize("seed", range(25))
def test_any_features_are_chosen_as_by_the_plain_loop(seed):
    rng = np.random.default_rng(seed)
    features = _made_up(rng)
    shape = (40, len(features))
    peer, death = rng.normal(0, 0.06, shape), rng.normal(0, 0.05, shape)
    values = rng.integers(0, 3, shape).astype(np.float32)
    values[rng.random(shape) < 0.1] = np.nan
    days = rng.integers(-1, 900, shape).astype(np.int16)
    topics = selection.topics_of(features)
    tellable = selection.facts(features, values, days)
    raising = selection.choose(selection.raising(peer, tellable, topics), most=5, always=3)
    lowering = selection.choose(selection.lowering(peer, tellable, topics, death=death), most=2)
    groups = list(topics.groups)
    found = [
        [
            (direction, groups[group], features[member].name)
            for direction, told in (("raising", raising), ("lowering", lowering))
            for at, group, member in zip(told.row, told.group, told.member, strict=True)
            if at == row
        ]
        for row in range(len(peer))
    ]
    people = zip(peer, death, values, days, strict=True)
    assert found == [_by_loop(features, groups, person) for person in people]


def test_the_table_has_the_declared_columns_and_types(reasons):
    assert list(reasons.columns) == list(REASON_COLUMNS)
    assert str(reasons["fact_date"].dtype) == "datetime64[s]"
    assert reasons["text"].dtype == "str"
    assert reasons["workable"].dtype == bool


def test_dates_are_the_index_date_less_the_days(reasons, few):
    names = [feature.name for feature in few.features]
    for reason in reasons.head(20).itertuples():
        row = int(reason.patient_id[1:])
        days = int(few.fact_days[row, names.index(reason.feature)])
        assert reason.fact_date.date() == add_days(reason.index_date.date(), -days)


def test_the_same_people_get_the_same_reasons(model, few, people, reasons):
    again = build_reasons(model, few, explain(model, few), people)
    pd.testing.assert_frame_equal(again, reasons)


def test_a_persons_reasons_do_not_depend_on_the_others(model, few, people, reasons):
    chosen = np.arange(100, 120)
    part = few.take(chosen)
    alone = build_reasons(
        model, part, explain(model, part), people.iloc[chosen].reset_index(drop=True)
    )
    kept = reasons[reasons["patient_id"].isin(people["patient_id"].iloc[chosen])]
    pd.testing.assert_frame_equal(alone, kept.reset_index(drop=True))


def test_nobody_has_no_reasons_but_a_table(model, few, people):
    nobody = few.take(np.arange(0))
    reasons = build_reasons(model, nobody, explain(model, nobody), people[:0])
    assert reasons.empty
    assert list(reasons.columns) == list(REASON_COLUMNS)


@pytest.mark.parametrize(
    ("feeds", "source"), [({"gp", "council"}, "gp"), ({"council"}, "hospital, gp")]
)
def test_a_fact_names_the_feeds_at_hand_that_can_tell_it(model, few, people, feeds, source):
    reasons = build_reasons(model, few, explain(model, few), people, feeds=feeds)
    assert set(reasons["source"]) == {source}
