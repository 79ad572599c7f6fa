"""The stored reference of peers against plain pandas, group by group."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import AGE_BANDS, age_band
from riskstrat.errors import UsageError
from riskstrat.explanation import explain, peer_reference
from riskstrat.explanation import peers as module


@pytest.fixture(scope="module")
def reference(small_model, small_matrix, small_cohort):
    return peer_reference(small_model, small_matrix, small_cohort)


def of(reference, band, sex):
    chosen = (reference["age_band"] == band) & (reference["sex"] == sex)
    return reference[chosen].set_index("feature")


@pytest.mark.parametrize(("band", "sex"), [("60-64", "female"), ("75-79", "male")])
def test_means_medians_and_shares_are_those_of_the_group(
    reference, small_model, small_matrix, small_cohort, band, sex
):
    people = small_cohort.frame
    inside = (np.asarray(age_band(people["age"]).astype(str)) == band) & (people["sex"] == sex)
    found = of(reference, band, sex)
    contributions = explain(small_model, small_matrix).contributions[inside]
    values = pd.DataFrame(small_matrix.values[inside].astype(float))
    assert np.allclose(found["mean_contribution"], contributions.mean(axis=0), atol=1e-12)
    assert np.allclose(found["usual"], values.quantile(0.5, interpolation="lower"))
    assert np.allclose(found["share_with_any"], (values > 0).sum() / values.notna().sum())
    assert set(found["people"]) == {int(inside.sum())}


def test_few_men_over_90_are_merged_with_the_band_below(reference):
    assert set(of(reference, "90+", "male")["peers"]) == {"men aged 85 and over"}


def test_every_band_and_sex_has_every_feature(reference):
    assert len(reference) == 3 * len(AGE_BANDS) * 8
    assert list(reference.columns) == list(module.PEER_COLUMNS)
    assert not reference["mean_contribution"].isna().any()


def test_directions_follow_the_model(reference):
    found = of(reference, "75-79", "female")["direction"]
    assert found["feature_0"] == 1  # admissions raise
    assert found["feature_3"] == -1  # a lower measurement raises
    assert set(reference["direction"]) <= {-1, 0, 1}


def test_large_groups_are_explained_by_every_kth_row(
    small_model, small_matrix, small_cohort, monkeypatch, reference
):
    monkeypatch.setattr(module, "MAXIMUM_EXPLAINED_PEERS", 100)
    sampled = peer_reference(small_model, small_matrix, small_cohort)
    assert np.array_equal(sampled["people"], reference["people"])
    assert np.allclose(sampled["usual"], reference["usual"], equal_nan=True)
    difference = np.abs(sampled["mean_contribution"] - reference["mean_contribution"])
    assert 0 < difference.max() < 0.2


def test_sampled_rows_stand_for_all_rows_of_their_group():
    bands, sexes = np.array([3] * 10 + [4] * 3), np.array(["female"] * 13)
    rows, weights = module._systematic_rows(bands, sexes)
    assert list(rows) == list(range(13))
    assert weights.sum() == 13


def test_death_is_blank_without_its_model(small_model, small_matrix, small_cohort, reference):
    alone = peer_reference(replace(small_model, death=None), small_matrix, small_cohort)
    assert alone["mean_death_contribution"].isna().all()
    assert not reference["mean_death_contribution"].isna().any()


def test_a_value_that_never_varies_has_no_direction():
    ones = np.ones(5)
    assert module._correlation(ones, np.arange(5.0), ones) == 0.0
    assert module._correlation(ones[:0], ones[:0], ones[:0]) == 0.0


@pytest.mark.parametrize(("known", "is_usual"), [(0, False), (1, False), (49, False), (50, True)])
def test_nothing_is_usual_of_few_known_values(
    small_model, small_matrix, small_cohort, known, is_usual
):
    """The median of one value is that person's value; the direction of two is chance."""
    people, values = small_cohort.frame, small_matrix.values.copy()
    band = np.asarray(age_band(people["age"]).astype(str)) == "75-79"
    inside = np.flatnonzero(band & (people["sex"] == "female").to_numpy())
    values[inside, 6] = np.nan
    values[inside[:known], 6] = 61.5
    few = peer_reference(small_model, replace(small_matrix, values=values), small_cohort)
    found = of(few, "75-79", "female").loc["feature_6"]
    assert found["people"] == len(inside) > 50
    assert found[["usual", "share_with_any"]].notna().tolist() == [is_usual] * 2


def test_other_rows_are_refused(small_model, small_matrix):
    other = SimpleNamespace(frame=pd.DataFrame({"age": [80], "sex": ["female"]}))
    with pytest.raises(UsageError, match="3,000 matrix and 1 cohort rows"):
        peer_reference(small_model, small_matrix, other)


def test_the_reference_reads_back_from_parquet_as_it_was(reference, tmp_path):
    reference.to_parquet(tmp_path / "peers.parquet", index=False)
    again = pd.read_parquet(tmp_path / "peers.parquet")
    pd.testing.assert_frame_equal(again, reference)
    assert again.to_csv(index=False) == reference.to_csv(index=False)
