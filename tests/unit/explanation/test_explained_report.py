"""The report about explanations: figures against loops, small numbers withheld, same bytes."""

from __future__ import annotations

import json
import math
import re
import statistics
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.unit.explanation.conftest import SmallModel

from riskstrat.evaluation import explain_evaluation
from riskstrat.evaluation import explained as module
from riskstrat.evaluation.subgroups import divide
from riskstrat.explanation import build_reasons, explain, peer_reference
from riskstrat.explanation.trust import peer_group_contributions
from riskstrat.study import parse_study

STUDY = """
name = "small"
[index]
dates = [2025-01-01, 2027-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2025-01-01
evaluate_from = 2027-01-01
"""


@dataclass(frozen=True)
class Judged(SmallModel):
    provenance: dict[str, object] = field(default_factory=lambda: {"synthetic": True})
    version: str = "v1"


@pytest.fixture(scope="module")
def model(small_model, small_matrix, small_cohort):
    peers = peer_reference(small_model, small_matrix, small_cohort)
    return Judged(**{**vars(small_model), "peers": peers})


@pytest.fixture(scope="module")
def matrix(small_matrix):
    """Two index dates: the last thousand rows are the first thousand people a second time."""
    again = small_matrix.keys["patient_id"].iloc[:1000]
    names = [*small_matrix.keys["patient_id"].iloc[:2000], *again]
    keys = small_matrix.keys.assign(patient_id=pd.Series(names, dtype="str"))
    later = keys["index_date"].where(keys.index < 2000, pd.Timestamp("2027-07-01"))
    return replace(small_matrix, keys=keys.assign(index_date=later.astype("datetime64[s]")))


@pytest.fixture(scope="module")
def cohort(matrix, small_cohort):
    rng = np.random.default_rng(8)
    size = len(small_cohort.frame)
    ethnic = rng.choice(["A", "B", "H", None], size, p=[0.7, 0.1, 0.1, 0.1]).astype(object)
    ethnic[:4] = "N"  # four people: never shown
    frame = pd.concat([matrix.keys, small_cohort.frame], axis=1).assign(
        part=np.where(np.arange(size) % 3 == 0, "development", "evaluation"),
        imd_decile=rng.integers(1, 11, size).astype(float),
        ethnic_category=pd.Series(ethnic, dtype="str"),
    )
    return SimpleNamespace(frame=frame, study=parse_study(STUDY))


@pytest.fixture(scope="module")
def report(model, matrix, cohort):
    return explain_evaluation(model, matrix, cohort)


@pytest.fixture(scope="module")
def rows(model, matrix, cohort):
    """The evaluation rows, explained once more."""
    chosen = [k for k in range(len(cohort.frame)) if cohort.frame["part"][k] == "evaluation"]
    taken = matrix.take(np.array(chosen))
    frame = cohort.frame.iloc[chosen].reset_index(drop=True)
    explanations = explain(model, taken)
    reasons = build_reasons(model, taken, explanations, frame)
    told = {}
    for reason in reasons.to_dict("records"):
        key = (reason["patient_id"], reason["index_date"])
        told.setdefault(key, []).append(reason)
    keys = zip(frame["patient_id"], frame["index_date"], strict=True)
    return SimpleNamespace(
        frame=frame,
        explanations=explanations,
        told=[told.get(key, []) for key in keys],
        peers=peer_group_contributions(model, explanations, frame),
    )


def clustered_error(sizes, patients):
    """Standard error of a mean when rows of one person are not independent."""
    mean = statistics.fmean(sizes)
    sums = {}
    for size, patient in zip(sizes, patients, strict=True):
        sums[patient] = sums.get(patient, 0.0) + (size - mean) / len(sizes)
    return math.sqrt(sum(s * s for s in sums.values()) * len(sums) / (len(sums) - 1))


def test_sizes_of_groups_are_mean_sizes_with_clustered_intervals(report, rows):
    sums = rows.explanations.by_group()
    found = report.found["groups"]
    assert [g["size"]["value"] for g in found] == sorted(
        (g["size"]["value"] for g in found), reverse=True
    )
    assert {g["group"] for g in found} == set(sums.columns)
    for group in found:
        sizes = [abs(amount) for amount in sums[group["group"]]]
        reach = 1.959964 * clustered_error(sizes, rows.frame["patient_id"])
        mean = statistics.fmean(sizes)
        assert group["size"]["value"] == pytest.approx(mean, rel=1e-5)
        assert group["size"]["low"] == pytest.approx(mean - reach, rel=1e-4)
        assert group["size"]["high"] == pytest.approx(mean + reach, rel=1e-4)


