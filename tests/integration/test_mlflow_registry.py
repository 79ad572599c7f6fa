"""Versions of a model: the newest is the challenger, a promotion needs a written reason."""

from __future__ import annotations

import pytest
from tests.unit.training.samples import sample

from riskstrat.errors import UsageError
from riskstrat.tracking import (
    load_version,
    log_run,
    promote,
    registered_versions,
    registry_uri,
)
from riskstrat.tracking.store import ENVIRONMENT_URI
from riskstrat.training import fit

pytest.importorskip("mlflow", reason="the extra 'track' is not installed")

REASON = "Ranks better on 2024: board of 3 March"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two versions of a model, trained on other people, and how they stood at first."""
    runs = tmp_path_factory.mktemp("runs")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.delenv(ENVIRONMENT_URI, raising=False)
    trained = []
    for seed in (1, 2):
        matrix, cohort = sample(people=150, seed=seed)
        model = fit(matrix, cohort)
        model.save(runs / str(seed) / "artefact")
        log_run(runs / str(seed), model, {"everyone": {"people": 150, "events": 40}})
        trained.append(model)
    monkeypatch.undo()
    uri = registry_uri(str(runs))
    return uri, trained, registered_versions("sample", uri=uri)


def test_the_newest_version_is_the_challenger_and_nobody_the_champion(store):
    newest, oldest = store[2]
    assert (newest.version, newest.aliases) == ("2", ("challenger",))
    assert (oldest.version, oldest.aliases) == ("1", ())
    assert newest.model_version == store[1][1].version
    assert newest.metrics["everyone/events"] == 40


def test_a_promotion_keeps_its_reason_and_what_it_replaced(store):
    uri, trained, _ = store
    promote("sample", "1", reason=REASON, uri=uri)
    promoted = promote("sample", "2", reason=f"  {REASON}\n again ", uri=uri)
    assert promoted.aliases == ("challenger", "champion")
    (told,) = promoted.promotions
    assert (told.alias, told.replaced, told.reason) == ("champion", "1", f"{REASON} again")
    old = registered_versions("sample", uri=uri)[1]
    assert old.aliases == ()
    assert old.promotions[0].replaced == ""
    assert load_version("sample@champion", uri=uri).version == trained[1].version
    assert load_version("sample:1", uri=uri).version == trained[0].version
    with pytest.raises(UsageError, match="is the champion already"):
        promote("sample", "2", reason=REASON, uri=uri)


@pytest.mark.parametrize(
    ("version", "reason", "alias", "message"),
    [
        ("2", "better", "champion", "at least 10 characters, got 6"),
        ("2", REASON, "best", "one of: champion, challenger"),
        ("9", REASON, "champion", "the versions 2, 1, but not '9'"),
    ],
)
def test_a_promotion_that_cannot_be_is_refused(store, version, reason, alias, message):
    with pytest.raises(UsageError, match=message):
        promote("sample", version, reason=reason, alias=alias, uri=store[0])


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("sample", "such as 'name@champion'"),
        ("sample@best", "no version of 'sample' is 'best'"),
        ("other@champion", "there are: sample"),
        ("it's@champion", "without quotation marks"),
    ],
)
def test_a_reference_to_nothing_says_what_there_is(store, reference, message):
    with pytest.raises(UsageError, match=message):
        load_version(reference, uri=store[0])


def test_a_folder_without_a_store_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"expected 'mlflow.db' in the folder"):
        registry_uri(str(tmp_path))


def test_an_address_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_URI, "http://mlflow.example.nhs.uk")
    assert registry_uri() == "http://mlflow.example.nhs.uk"
    assert registry_uri("sqlite:///other.db") == "sqlite:///other.db"
