"""One patient explained, as lines for people and as plain values for machines."""

import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import DataError
from riskstrat.risklist import explain_patient, score

DAY = date(2027, 1, 1)


@pytest.fixture
def explained(model, records):
    return explain_patient(model, records, "p000", DAY)


def test_a_patient_is_explained_as_in_the_scores_of_everyone(model, records, explained):
    everyone = score(model, records, DAY)
    row = everyone.scores.set_index("patient_id").loc["p000"]
    assert explained.risk == row["risk"]
    assert explained.baseline == row["baseline"]
    assert explained.model_version == model.version
    theirs = everyone.reasons[everyone.reasons["patient_id"] == "p000"]
    assert list(explained.reasons["text"]) == list(theirs["text"])


def test_groups_stand_by_strength_with_their_labels(explained):
    sizes = explained.groups["contribution"].abs()
    assert sizes.is_monotonic_decreasing
    labels = dict(zip(explained.groups["group"], explained.groups["label"], strict=True))
    assert labels["emergency"] == "Emergency hospital use"


def test_percentage_points_lead_from_the_baseline_to_the_risk(explained):
    start = 1 / (1 + np.exp(-explained.baseline))
    total = explained.groups["percentage_points"].sum()
    assert total == pytest.approx(100 * (explained.risk - start), abs=1e-9)
    signs = np.sign(explained.groups["percentage_points"])
    assert (signs == np.sign(explained.groups["contribution"])).all()


def test_lines_tell_header_risk_reasons_contributions_and_the_caveat(explained):
    lines = explained.lines()
    assert lines[0] == "female, 82 years, at 1 January 2027; in hospital now"
    assert lines[1] == explained.risk_text
    assert any(
        line.startswith("What goes with a ") and "risk than other women aged" in line
        for line in lines
    )
    (expert,) = [line for line in lines if f"log-odds (baseline {explained.baseline:+.3f})" in line]
    assert expert.startswith("Against everybody the model was developed on, not these peers: ")
    start = 100 / (1 + np.exp(-explained.baseline))
    assert f" from {start:.1f} % to {100 * explained.risk:.1f} %. They are neither" in expert
    assert lines[-1].startswith("These recorded facts go with the risk")


def test_next_to_nothing_has_no_minus(explained):
    groups = explained.groups.assign(contribution=-0.0004, percentage_points=-0.04)
    lines = replace(explained, groups=groups).lines()
    assert "  Emergency hospital use: +0.000 (+0.0)" in lines


def test_what_could_be_worked_on_stands_apart_and_each_fact_names_its_feeds(explained):
    two = explained.reasons[explained.reasons["direction"] == "raising"].head(2)
    assert len(two) == 2
    told = pd.concat(
        [two.assign(workable=[False, True], source=["hospital", "gp, hospital"]), two.head(1)],
        ignore_index=True,
    )
    told.loc[2, ["direction", "workable"]] = ["lowering", True]
    first, second = told["text"][:2]
    lines = replace(explained, reasons=told, compared_with="women aged 80 to 84").lines()
    assert lines[2:8] == [
        "What goes with a higher risk than other women aged 80 to 84 and could be worked on:",
        f"  - {second} (gp, hospital)",
        "What goes with a higher risk than other women aged 80 to 84, in the background:",
        f"  - {first} (hospital)",
        "What goes with a lower risk than other women aged 80 to 84:",
        f"  - {first} (hospital)",
    ]
    assert lines[8].startswith("Against everybody")


def test_a_patient_without_reasons_is_told_so(model, records, explained):
    silent = replace(explained, reasons=explained.reasons[:0], in_hospital=False)
    assert silent.lines()[0] == "female, 82 years, at 1 January 2027"
    assert any(line.startswith("No recorded fact stands out") for line in silent.lines())


def test_values_are_json(explained):
    found = json.loads(json.dumps(explained.to_dict(), allow_nan=False))
    assert found["index_date"] == "2027-01-01"
    assert found["in_hospital"] is True
    assert found["reasons"][0]["fact_date"] == "2026-12-02"
    assert "risk_death" not in found


def test_an_unknown_patient_is_refused_without_repeating_the_name(model, records):
    with pytest.raises(DataError, match="not in the cohort at this index date") as refused:
        explain_patient(model, records, "canary-4857773456", DAY)
    assert "canary" not in str(refused.value)
    assert "300 other people" in str(refused.value)


def test_nothing_printed_by_accident_holds_the_patient(explained):
    assert re.findall(r"(\w+)=", repr(explained)) == ["index_date", "baseline", "model_version"]
