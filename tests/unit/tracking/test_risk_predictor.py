import numpy as np
import pandas as pd
import pytest
from tests.unit.training.samples import sample

from riskstrat.errors import DataError
from riskstrat.tracking.pyfunc import _load_pyfunc
from riskstrat.training import fit


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    matrix, cohort = sample(people=200)
    model = fit(matrix, cohort)
    folder = tmp_path_factory.mktemp("run") / "artefact"
    model.save(folder)
    return _load_pyfunc(str(folder)), model, matrix


def _table(matrix):
    return pd.DataFrame(matrix.values, columns=list(matrix.names))


def test_a_table_gives_the_risks_of_the_matrix(served):
    predictor, model, matrix = served
    expected = model.predict(matrix)[["risk", "risk_death"]]
    pd.testing.assert_frame_equal(predictor.predict(_table(matrix)), expected)


def test_the_order_of_columns_and_their_types_do_not_matter(served):
    predictor, model, matrix = served
    table = _table(matrix).iloc[:, ::-1].astype("float64").astype("object")
    table = table.where(table.notna(), None)
    expected = model.predict(matrix)[["risk", "risk_death"]]
    pd.testing.assert_frame_equal(predictor.predict(table), expected)


def test_a_missing_column_is_refused_with_counts(served):
    predictor, _, matrix = served
    with pytest.raises(DataError, match="6 features of the model, but 1 are missing"):
        predictor.predict(_table(matrix).drop(columns="age"))


def test_no_rows_give_no_rows(served):
    predictor, _, matrix = served
    assert predictor.predict(_table(matrix)[:0]).shape == (0, 2)


def test_without_a_model_of_death_it_is_missing(tmp_path):
    matrix, cohort = sample(people=200, deaths=False)
    fit(matrix, cohort).save(tmp_path / "artefact")
    predicted = _load_pyfunc(str(tmp_path / "artefact")).predict(_table(matrix))
    assert predicted["risk_death"].isna().all()
    assert np.isfinite(predicted["risk"]).all()
