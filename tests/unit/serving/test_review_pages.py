"""The pages as a browser gets them."""

from __future__ import annotations

import re

import pytest

from riskstrat_serving.review.pages import SECURITY_HEADERS
from riskstrat_serving.review.presenters import ABOUT_EVERY_LIST, NO_SIGN_IN

LIST = "/review/practices/D82001"
ADA = f"{LIST}/patients/ada00000aaaa"
STRANGE = "/review/practices/Y02345/patients/dot%2F1%20%3Cb%3E"
PAGES = {
    "/review/": "Choose a practice - riskstrat review",
    LIST: "Risk list, Practice D82001 - riskstrat review",
    f"{LIST}?top=x": "Error: Risk list, Practice D82001 - riskstrat review",
    ADA: "Patient ada00000, Practice D82001 - riskstrat review",
    STRANGE: "Patient dot/1 &lt;b, Practice Y02345 - riskstrat review",
    "/review/nothing": "Page not found - riskstrat review",
}
SYNTHETIC = "These people are simulated: nobody here is real."


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_every_page_says_what_it_is_and_what_it_is_not(site, path, title):
    html = site.get(path).text
    assert f"<title>{title}</title>" in html
    assert html.count("<h1") == 1
    for sentence in (NO_SIGN_IN, SYNTHETIC, *ABOUT_EVERY_LIST):
        assert sentence in html
    for phrase in (
        "No sign-in: for this computer only",
        "This is a prompt for review, not a decision",
        "associated with, not caused by",
        "A low risk is not reassurance",
        "Not a medical device: not UKCA or CE marked; for evaluation",
    ):
        assert phrase in html


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_security_headers_and_no_inline_code(site, path):
    answer = site.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.findall(r"<script[^>]*>\s*\S[^<]*</script>", answer.text) == []
    assert re.findall(r"\s(?:style|on\w+)=", answer.text) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", answer.text) == []


def test_real_people_are_not_called_synthetic(scores, site_of):
    scores.run["synthetic"] = False
    html = site_of(scores).get(LIST).text
    assert "Synthetic" not in html
    assert SYNTHETIC not in html


def test_the_first_page_leads_to_the_lists(site):
    html = site.get("/review/").text
    assert 'href="/review/practices/D82001">Practice D82001</a>' in html
    assert 'href="/review/practices/no-practice">No practice recorded</a>' in html


def test_a_list_names_its_columns_and_its_people(site):
    html = site.get(LIST).text
    assert re.findall(r'role="columnheader" scope="col"[^>]*>([^<]+)<', html) == [
        "Rank",
        "Patient",
        "Age and sex",
        "Risk",
        "Top reasons",
    ]
    assert re.findall(r'class="riskstrat-id" href="([^"]+)"', html) == [
        f"{LIST}/patients/ada00000aaaa",
        f"{LIST}/patients/bob00000bbbb",
        f"{LIST}/patients/cat00000cccc",
    ]
    assert 'aria-sort="ascending">Rank' in html
    assert "In hospital on 1 January 2025" in text_of(html)


def test_a_list_is_shortened_filtered_and_sorted_without_a_script(site):
    html = site.get(f"{LIST}?top=2&min_age=40&sort=youngest").text
    assert re.findall(r"patients/(\w+)", html) == ["bob00000bbbb", "ada00000aaaa"]
    assert 'aria-sort="ascending">Age and sex' in html
    assert 'value="2"' in html
    assert '<option value="youngest" selected>' in html


def test_a_mistake_in_the_form_is_told_at_its_field(site):
    html = site.get(f"{LIST}?top=many").text
    assert re.search(r'href="#top">\s*Enter a whole number from 1 to 100,000\s*</a>', html)
    assert "many" not in text_of(html).replace("How many", "")


def test_a_long_list_is_shown_fifty_at_a_time(model, scores_of, site_of):
    people = [(f"p{n:04}", "D82001", n, 1 / (n + 1), 70, "male", False) for n in range(1, 122)]
    site = site_of(scores_of(people))
    for page, (first, last) in {1: (1, 50), 2: (51, 100), 3: (101, 121), 9: (101, 121)}.items():
        html = site.get(f"{LIST}?page={page}").text
        assert f"People {first} to {last} of 121" in html
        assert len(re.findall(r'class="riskstrat-id"', html)) == last - first + 1
    html = site.get(f"{LIST}?page=2").text
    assert re.findall(r'href="([^"]*)" rel="(prev|next)"|rel="(prev|next)"', html)
    assert 'href="?page=3"' in html


def test_a_patient_page_tells_the_risk_and_the_reasons(site):
    text = text_of(site.get(ADA).text)
    assert "Risk: 32 in 100" in text
    assert "32 in 100 people like this were admitted as an emergency within 12 months." in text
    assert "Compared with other people aged 82." in text
    assert "neither causal nor conditional expectations" in text
    assert text.index("Raising: could be worked on") < text.index("A fall recorded")
    assert text.index("A fall recorded") < text.index("Raising: background")
    assert text.index("Raising: background") < text.index("2 emergency admissions")
    assert text.index("Lowering") < text.index("Blood pressure 128 mmHg")


def test_the_picture_has_100_figures_and_as_many_dark_ones_as_the_risk(site):
    html = site.get(ADA).text
    assert html.count('class="riskstrat-icons__one"') == 32
    assert html.count('class="riskstrat-icons__other"') == 68
    assert 'role="img" aria-label="100 figures, 32 of them dark"' in html


def test_sensitive_reasons_are_marked_for_the_printer(site):
    for path in (LIST, ADA):
        html = site.get(path).text
        assert re.findall(r'class="riskstrat-sensitive">\s*([^<]+?)\s*<', html) == [
            "Alcohol problems recorded, most recently on 9 May 2024"
        ]
        assert "Sensitive reasons are left out of print." in html


@pytest.mark.parametrize(
    "path",
    [
        "/review/practices/CANARY",
        f"{LIST}/patients/CANARY",
        "/review/practices/Y02345/patients/ada00000aaaa",
        "/review/CANARY",
        f"{LIST}/patients/",
    ],
)
def test_what_is_not_there_looks_the_same_and_repeats_nothing(site, path):
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.text == site.get("/review/nothing").text
    assert "CANARY" not in answer.text
    assert "ada00000" not in answer.text


def test_an_identifier_is_written_as_text(site):
    html = site.get(STRANGE).text
    assert "<b>" not in html
    listed = site.get("/review/practices/Y02345").text
    assert f'href="{STRANGE}"' in listed


def test_static_files_are_served_and_revalidated(site):
    for name, kind in {
        "review.css": "text/css; charset=utf-8",
        "vendor/nhsuk-frontend.min.css": "text/css; charset=utf-8",
        "vendor/nhsuk-frontend.min.js": "text/javascript; charset=utf-8",
        "riskstrat.svg": "image/svg+xml",
    }.items():
        answer = site.get(f"/review/static/{name}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
        assert answer.headers["Cache-Control"] == "no-cache"
    assert site.get("/review/static/../pages.py").status_code == 404
    assert site.get("/review/static/nothing.css").status_code == 404


def test_a_defect_is_told_without_its_values(scores, site_of):
    scores.scores.loc[0, "risk"] = 1.5  # the risk sentence refuses it
    answer = site_of(scores).get(ADA)
    assert answer.status_code == 500
    assert "Sorry, there is a problem" in answer.text
    assert "1.5" not in answer.text
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["Cache-Control"] == "no-store"
