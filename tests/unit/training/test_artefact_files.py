import dataclasses
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from tests.unit.training.samples import STUDY, sample

from riskstrat.errors import ArtefactError, DataError
from riskstrat.features.codelists import code_rules
from riskstrat.study import parse_study
from riskstrat.training import RiskModel, fit
from riskstrat.training.artefact import version_of

FILES = {"admission.txt", "comparators.json", "death.txt", "model.json", "study.toml"}
PEERS = pd.DataFrame({"age_band": ["60-64"], "feature": ["age"], "mean_contribution": [0.1 + 0.2]})


@pytest.fixture(scope="module")
def trained():
    matrix, cohort = sample()
    return dataclasses.replace(fit(matrix, cohort), peers=PEERS), matrix


@pytest.fixture
def saved(trained, tmp_path):
    trained[0].save(tmp_path / "artefact")
    return tmp_path / "artefact"


def test_a_loaded_model_predicts_the_same_to_the_last_bit(trained, saved):
    model, matrix = trained
    loaded = RiskModel.load(saved)
    pd.testing.assert_frame_equal(loaded.predict(matrix), model.predict(matrix), check_exact=True)
    for own, read in zip(model.comparators, loaded.comparators, strict=True):
        assert own == read
        assert (own.predict(matrix) == read.predict(matrix)).all()
    assert loaded.version == model.version
    assert loaded.features == model.features
    assert loaded.study == model.study
    assert loaded.study.text == STUDY
    pd.testing.assert_frame_equal(loaded.peers, PEERS, check_exact=True)


def test_the_artefact_is_text_json_and_parquet(saved):
    assert {path.name for path in saved.iterdir()} == FILES | {"peers.parquet"}
    for name in FILES:
        content = (saved / name).read_bytes()
        content.decode("utf-8")
        assert b"pickle" not in content
    assert (saved / "peers.parquet").read_bytes()[:4] == b"PAR1"


def test_loading_runs_no_pickle(saved, trained, monkeypatch):
    def forbidden(*_args, **_kwargs):
        raise AssertionError("an artefact must load without pickle")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    assert RiskModel.load(saved).version == trained[0].version


def test_saving_twice_gives_the_same_bytes(trained, saved, tmp_path):
    RiskModel.load(saved).save(tmp_path / "again")
    for path in saved.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_the_version_is_that_of_the_content(trained):
    model, _ = trained
    assert len(model.version) == 12
    assert int(model.version, 16) >= 0
    others = [
        dataclasses.replace(model, peers=None),
        dataclasses.replace(model, provenance={**model.provenance, "seed": 2}),
        dataclasses.replace(
            model, admission=dataclasses.replace(model.admission, intercept=0.123456)
        ),
        dataclasses.replace(model, death=None),
        dataclasses.replace(model, comparators=model.comparators[:-1]),
    ]
    assert len({model.version, *(other.version for other in others)}) == len(others) + 1


@pytest.mark.parametrize("name", sorted(FILES | {"peers.parquet"}))
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(ArtefactError, match=f"'{name}'"):
        RiskModel.load(saved)


@pytest.mark.parametrize("name", sorted(FILES | {"peers.parquet"}))
def test_a_truncated_file_is_named(saved, name):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtefactError, match=f"'{name}' is damaged"):
        RiskModel.load(saved)


def test_a_changed_number_is_found(saved):
    index = json.loads((saved / "model.json").read_text())
    index["calibration"]["admission"]["slope"] *= 2
    (saved / "model.json").write_text(json.dumps(index))
    with pytest.raises(ArtefactError, match="version it names"):
        RiskModel.load(saved)


def test_a_foreign_file_is_named(saved):
    (saved / "model.pkl").write_bytes(b"x")
    with pytest.raises(ArtefactError, match=r"'model\.pkl'"):
        RiskModel.load(saved)


@pytest.mark.parametrize("content", ["{}", "[1]", '{"format": "another"}'])
def test_a_folder_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ArtefactError, match="does not describe a riskstrat model"):
        RiskModel.load(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match=r"'model\.json'") as error:
        RiskModel.load(tmp_path / "nowhere")
    assert error.value.exit_code == 3