def test_features_stand_in_the_order_of_their_sizes(report, rows):
    sizes = np.abs(rows.explanations.contributions).mean(axis=0)
    by_hand = [rows.explanations.features[k].name for k in np.argsort(-sizes) if sizes[k] > 0]
    assert [f["feature"] for f in report.found["features"]] == by_hand
    assert [f["feature"] for f in report.found["dependence"]] == by_hand[:6]


def test_shares_told_are_those_of_a_loop(report, rows):
    part = report.found["reasons"]
    for place, column in enumerate(part["columns"]):
        is_told = [
            any(
                (r["group"], r["direction"]) == (column["group"], column["direction"]) for r in told
            )
            for told in rows.told
        ]
        assert part["everyone"][place] in {None, round(statistics.fmean(is_told), 2)}
        for name, division in part["divisions"].items():
            masks = divide(rows.frame, name)
            assert [group["group"] for group in division["groups"]] == list(masks)
            for group in division["groups"]:
                share = None if group["withheld"] else group["shares"][place]
                inside = [t for t, m in zip(is_told, masks[group["group"]], strict=True) if m]
                assert share in {None, round(statistics.fmean(inside), 2)}


def test_the_common_reasons_are_shown_by_age_sex_deprivation_and_ethnicity(report):
    part = report.found["reasons"]
    assert list(part["divisions"]) == ["age_band", "sex", "imd_quintile", "ethnic_category"]
    first = part["columns"].index(next(c for c in part["columns"] if c["group"] == "emergency"))
    for division in part["divisions"].values():
        shown = [g["shares"][first] for g in division["groups"] if not g["withheld"]]
        assert sum(share is not None for share in shown) >= 2


@pytest.mark.parametrize(
    ("told", "shares"),
    [
        ((50, 30, 8), [0.5, 0.5, 0.2]),
        ((50, 30, 0), [0.5, 0.5, 0.0]),  # nobody is no small number
        ((50, 30, 7), [0.5, None, None]),  # few were told; of three the smallest other hides them
        ((50, 30, 33), [0.5, None, None]),  # few were not told
        ((50, 30, 40), [0.5, 0.5, 1.0]),
    ],
)
@pytest.mark.parametrize("rows_each", [1, 3])
def test_shares_that_few_people_make_are_withheld(told, shares, rows_each):
    sizes = (100, 60, 40)
    group = np.repeat([0, 1, 2], sizes)
    was_told = np.concatenate(
        [np.arange(size) < few for size, few in zip(sizes, told, strict=True)]
    )
    patient = np.repeat(np.arange(200), rows_each)
    masks = [np.repeat(group == place, rows_each) for place in range(3)]
    assert module.told_shares(masks, np.repeat(was_told, rows_each), patient) == shares


def test_few_people_are_withheld_and_those_not_recorded_are_a_group(report):
    groups = {
        g["group"]: g for g in report.found["reasons"]["divisions"]["ethnic_category"]["groups"]
    }
    assert groups["Black: African"]["withheld"]
    assert groups["Black: African"]["rows"] is groups["Black: African"]["shares"] is None
    assert "not recorded" in groups
    assert sum(group["withheld"] for group in groups.values()) >= 2  # one alone could be worked out


def test_coverage_by_band_of_risk_is_that_of_a_loop(report, rows):
    risks = [
        1 / (1 + math.exp(-rows.explanations.baseline - math.fsum(row)))
        for row in rows.explanations.contributions
    ]
    seen = 0
    for band in report.found["coverage"]:
        covered, silent, size = [], 0, 0
        for risk, told, sums in zip(risks, rows.told, rows.peers, strict=True):
            if not band["lower"] <= risk < band["upper"]:
                continue
            size += 1
            raising = [r for r in told if r["direction"] == "raising"]
            silent += not raising
            above = sum(amount for amount in sums if amount > 0)
            if above > 0:
                covered.append(sum(r["peer_contribution"] for r in raising) / above)
        low, median, high = statistics.quantiles(covered, n=4, method="inclusive")
        assert abs(band["rows"] - size) <= 2.5
        assert band["silent"] in {None, round(silent / size, 2)}
        expected = (low, median, high)
        assert (band["low"], band["median"], band["high"]) == pytest.approx(expected, rel=1e-4)
        seen += size
    assert seen == len(risks)


