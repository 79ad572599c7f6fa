import itertools
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from tests.unit.evaluation.standin import STUDY, district

from riskstrat.errors import DataError, StudyError, UsageError
from riskstrat.evaluation import add_stability, evaluate, without_lag_score
from riskstrat.evaluation.about import SYNTHETIC_LABEL
from riskstrat.evaluation.card import render_card

FILES = ("metrics.json", "report.html", "model_card.md", "tripod.md")
VOID = {"meta", "link", "br", "img", "hr", "input"}
FIGURES = {
    "icons", "calibration", "discrimination", "net-benefit", "distributions", "subgroups-1",
}  # fmt: skip


class Page(HTMLParser):
    """Elements of a page, and whether they are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def page(written):
    return Page((written / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_loads_nothing(page, written):
    text = (written / "report.html").read_text(encoding="utf-8")
    links = [e.get(a) for _, e in page.elements for a in ("src", "href", "action") if a in e]

    assert page.open == []
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"https?:|@import|url\((?!#)|<script", text)
    assert page.all("html")[0]["lang"] == "en-GB"


def test_ids_are_unique_and_every_reference_is_met(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    targets = [e["href"][1:] for _, e in page.elements if e.get("href", "").startswith("#")]

    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)


def test_figures_tables_and_headings_are_accessible(page):
    pictures = list(page.all("svg"))
    titles = {e["id"] for e in page.all("title") if "id" in e}
    descriptions = {e["id"] for e in page.all("desc")}

    assert {e["aria-labelledby"].split("-title")[0] for e in pictures} == FIGURES
    assert {e["aria-labelledby"].split()[0] for e in pictures} == titles
    assert {e["aria-labelledby"].split()[1] for e in pictures} == descriptions
    assert all(e["role"] == "img" for e in pictures)
    assert len(page.all("caption")) == len(page.all("table"))
    assert len(page.all("figcaption")) == len(page.all("figure"))
    assert all("scope" in e for e in page.all("th"))
    assert len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_no_patient_stands_in_any_file_and_synthetic_data_say_so_in_all(written):
    for name in FILES:
        text = (written / name).read_text(encoding="utf-8")
        assert "secret" not in text  # every pseudonym of the stand-in starts so
        assert SYNTHETIC_LABEL in text


def test_real_data_carry_no_synthetic_label():
    model, matrix, cohort = district(600)
    model.provenance["synthetic"] = False

    report = evaluate(model, matrix, cohort, resamples=5)

    assert report.metrics["label"] is None
    assert SYNTHETIC_LABEL not in report.describe()


def test_the_page_says_what_must_be_said(page):
    text = " ".join("".join(page.text).split())

    assert "raised emergency admissions by 0.011 per person per year (0.010 to 0.013)" in text
    assert "Risk lists alone have not been shown to reduce admissions" in text
    assert "Not a medical device: not UKCA or CE marked" in text
    assert re.search(r"Of the 300 places on 2 lists of the people with the highest risk, \d+ went "
                     r"to people who were admitted as an emergency within 365 days; the model "
                     r"expected \d+", text)  # fmt: skip


def test_the_same_input_gives_the_same_bytes(written, tmp_path):
    evaluate(*district(2500), capacity=150, resamples=40).write(tmp_path)

    for name in FILES:
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_metrics_are_strict_json(report, written):
    read = json.loads((written / "metrics.json").read_text(encoding="utf-8"))

    assert read == report.metrics
    assert "NaN" not in (written / "metrics.json").read_text(encoding="utf-8")


def test_everyone_and_the_parts_are_judged_on_the_same_scores(report):
    metrics = report.metrics
    names = [score["name"] for score in metrics["everyone"]["scores"]]

    assert names == ["model", "logistic", "hfrs"]
    for part in ("unseen", "aged_65_and_over", "not_admitted_lately"):
        assert [s["name"] for s in metrics[part]["scores"]] == names
        assert metrics[part]["rows"] < metrics["everyone"]["rows"]
    assert [d["name"] for d in metrics["everyone"]["differences"]] == ["logistic", "hfrs"]
    assert metrics["everyone"]["scores"][2]["calibration"] is None
    assert sum(r["value"] for r in metrics["everyone"]["rates"].values()) == pytest.approx(1.0)
    assert metrics["death_first"]["calibration"]["observed_expected"]["value"] > 0
    assert len(metrics["by_index_date"]["groups"]) == 2


def test_true_risks_are_found_right_and_better_than_the_others(report):
    own, logistic, _ = report.metrics["everyone"]["scores"]

    for measure in ("slope", "observed_expected"):
        assert own["calibration"][measure]["low"] < 1 < own["calibration"][measure]["high"]
    assert own["auroc"]["value"] > logistic["auroc"]["value"]
    assert logistic["calibration"]["observed_expected"]["high"] < 1  # planted: risks too high


def test_rates_stand_beside_those_without_weights(report, page):
    everyone = report.metrics["everyone"]
    text = " ".join("".join(page.text).split())

    for name in ("admission_first", "death_first"):
        weighted = everyone["rates"][name]
        assert weighted["low"] < everyone["aalen_johansen"][name] < weighted["high"]
    assert "Without the weights, by Aalen and Johansen's estimator" in text


def test_people_not_admitted_lately_are_judged_apart(report):
    part = report.metrics["not_admitted_lately"]
    everyone = report.metrics["everyone"]

    assert 0.5 * everyone["rows"] < part["rows"] < everyone["rows"]
    assert part["events"] / part["rows"] < everyone["events"] / everyone["rows"]


def test_groups_by_condition_overlap_and_say_so(report, page):
    division = report.metrics["subgroups"]["long_term_condition"]
    shown = {group["group"]: group for group in division["groups"] if not group["withheld"]}

    assert division["overlaps"]
    assert {"COPD", "none of these"} <= set(shown)
    assert shown["COPD"]["frail_share"] is not None
    assert "Long-term condition (a person may have several)" in "".join(page.text)


def test_the_list_of_refits_is_compared_with_the_models_own(report, tmp_path):
    model, matrix, cohort = district(2500)
    model.admission = SimpleNamespace(raw_score=lambda values: values[:, 0])
    refits = [SimpleNamespace(raw_score=lambda values, place=place: values[:, place])
              for place in (0, 2)]  # fmt: skip

    again = add_stability(report, model, matrix, cohort, refits)
    again.write(tmp_path)

    rows = again.metrics["stability"]
    assert [row["capacity"] for row in rows] == [0.005, 0.02, 150]
    for row in rows:  # the first refit is the model itself
        assert row["lowest"] == row["always"] < 1
        assert row["in_common"] == pytest.approx((1 + row["lowest"]) / 2)
    assert "E016" in {finding["code"] for finding in again.metrics["findings"]}
    assert "How stable the lists are" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "other samples of people" in (tmp_path / "model_card.md").read_text(encoding="utf-8")


def test_subgroups_are_suppressed_and_their_counts_rounded(report):
    groups = report.metrics["subgroups"]["ethnic_category"]["groups"]
    by_name = {group["group"]: group for group in groups}
    shown = [g for division in report.metrics["subgroups"].values() for g in division["groups"]
             if not g["withheld"]]  # fmt: skip

    assert by_name["Black: African"] == {
        "group": "Black: African",
        "withheld": True,
    }  # a handful of people
    assert sum(group["withheld"] for group in groups) >= 2  # and one more to cover it
    assert groups[-1]["group"] == "not recorded"
    assert not by_name["not recorded"]["withheld"]
    assert len(shown) > 10
    assert all(g[count] % 5 == 0 for g in shown for count in ("people", "rows", "events"))
    assert report.metrics["subgroup_level"] > 0.99


def test_provenance_holds_no_small_counts(report, written):
    provenance = report.metrics["model"]["provenance"]

    assert provenance["rows"] == {"development": 8005}
    assert "3 people died" not in (written / "metrics.json").read_text(encoding="utf-8")


def test_the_card_says_what_a_reader_needs(written):
    card = (written / "model_card.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", card, re.MULTILINE)

    assert headings == [
        "Intended use", "Out of scope", "Data", "Who it was judged on", "Outcome", "Features",
        "Left out", "Performance", "Groups of people", "Limits",
    ]  # fmt: skip
    assert "| Contact | left to the author: name it in the study, as `contact` |" in card
    assert "The outcome is use of care, not need for it" in card
    assert "index_stay" not in card


def test_the_card_names_the_contact_of_the_study(report):
    named = {**report.metrics["study"], "contact": "Risk team | risk@example.org"}

    card = render_card({**report.metrics, "study": named})

    assert "| Contact | Risk team \\| risk@example.org |" in card


@pytest.mark.parametrize(
    ("window_days", "is_judged", "is_told"),
    [(30, False, True), (31, False, True), (32, False, False), (30, True, False)],
)
def test_a_short_window_not_judged_without_lag_says_why(window_days, is_judged, is_told, tmp_path):
    model, matrix, cohort = district(
        1500, study=STUDY.replace("window_days = 365", f"window_days = {window_days}")
    )
    beside = (without_lag_score(matrix.column("risk")),) if is_judged else ()

    evaluate(model, matrix, cohort, beside=beside, resamples=5).write(tmp_path)

    for name in ("report.html", "model_card.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert ("if no feed had a lag is not given here" in text) is is_told
        assert ("The same without lag" in text) is is_judged


def test_too_few_people_are_withheld_whole(tmp_path):
    report = evaluate(*district(30, dates=("2021-01-01",)), resamples=5)
    report.write(tmp_path)

    assert report.metrics["everyone"] == {"withheld": True}
    assert [f["code"] for f in report.metrics["findings"]] == ["E002"]
    assert "Too few people" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert Page((tmp_path / "report.html").read_text(encoding="utf-8")).open == []


def test_one_list_reads_as_one_list():
    report = evaluate(*district(3000, dates=("2021-01-01",)), resamples=5)

    assert "Of the 60 people with the highest risk," in report.describe()


def test_a_discharge_study_has_one_pooled_list_and_names_its_exception(tmp_path):
    study = STUDY.replace(
        "dates = [2018-01-01, 2019-01-01, 2021-01-01, 2022-01-01]",
        'event = "discharge"\nindex_stay = "known"',
    )
    study = re.sub(r"develop_to.*\nevaluate_from.*\n", "hold_out_share = 0.3\n", study)
    report = evaluate(*district(2500, study=study), resamples=5)
    report.write(tmp_path)

    assert report.metrics["by_index_date"] is None
    assert report.metrics["workload"][0]["lists"] == 1
    assert 'index_stay = "known"' in (tmp_path / "model_card.md").read_text(encoding="utf-8")


def test_development_rows_are_left_out():
    model, matrix, cohort = district(1500)
    late = (cohort.frame["index_date"] >= np.datetime64("2022-01-01")).to_numpy()
    cohort.frame["part"] = np.where(late, "evaluation", "development")

    report = evaluate(model, matrix, cohort, resamples=5)

    assert report.metrics["everyone"]["rows"] == 1500


def test_without_evaluation_rows_there_is_nothing_to_judge():
    model, matrix, cohort = district(50)
    cohort.frame["part"] = "development"

    with pytest.raises(DataError, match="none in its evaluation part"):
        evaluate(model, matrix, cohort)


def test_a_matrix_of_other_rows_is_refused():
    model, matrix, cohort = district(50)

    with pytest.raises(UsageError, match="100 rows and the cohort 100, or they differ"):
        evaluate(model, matrix.take(np.arange(100)[::-1]), cohort)


def test_unknown_subgroups_are_named():
    study = STUDY.replace('"practice"', '"postcode"')

    with pytest.raises(StudyError, match="'postcode'"):
        evaluate(*district(1500, study=study), resamples=5)


def test_a_capacity_is_at_least_one_person():
    with pytest.raises(UsageError, match="at least one person"):
        evaluate(*district(50), capacity=0)


def test_a_place_that_cannot_be_written_is_one_clear_error(report, tmp_path):
    file = tmp_path / "taken"
    file.write_text("", encoding="utf-8")

    with pytest.raises(DataError, match="expected to write the evaluation into 'taken'"):
        report.write(file)
