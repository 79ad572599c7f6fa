"""Each part of a validation on made-up people: against direct computation; what is withheld."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from tests.small_store import small_records
from tests.unit.validation.districts import prepared

from riskstrat.evaluation import Observed, observed_expected_ratio
from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.plain import plain
from riskstrat.training import fit_outcome
from riskstrat.validation.external import facts_lost, feed_families, recalibrated_across
from riskstrat.validation.feeds import KINDS, columns_without, feed_worth
from riskstrat.validation.learning import learning_curve
from riskstrat.validation.measured import found_more, risk_figures
from riskstrat.validation.optimism import FOLDS, logistic_optimism, optimism
from riskstrat.validation.practices import leave_practices_out
from riskstrat.validation.prepared import Prepared
from riskstrat.validation.programmes import programme_worth


@pytest.fixture(scope="module")
def district() -> Prepared:
    return prepared()


def auroc_of(district: Prepared, risk: np.ndarray) -> float:
    observed = district.observed
    return roc_auc_score(observed.event, risk, sample_weight=observed.weight)


def test_figures_are_those_of_scikit_learn(district: Prepared) -> None:
    observed = district.observed
    found = risk_figures(observed, district.risk, district.resampling)
    assert found["auroc"].value == pytest.approx(auroc_of(district, district.risk), abs=6e-4)
    area = average_precision_score(observed.event, district.risk, sample_weight=observed.weight)
    assert found["average_precision"].value == pytest.approx(area, abs=6e-4)
    assert found["people"] % 5 == found["events"] % 5 == 0


def test_practices_left_out_are_judged_by_models_without_them(district: Prepared) -> None:
    """Everybody is judged once; the same seed gives the same groups and figures."""
    found = leave_practices_out(district, groups=2)
    assert [row["practices"] for row in found["groups"]] == [2, 2]
    assert not any(row["withheld"] for row in [*found["groups"], found["pooled"]])
    assert found["pooled"]["people"] == 5 * round(district.observed.followed / 5)
    assert found["cost"]["auroc"].low <= found["cost"]["auroc"].value
    again = plain(leave_practices_out(district, groups=2))
    assert again == plain(found)


def test_rows_that_weigh_nothing_are_as_if_they_were_not_there(district: Prepared) -> None:
    matrix, cohort = district.developed
    chosen = (cohort.frame["practice_code"] != "P1").to_numpy()
    taken = fit_outcome(matrix.take(chosen), cohort.rows(chosen), district.parameters)
    values = district.judged[0].values
    np.testing.assert_allclose(district.fitted(chosen).risk(values), taken.risk(values), atol=1e-9)


def test_small_groups_of_practices_are_withheld_with_another() -> None:
    """One practice has five people: it is withheld, and the next smallest with it."""
    district = prepared(practices=3)
    frame = district.cohort.frame
    few = frame["patient_id"].drop_duplicates().head(5)
    codes = frame["practice_code"].mask(frame["patient_id"].isin(few), "P9")
    cohort = dataclasses.replace(district.cohort, frame=frame.assign(practice_code=codes))
    found = leave_practices_out(dataclasses.replace(district, cohort=cohort), groups=4)
    hidden = [row["withheld"] for row in found["groups"]]
    assert sum(hidden) == 2
    assert all("events" not in row for row in found["groups"] if row["withheld"])


def test_one_practice_cannot_be_left_out() -> None:
    assert "one practice" in leave_practices_out(prepared(100, practices=1))["not_possible"]


def test_the_worth_of_a_feed_is_what_the_model_loses_without_it(district: Prepared) -> None:
    """GP: haemoglobin can only come from it, the Charlson index also from the hospital."""
    found = feed_worth(district)
    rows = {row["kind"]: row for row in found["kinds"]}
    gp = rows["gp"]
    assert (gp["least"]["features"], gp["most"]["features"]) == (1, 2)
    everything = dataclasses.replace(district.parameters, feature_fraction=1.0)
    whole = dataclasses.replace(district, parameters=everything)
    kept = np.array([0, 1, 2, 4])
    without = whole.fitted(columns=kept).risk(whole.judged[0].values[:, kept])
    lost = auroc_of(district, whole.risk) - auroc_of(district, without)
    assert gp["most"]["auroc"].value == pytest.approx(lost, abs=6e-4)
    assert gp["most"]["auroc"].low <= gp["most"]["auroc"].value <= gp["most"]["auroc"].high
    assert [row["capacity"] for row in gp["most"]["found"]] == [0.005, 0.02]
    assert rows["council"] == {
        "kind": "council",
        "label": "Council: social care and housing",
        "not_possible": "no feature comes from it",
    }


def test_a_feed_that_tells_nothing_is_worth_nothing(district: Prepared) -> None:
    """A column of chance that no tree can use, because it is constant but for one row."""
    values = district.matrix.values.copy()
    values[:, 5] = np.nan
    values[0, 5] = 1.0
    matrix = dataclasses.replace(district.matrix, values=values)
    found = feed_worth(dataclasses.replace(district, matrix=matrix))
    (gp,) = (row for row in found["kinds"] if row["kind"] == "gp")
    assert plain(gp["least"]["auroc"]) == {"value": 0, "low": 0, "high": 0}


def test_columns_are_dropped_by_their_sources(district: Prepared) -> None:
    kept, gone = columns_without(district.matrix.features, KINDS["beyond_hospital"].any)
    names = district.matrix.names
    assert [names[column] for column in gone] == ["charlson", "haemoglobin"]
    assert sorted([*kept, *gone]) == list(range(len(names)))


def test_what_a_list_finds_more_is_counted_by_hand() -> None:
    """Four admitted people; one list holds three of them, the other one: half of all found more."""
    observed = Observed.of([1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1])
    first = np.array([True, True, True, False, False, False])
    second = np.array([True, False, False, False, True, True])
    more = found_more(observed, first, second, Resampling(200, 1))
    assert more.value == 0.5
    assert more.low < 0.5 < more.high
    same = found_more(observed, first, first, Resampling(20, 1))
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_more_people_are_judged_on_the_same_rows(district: Prepared) -> None:
    rows = learning_curve(district)["fractions"]
    assert [row["fraction"] for row in rows] == [0.125, 0.25, 0.5, 1.0]
    assert [row["developed_on"] for row in rows] == [50, 100, 200, 400]
    assert rows[-1]["auroc"].value == pytest.approx(auroc_of(district, district.risk), abs=6e-4)
    assert "against_all" not in rows[-1]
    assert rows[0]["against_all"]["auroc"].value == pytest.approx(
        rows[0]["auroc"].value - rows[-1]["auroc"].value, abs=2e-3
    )


def test_too_few_people_for_a_share_are_a_reason_not_a_failure() -> None:
    rows = learning_curve(prepared(60))["fractions"]
    assert rows[0]["not_possible"] == "too few people with the outcome"


def test_optimism_of_trees_is_apparent_minus_out_of_fold(district: Prepared) -> None:
    found = optimism(district, bootstraps=2)["trees"]
    assert found["folds"] == FOLDS
    gap = found["apparent"].value - found["out_of_fold"].value
    assert found["optimism"].value == pytest.approx(gap, abs=2e-3)
    assert found["optimism"].value > 0


def test_a_regression_on_little_is_hardly_optimistic(district: Prepared) -> None:
    """Six columns and 400 people: the bootstrap says a few thousandths, as theory has it."""
    found = logistic_optimism(district, bootstraps=8)
    assert found["samples"] == 8
    assert abs(found["optimism"].value) < 0.02
    assert found["corrected"] == pytest.approx(
        found["apparent"] - found["optimism"].value, abs=2e-3
    )


def test_halves_recalibrate_each_other() -> None:
    """Risks too high: afterwards observed over expected is near 1, but not by construction."""
    rng = np.random.default_rng(5)
    log_odds = rng.normal(-1, 1, 4000)
    event = rng.random(4000) < 1 / (1 + np.exp(-(log_odds - 0.8)))
    observed = Observed.of(event)
    risk = recalibrated_across(observed, log_odds, seed=1)
    after = observed_expected_ratio(observed, risk)
    assert after.low < 1 < after.high
    assert abs(after.value - 1) < 0.01
    shifts = np.log(risk / (1 - risk)) - log_odds
    assert len(np.unique(shifts.round(6))) == 2
    assert shifts.mean() == pytest.approx(-0.8, abs=0.1)


def test_kinds_of_feeds_are_told_by_their_names() -> None:
    sources = [{"name": "hes_apc"}, {"name": "gp"}, {"name": "omop"}]
    assert feed_families({"sources": sources}) == {"hospital", "gp", "mixed"}
    assert feed_families({}) == set()


def test_what_the_model_used_and_another_place_lacks(district: Prepared) -> None:
    """There, nobody has a fact of the Charlson index; haemoglobin is known of one person."""
    rows = district.judged[0]
    values, days = rows.values.copy(), np.full(rows.values.shape, 5, np.int16)
    values[:, 3], days[:, 3] = np.nan, -1
    values[1:, 5], days[1:, 5] = np.nan, -1
    found = facts_lost(district.trees, dataclasses.replace(rows, values=values, fact_days=days))
    gain = district.trees.booster.feature_importance("gain")
    assert (found["features"], found["of"]) == (1, (gain > 0).sum())
    assert found["largest"] == ["charlson"]
    assert found["share_of_gain"] == pytest.approx(gain[3] / gain.sum(), abs=6e-4)


def test_programmes_given_to_those_who_were_admitted_tell_who_was(
    district: Prepared, tmp_path: Path
) -> None:
    """The trap that rule 22 is about: a matron for the people judged who will be admitted."""
    frame = district.cohort.frame
    known = district.cohort.frame["outcome"] == 1
    services = [
        {
            "patient_id": row.patient_id,
            "source": "csds",
            "service": "matron",
            "start_date": (row.index_date - pd.Timedelta(days=30)).date(),
        }
        for row in frame[known].itertuples()
    ]
    people = [{"patient_id": who} for who in frame["patient_id"].unique()]
    whole = dataclasses.replace(
        district,
        cohort=dataclasses.replace(
            district.cohort,
            frame=frame.assign(index_stay_id=pd.Series([None] * len(frame), dtype="str")),
        ),
    )
    records = small_records(tmp_path, {"patients": people, "services": services})
    found = programme_worth(whole, records)
    assert found["programmes"] == ["community matron"]
    assert found["auroc"].low > 0.02
    nobody = small_records(tmp_path / "none", {"patients": people})
    assert "nobody" in programme_worth(whole, nobody)["not_possible"]


def test_nothing_is_shown_of_very_few_people() -> None:
    """Everybody judged is withheld, in every part, and no pseudonym is anywhere."""
    district = prepared(200)
    frame = district.cohort.frame
    late = (frame["part"] == "evaluation").to_numpy()
    outcome = frame["outcome"].mask(late & (np.cumsum(late) > 10), 0)
    cohort = dataclasses.replace(district.cohort, frame=frame.assign(outcome=outcome))
    few = dataclasses.replace(district, cohort=cohort)
    found = {
        "practices": leave_practices_out(few, groups=2),
        "feeds": feed_worth(few),
        "learning": learning_curve(few),
    }
    assert found["practices"]["pooled"] == {"withheld": True}
    assert found["practices"]["cost"] is None
    assert found["feeds"] == {"everything": {"withheld": True}, "kinds": []}
    assert found["learning"]["fractions"][-1]["withheld"] is True
    text = json.dumps(plain(found))
    assert not any(person in text for person in pd.unique(frame["patient_id"]))


def test_too_few_left_to_develop_on_is_a_reason_not_a_failure() -> None:
    few = prepared(60)
    assert "too few people" in leave_practices_out(few, groups=2)["not_possible"]