@pytest.mark.parametrize(("people", "is_shown"), [(9, False), (10, True)])
def test_the_share_covered_of_few_people_is_withheld_however_many_rows_they_have(people, is_shown):
    patient = np.arange(40) % 20
    rows = SimpleNamespace(
        patient=patient,
        covered=np.where(patient < people, 0.8, np.nan),
        told={"raising": np.ones((40, 1), dtype=bool)},
    )
    found = module._covered(rows, np.ones(40, dtype=bool))
    assert found["median"] == pytest.approx(0.8 if is_shown else np.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("silent", "share"), [(0, 0.0), (9, None), (10, 0.25), (30, 0.75), (31, None), (40, 1.0)]
)
def test_the_share_without_a_reason_is_withheld_where_few_have_none_or_one(silent, share):
    rows = SimpleNamespace(
        patient=np.arange(40),
        covered=np.full(40, 0.8),
        told={"raising": np.arange(40)[:, None] >= silent},
    )
    assert module._covered(rows, np.ones(40, dtype=bool))["silent"] == share


def test_counts_are_rounded_to_five(report):
    text = json.dumps(report.found)
    counts = [int(number) for number in re.findall(r'"(?:rows|people)": (\d+)', text)]
    assert len(counts) > 20
    assert all(count % 5 == 0 for count in counts)


def test_of_many_rows_every_kth_is_explained(model, matrix, cohort, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 700)
    found = explain_evaluation(model, matrix, cohort).found
    assert (found["every"], found["rows"]) == (3, 665)
    assert "mean size over one in 3 of the evaluation rows" in module.render_explanations(found)


def test_every_index_date_has_its_share_of_the_rows_explained(monkeypatch):
    """Rows of a person stand together: every second row could be of one date only."""
    dates = pd.Series(pd.to_datetime(["2027-01-01", "2027-07-01"] * 500))
    frame = pd.DataFrame({"part": "evaluation", "index_date": dates})
    monkeypatch.setattr(module, "MOST_ROWS", 500)
    chosen, step = module._sampled(frame)
    assert step == 2
    assert len(chosen) == 500
    assert frame["index_date"].iloc[chosen].value_counts().tolist() == [250, 250]


def test_too_few_people_show_nothing(model, matrix, cohort, tmp_path):
    keep = np.array([0, *range(1, 18, 2)])
    few = SimpleNamespace(
        frame=cohort.frame.iloc[keep].assign(part="evaluation").iloc[:9].reset_index(drop=True),
        study=cohort.study,
    )
    report = explain_evaluation(model, matrix.take(keep[:9]), few)
    assert report.found["withheld"]
    assert set(report.found) == {
        *("schema_version", "label", "study", "model_version", "every", "withheld")
    }
    report.write(tmp_path)
    assert "Too few people" in (tmp_path / "explanations.html").read_text("utf-8")


def test_the_same_values_give_the_same_bytes(report, model, matrix, cohort, tmp_path):
    for name, one in (("a", report), ("b", explain_evaluation(model, matrix, cohort))):
        (tmp_path / name).mkdir()
        one.write(tmp_path / name)
    for name in ("explanations.json", "explanations.html"):
        first, second = ((tmp_path / folder / name).read_bytes() for folder in "ab")
        assert first == second
    assert json.loads((tmp_path / "a" / "explanations.json").read_text("utf-8")) == report.found


def test_the_page_shows_the_figures_and_loads_nothing(report, tmp_path):
    report.write(tmp_path)
    text = (tmp_path / "explanations.html").read_text("utf-8")
    assert "Synthetic data" in text
    assert text.count("<svg") == 3
    assert not re.search(r'(src|href)="(?!#)', text)
    for feature in report.found["features"]:
        assert feature["label"] in text
    assert "Withheld: Black: African" in text
    assert "not shown to be its cause" in text
    assert not re.search(r"\bp0\d{4}\b", text)  # no patient
