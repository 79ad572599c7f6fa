"""Every item of TRIPOD+AI, filled only where the metrics have the evidence."""

import copy
import tomllib
from importlib.resources import files

import pytest

from riskstrat.evaluation.tripod import (
    AUTHOR,
    FILLED,
    PARTLY,
    SECTIONS,
    is_there,
    render_tripod,
    tripod_counts,
    tripod_items,
)

ITEMS = tomllib.loads(
    files("riskstrat.evaluation").joinpath("tripod.toml").read_text(encoding="utf-8")
)["item"]
SUB_ITEMS = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 "
    "16 17 18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
"""The 27 items with their parts, in the order of the statement (Collins 2024, table 2)."""


@pytest.fixture(scope="module")
def metrics(report):
    whole = copy.deepcopy(report.metrics)
    provenance = whole["model"]["provenance"]
    provenance["sample_size"] = {"rows_needed": 4000}
    provenance["libraries"]["riskstrat"] = "0.1.0"
    whole["study"]["contact"] = "Risk team, risk@example.org"
    whole["inputs"]["drift"] = [{"feature": "Age", "stability_index": 0.01, "by_chance": 0.02}]
    return whole


def without(metrics, path):
    poorer = copy.deepcopy(metrics)
    *way, last = path.split(".")
    place = poorer
    for key in way:
        place = place.get(key) or {}
    place.pop(last, None)
    return poorer


def by_id(metrics):
    return {item["id"]: item for item in tripod_items(metrics)}


def test_every_item_is_there_once_and_in_order():
    assert " ".join(item["id"] for item in ITEMS) == SUB_ITEMS
    assert {item["most"] for item in ITEMS} == {"filled", "partly", "author"}
    assert all(item["most"] == "author" or item["evidence"] for item in ITEMS)
    assert all(item["most"] == "filled" or item["author"] for item in ITEMS)
    assert {item["section"] for item in ITEMS if "section" in item} <= set(SECTIONS)


def test_with_all_evidence_each_item_is_as_full_as_it_can_be(metrics):
    most = {"filled": FILLED, "partly": PARTLY, "author": AUTHOR}
    told = by_id(metrics)

    assert {item["id"]: told[item["id"]]["status"] for item in ITEMS} == {
        item["id"]: most[item["most"]] for item in ITEMS
    }
    assert sum(tripod_counts(list(told.values())).values()) == len(ITEMS)


@pytest.mark.parametrize(
    ("item", "place"),
    [
        pytest.param(item, place, id=f"{item['id']}-{place}")
        for item in ITEMS
        for place in range(len(item.get("evidence", ())))
    ],
)
def test_without_a_piece_of_evidence_the_status_falls(metrics, item, place):
    poorer = metrics
    for path in item["evidence"][place]["at"]:
        poorer = without(poorer, path)

    before, after = (by_id(m)[item["id"]] for m in (metrics, poorer))

    order = [AUTHOR, PARTLY, FILLED]
    is_only_part = item["most"] == "partly" and len(after["evidence"]) > 0
    assert len(after["evidence"]) < len(before["evidence"])
    assert is_only_part or order.index(after["status"]) < order.index(before["status"])
    assert after["status"] != FILLED


def test_who_answers_questions_is_the_contact_of_the_study(metrics, report):
    named, unnamed = by_id(metrics)["27b"], by_id(report.metrics)["27b"]

    assert "Questions are answered by: Risk team, risk@example.org." in named["evidence"]
    assert "Questions" not in " ".join(unnamed["evidence"])
    assert "who answers questions" in unnamed["author"]


def test_figures_that_are_withheld_are_no_evidence(metrics):
    poorer = copy.deepcopy(metrics)
    poorer["everyone"] = {"withheld": True}
    for group in poorer["subgroups"]["practice"]["groups"]:
        group["withheld"] = True

    told = by_id(poorer)

    assert told["23b"]["status"] == told["2"]["status"] == AUTHOR
    assert told["12d"]["status"] == AUTHOR
    assert told["23a"]["status"] == PARTLY


@pytest.mark.parametrize(
    ("metrics_", "path", "there"),
    [
        ({"a": {"b": 0}}, "a.b", True),
        ({"a": {"b": None}}, "a.b", False),
        ({"a": {"withheld": True}}, "a", False),
        ({"a": {"withheld": True}}, "a.b", False),
        ({"a": {"groups": [{"withheld": True}]}}, "a", False),
        ({"a": {"groups": [{"withheld": False}]}}, "a", True),
        ({"a": ""}, "a.b", False),
    ],
)
def test_what_counts_as_there(metrics_, path, there):
    assert is_there(metrics_, path) is there


def test_the_checklist_is_a_table_with_links_into_the_report(metrics, page_ids):
    text = render_tripod(metrics)
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]

    assert len(rows) == len(ITEMS)
    assert all(row.count(" | ") == 5 for row in rows)
    assert "Synthetic data: says nothing about real accuracy" in text
    assert {item["section"] for item in ITEMS if "section" in item} <= page_ids
    assert "| 17 | Methods: ethics." in text
    assert "secret" not in text


def test_a_recalibrated_model_is_not_told_as_unchanged(metrics):
    again = copy.deepcopy(metrics)
    again["model"]["provenance"]["recalibrations"] = [{"of": "3f9a1c20b7de"}]

    for number in ("12f", "24"):
        assert "ecalibrated" not in by_id(metrics)[number]["evidence"][0]
        assert "ecalibrated" in by_id(again)[number]["evidence"][0]


def test_an_evaluation_that_may_not_be_shown_has_a_checklist_too(metrics):
    poorer = {
        **metrics, "everyone": {"withheld": True}, "curves": None, "workload": [], "subgroups": {},
        "inputs": None, "people": {"development": None, "evaluation": {"withheld": True}},
    }  # fmt: skip

    told = tripod_counts(tripod_items(poorer))

    assert told[FILLED] < tripod_counts(tripod_items(metrics))[FILLED]
    assert render_tripod(poorer)
