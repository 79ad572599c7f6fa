"""The summary in plain words: exact sentences, and every number from the metrics."""

import copy
import re

import pytest

from riskstrat.evaluation.summary import (
    NO_EFFECT,
    NOT_FOR,
    findings_sentence,
    of_people,
    plain_summary,
    whole,
)


def estimate(value):
    return {"value": value, "low": None, "high": None}


def listed(name, label, *, found=205, withheld=False):
    if withheld:
        return {"name": name, "label": label, "withheld": True, "rows": 500}
    return {
        "name": name, "label": label, "withheld": False, "rows": 500, "found": found,
        "expected": 198.2, "ppv": estimate(found / 500), "sensitivity": estimate(0.164),
    }  # fmt: skip


METRICS = {
    "study": {
        "outcome_kind": "emergency_admission", "window_days": 365, "min_age": 18, "max_age": 120,
        "min_registered_days": 0, "evaluation_dates": ["2021-01-01", "2022-01-01"],
    },
    "everyone": {"people": 12345, "rates": {"admission_first": estimate(0.12)}},
    "workload": [
        {"capacity": 0.005, "lists": 2, "scores": [listed("model", "This model", withheld=True)]},
        {
            "capacity": 0.02, "lists": 2,
            "scores": [
                listed("model", "This model"),
                listed("logistic", "Logistic regression", found=199),
                listed("hfrs", "Hospital Frailty Risk Score", found=120),
                listed("without_lag", "The same without lag", found=400),
                listed("charlson", "Charlson index", withheld=True),
            ],
        },
    ],
    "findings": [],
}  # fmt: skip


def told(**changes):
    metrics = copy.deepcopy(METRICS)
    metrics.update(changes)
    return {part["heading"]: part["text"] for part in plain_summary(metrics)}


def test_what_it_is_for_whom_and_how_well():
    words = {heading: text.replace("\u00a0", " ") for heading, text in told().items()}

    assert words["What it predicts"].startswith(
        "The risk of an emergency admission within 365 days of the day of the prediction"
    )
    assert words["For whom"] == (
        "People aged 18 to 120. It was judged on 12,345 of them, at 2 index dates from "
        "1 January 2021 to 1 January 2022."
    )
    assert words["How well"] == (
        "Of 100 people on the list (the highest 2%), 41 were admitted as an emergency; the model "
        "expected 40. On a list made at random it would be 12."
    )
    assert words["What a list misses"] == (
        "Of 100 people who were admitted as an emergency, 16 had been on the list; the other 84 "
        "had not."
    )
    assert words["Beside simpler scores"] == (
        "On lists of the same length this model found 205; the best of 2 other scores "
        "(Logistic regression) found 199."
    )


def test_what_must_be_said_is_said_whatever_the_figures():
    words = told(workload=[])

    assert words["What it must not be used for"] == NOT_FOR
    assert words["What lists have done elsewhere"] == NO_EFFECT
    assert words["How well"] == "Too few people would be on a list to say what became of them."
    assert "What a list misses" not in words
    assert "not for estimating savings" in NOT_FOR
    assert "0.011 per person per year (0.010 to 0.013)" in NO_EFFECT


def test_rare_outcomes_are_told_of_a_thousand_people():
    everyone = {"people": 500, "rates": {"admission_first": estimate(0.004)}}

    words = told(everyone=everyone)

    assert "Of 1,000 people on the list (the highest 2%), 410 were" in words["How well"]
    assert "On a list made at random it would be 4." in words["How well"]


def test_a_discharge_study_has_no_index_dates():
    study = {**METRICS["study"], "evaluation_dates": [], "min_registered_days": 90}

    words = told(study=study)

    assert "registered for at least 90 days" in words["For whom"]
    assert words["For whom"].endswith("at the day after each live discharge.")


def test_whole_people_only():
    assert (whole([0.5, 0.01]), whole([0.5, 0.0099])) == (100, 1000)
    assert [of_people(share, 100) for share in (0.0, 0.001, 0.5)] == ["0", "fewer than 1", "50"]


@pytest.mark.parametrize(
    ("levels", "sentence"),
    [
        ([], ""),
        (["note"], "found 1 note."),
        (["note", "error", "warning", "warning"], "found 1 error, 2 warnings and 1 note."),
    ],
)
def test_findings_are_counted_worst_first(levels, sentence):
    assert sentence in findings_sentence({"findings": [{"level": level} for level in levels]})


def test_every_number_of_the_summary_comes_from_the_metrics(report):
    metrics = report.metrics
    study, row = metrics["study"], metrics["workload"][-1]["scores"][0]
    rate = metrics["everyone"]["rates"]["admission_first"]["value"]
    allowed = {
        study["window_days"], study["min_age"], study["max_age"], metrics["everyone"]["people"],
        100, len(study["evaluation_dates"]), metrics["workload"][-1]["capacity"],
        round(100 * row["ppv"]["value"]), round(100 * row["expected"] / row["rows"]),
        round(100 * rate), round(100 * row["sensitivity"]["value"]),
        100 - round(100 * row["sensitivity"]["value"]),
        *(round(score["found"]) for score in metrics["workload"][-1]["scores"]),
        len(metrics["workload"][-1]["scores"]) - 1, 1, 2021, 2022,
    }  # fmt: skip
    constants = {NOT_FOR, NO_EFFECT}

    for part in plain_summary(metrics):
        if part["text"] not in constants:
            numbers = re.findall(r"\d[\d,]*", part["text"])
            assert {int(number.strip(",").replace(",", "")) for number in numbers} <= allowed
