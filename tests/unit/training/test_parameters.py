import dataclasses

import pytest
from tests.unit.training.samples import STUDY

from riskstrat.errors import StudyError
from riskstrat.study import parse_study
from riskstrat.training.parameters import TreeParameters, load_parameters


def _study(folder, params):
    (folder / "params.toml").write_text(params)
    return parse_study(STUDY + '[model]\nparams = "params.toml"\n', folder=folder)


def test_without_a_file_the_defaults_stand():
    assert load_parameters(parse_study(STUDY)) == TreeParameters()


def test_a_file_changes_what_it_names(tmp_path):
    found = load_parameters(_study(tmp_path, "max_depth = 4\nlambda_l2 = 3\n"))
    assert found == dataclasses.replace(TreeParameters(), max_depth=4, lambda_l2=3.0)


def test_all_mistakes_are_named_at_once(tmp_path):
    study = _study(tmp_path, 'max_depth = 9\nnum_leafs = 3\nfolds = "4"\nlearning_rate = 0\n')
    with pytest.raises(StudyError, match="4 mistakes") as error:
        load_parameters(study)
    for part in ("'max_depth' must be 1 to 8", "unknown key 'num_leafs'", "'folds' must be int"):
        assert part in str(error.value)


@pytest.mark.parametrize("key", ["class_weight", "is_unbalance", "scale_pos_weight"])
def test_weights_of_classes_are_refused_with_the_reason(tmp_path, key):
    with pytest.raises(StudyError, match=f"'{key}' is not offered: .* makes every risk wrong"):
        load_parameters(_study(tmp_path, f"{key} = 12\n"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 1.5),
        ("feature_fraction", 0.0),
        ("bagging_fraction", -1.0),
        ("num_leaves", 1),
        ("folds", 1),
        ("max_depth", 0),
        ("lambda_l2", -0.1),
        ("max_rounds", 0),
        ("early_stopping_rounds", 0),
        ("max_bin", 1),
        ("min_child_samples", 0),
    ],
)
def test_a_value_out_of_range_is_named(name, value):
    assert name in "".join(dataclasses.replace(TreeParameters(), **{name: value}).mistakes())


def test_the_defaults_are_in_range():
    assert TreeParameters().mistakes() == []


def test_true_is_not_a_number(tmp_path):
    with pytest.raises(StudyError, match="'folds' must be int, not bool"):
        load_parameters(_study(tmp_path, "folds = true\n"))


@pytest.mark.parametrize("content", ["folds =", None])
def test_an_unreadable_file_is_named(tmp_path, content):
    study = parse_study(STUDY + '[model]\nparams = "params.toml"\n', folder=tmp_path)
    if content is not None:
        (tmp_path / "params.toml").write_text(content)
    with pytest.raises(StudyError, match=r"'params\.toml'"):
        load_parameters(study)
