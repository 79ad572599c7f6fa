"""The BentoML service in this process: what it takes, what it gives, what it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from riskstrat.explanation import explain
from riskstrat.features import FeatureMatrix

# bentoml is imported in fixtures only, so that the warnings of its import meet these exceptions
pytestmark = [
    pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning"),  # bentoml 1.4.39
    pytest.mark.filterwarnings("ignore:The `__get_pydantic_core_schema__` method"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attribute on the instance"),
]

ROW = {"age": 80, "emergency_admissions_365": 2, "falls": None}
JSON = {"content-type": "application/json"}
PICKLE = "application/vnd.bentoml+pickle"


@pytest.fixture
def service(model, scores):
    from riskstrat_serving.service import build_service

    return build_service(model, lambda: scores)


def ask(service, requests: Sequence[dict[str, Any]]) -> list[httpx.Response]:
    """All requests at once, in one running service."""

    async def run() -> list[httpx.Response]:
        app = service.to_asgi()
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as client,
        ):
            return await asyncio.gather(*(client.request(**request) for request in requests))

    return asyncio.run(run())


def matrix(*rows: Any, catalogue_hash: str = "c0ffee") -> dict[str, Any]:
    return {"matrix": {"catalogue_hash": catalogue_hash, "rows": list(rows)}}


def post(path: str, body: Any) -> dict[str, Any]:
    return {"method": "POST", "url": path, "json": body}


def expected(model, *rows: dict[str, float | None]) -> FeatureMatrix:
    values = pd.DataFrame(list(rows), columns=[f.name for f in model.features], dtype="float32")
    keys = pd.DataFrame({"patient_id": map(str, range(len(rows))), "index_date": pd.NaT})
    return FeatureMatrix(keys, values.to_numpy(), model.features, model.catalogue_hash)


def test_score_gives_the_models_risk(service, model):
    other = {**ROW, "age": 30, "falls": 1}
    (answer,) = ask(service, [post("/score", matrix(ROW, other))])
    assert answer.status_code == 200
    wanted = expected(model, ROW, other)
    predicted = model.predict(wanted)
    assert [row["risk"] for row in answer.json()] == predicted["risk"].tolist()
    assert [row["raw_score"] for row in answer.json()] == predicted["raw_score"].tolist()
    assert {row["baseline"] for row in answer.json()} == {explain(model, wanted).baseline}
    assert set(answer.json()[0]) == {"raw_score", "risk", "baseline", "model_version"}


def test_explain_gives_groups_that_sum_to_the_log_odds(service, model):
    (answer,) = ask(service, [post("/explain", matrix(ROW))])
    (row,) = answer.json()
    assert list(row["contributions"]) == ["person", "emergency", "brain"]
    log_odds = row["baseline"] + sum(row["contributions"].values())
    assert log_odds == pytest.approx(model.predict(expected(model, ROW))["log_odds"][0], abs=1e-9)
    assert row["risk"] == pytest.approx(1 / (1 + np.exp(-log_odds)), abs=1e-12)
    assert row["model_version"] == model.version


def test_requests_that_share_a_batch_get_their_own_rows(service, model):
    ages = [20 + 3 * n for n in range(24)]
    bodies = [
        matrix(*({**ROW, "age": age + k} for k in range(1 + n % 3))) for n, age in enumerate(ages)
    ]
    answers = ask(service, [post("/score", body) for body in bodies])
    for body, answer in zip(bodies, answers, strict=True):
        rows = body["matrix"]["rows"]
        risks = model.predict(expected(model, *rows))["risk"].tolist()
        assert [row["risk"] for row in answer.json()] == risks


BAD = {
    "no rows": (matrix(), "at least 1 item"),
    "too many rows": (matrix(*[ROW] * 1001), "at most 1000 items"),
    "another catalogue": (matrix(ROW, catalogue_hash="beef"), "another feature catalogue"),
    "no catalogue": ({"matrix": {"rows": [ROW]}}, "Field required"),
    "no matrix": ({}, "Field required"),
    "not an object": ([ROW], "should be an object"),
    "a missing feature": (
        matrix({"age": 1, "falls": 0}),
        "1 of the model's features missing (emergency_admissions_365)",
    ),
    "an unknown feature": (matrix({**ROW, "CANARY": 1}), "1 feature names that the model does not"),
    "text": (matrix({**ROW, "age": "80"}), "valid number"),
    "a truth value": (matrix({**ROW, "age": True}), "valid number"),
    "a list for a row": (matrix([80, 2, 1]), "A row is an object of feature name to number"),
    "beyond float32": (matrix({**ROW, "age": 1e39}), "less than or equal to"),
    "something beside": ({**matrix(ROW), "patient": 1}, "Extra inputs are not permitted"),
}


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["/score", "/explain"])
def test_what_is_no_matrix_of_the_model_is_refused(service, caplog, path, body, message):
    caplog.set_level(logging.DEBUG)
    (answer,) = ask(service, [post(path, body)])
    assert answer.status_code == 400
    assert message in answer.text
    assert "CANARY" not in answer.text + caplog.text


@pytest.mark.parametrize("text", ["{", '{"matrix": NaN}', "\x80"])
def test_what_is_not_json_is_refused(service, text):
    request = {"method": "POST", "url": "/score", "content": text, "headers": JSON}
    (answer,) = ask(service, [request])
    assert answer.status_code == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(service, number):
    text = json.dumps(matrix({**ROW, "age": "number"})).replace('"number"', number)
    request = {"method": "POST", "url": "/score", "content": text, "headers": JSON}
    (answer,) = ask(service, [request])
    assert answer.status_code == 400


def test_one_bad_request_does_not_fail_the_others(service, model):
    good = post("/score", matrix(ROW))
    answers = ask(service, [good, post("/score", matrix({**ROW, "age": "x"})), good])
    assert [answer.status_code for answer in answers] == [200, 400, 200]


@pytest.mark.parametrize("kind", [PICKLE, PICKLE.upper(), "multipart/form-data", "text/plain"])
@pytest.mark.parametrize("path", ["/score", "/explain", "/review/", "/nowhere"])
def test_pickled_and_other_bodies_are_refused_everywhere(service, path, kind):
    request = {
        "method": "POST",
        "url": path,
        "content": b"\x80\x05N.",
        "headers": {"content-type": kind},
    }
    (answer,) = ask(service, [request])
    assert answer.status_code == 415


def test_another_host_name_is_refused_everywhere(service):
    paths = ["/review/", "/", "/schema.json", "/readyz", "/review/static/review.css"]
    requests = [
        {"method": "GET", "url": path, "headers": {"host": "evil.example"}} for path in paths
    ]
    assert {answer.status_code for answer in ask(service, requests)} == {421}


def test_the_pages_are_mounted_and_no_address_of_a_page_is_kept(service, caplog):
    caplog.set_level(logging.DEBUG)
    path = "/review/practices/D82001/patients/ada00000aaaa"
    page, metrics = ask(
        service, [{"method": "GET", "url": path}, {"method": "GET", "url": "/metrics"}]
    )
    assert "Patient <span" in page.text
    assert metrics.status_code == 404
    kept = [r for r in caplog.records if "ada00000aaaa" in r.getMessage() and r.name != "httpx"]
    assert kept == []