def test_another_artefact_version_is_refused(saved):
    index = json.loads((saved / "model.json").read_text())
    (saved / "model.json").write_text(json.dumps({**index, "artefact_version": 99}))
    with pytest.raises(ArtefactError, match=r"artefact version 1 .* 99"):
        RiskModel.load(saved)


def test_incomplete_content_is_refused(saved):
    index = json.loads((saved / "model.json").read_text())
    del index["features"][0]["label"]
    index["version"] = version_of(index)
    (saved / "model.json").write_text(json.dumps(index))
    with pytest.raises(ArtefactError, match="not a complete model"):
        RiskModel.load(saved)


def test_a_path_outside_the_folder_is_refused(saved):
    index = json.loads((saved / "model.json").read_text())
    index["files"]["../secret.txt"] = "0" * 64
    (saved / "model.json").write_text(json.dumps(index))
    with pytest.raises(ArtefactError, match="no list of files"):
        RiskModel.load(saved)


def test_a_matrix_of_another_catalogue_is_refused_with_counts(trained):
    model, matrix = trained
    other = dataclasses.replace(
        matrix,
        features=matrix.features[1:],
        values=matrix.values[:, 1:],
        catalogue_hash="hash-2",
    )
    with pytest.raises(ArtefactError, match="1 of 6 features missing, 0 added") as error:
        model.predict(other)
    assert error.value.exit_code == 3


def test_a_matrix_with_the_same_names_and_another_hash_is_refused(trained):
    model, matrix = trained
    with pytest.raises(ArtefactError, match="0 of 6 features missing, 0 added"):
        model.require_matrix(dataclasses.replace(matrix, catalogue_hash="hash-2"))


def test_an_empty_matrix_gives_no_rows(trained):
    model, matrix = trained
    assert model.predict(matrix.take(np.empty(0, dtype=int))).shape == (0, 4)


def test_the_codelists_of_the_study_travel_with_the_model(trained, tmp_path):
    model, _ = trained
    text = STUDY.replace("[outcome]", '[features]\ncodelists = "own.csv"\n[outcome]')
    (tmp_path / "own.csv").write_text("name,system,code\n")
    study = parse_study(text, folder=tmp_path)
    dataclasses.replace(model, study=study).save(tmp_path / "artefact")
    (tmp_path / "own.csv").unlink()
    loaded = RiskModel.load(tmp_path / "artefact")
    assert (loaded.study.folder / loaded.study.features.codelists).read_text().startswith("name")
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again" / "codelists.csv").is_file()
    with pytest.raises(ArtefactError, match=r"own\.csv"):
        dataclasses.replace(model, study=study).save(tmp_path / "third")


def test_nothing_is_left_when_the_place_cannot_be_written(trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError):
        trained[0].save(tmp_path / "file" / "artefact")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_loaded_model_keeps_the_version_of_its_artefact(saved):
    """A later release may describe a model in more words; the version stays what was published."""
    index = json.loads((saved / "model.json").read_text())
    index["provenance"]["told_by_a_later_release"] = True
    index["version"] = version_of(index)
    (saved / "model.json").write_text(json.dumps(index))
    assert RiskModel.load(saved).version == index["version"]


ADDED = """[[features.added]]
name = "clinic"
label = "Seen by the clinic"
group = "other"
codelist = "lists/clinic.csv"
system = "snomed"
how = "latest"
windows_days = [365]
minimum = 1.5
[outcome]"""


@pytest.mark.parametrize("is_in_file", [True, False], ids=["in the study file", "in Python"])
def test_features_of_ones_own_travel_with_the_model(trained, tmp_path, is_in_file):
    """Those added in Python are not in the study's text; both are there after loading."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "clinic.csv").write_text("code\n22298006\n")
    written = parse_study(STUDY.replace("[outcome]", ADDED), folder=tmp_path)
    (own,) = written.features.added
    made = parse_study(STUDY, folder=tmp_path).with_features(own)
    model = dataclasses.replace(trained[0], study=written if is_in_file else made)
    model.save(tmp_path / "artefact")
    loaded = RiskModel.load(tmp_path / "artefact")
    copied = dataclasses.replace(own, codelist="codelist_clinic.csv")
    assert loaded.study.features.added == (copied,)
    assert code_rules(loaded.study) == code_rules(model.study)
    assert loaded.version == model.version != trained[0].version
    loaded.save(tmp_path / "again")
    for path in (tmp_path / "artefact").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
