"""Charlson and Elixhauser: each condition once, the severe form alone, lists of their own."""

import pytest

from riskstrat.errors import UsageError
from riskstrat.features.indices import charlson, elixhauser


@pytest.mark.parametrize(
    ("codes", "quan2011", "charlson1987", "shmi"),
    [
        ([], 0, 0, 0),
        (["Z00.0", "nonsense", ""], 0, 0, 0),
        (["I50.0", "I50.9", "i50"], 2, 1, 13),
        (["I21.9"], 0, 1, 5),
        (["K70.3"], 2, 1, 8),
        (["K70.3", "K76.6"], 4, 3, 18),
        (["E11.9", "E11.2"], 1, 2, 0),
        (["C50.9", "C78.0"], 6, 6, 14),
        (["B20"], 4, 6, 2),
        (["N18.9", "F03"], 3, 3, 24),
    ],
    ids=[
        "no codes",
        "codes of no condition",
        "one condition, three codes",
        "a condition without weight in 2011",
        "mild liver disease",
        "mild beside severe liver disease",
        "diabetes of both kinds",
        "cancer with metastases",
        "AIDS",
        "two conditions",
    ],
)
def test_charlson_adds_the_weights_of_conditions(codes, quan2011, charlson1987, shmi):
    assert charlson(codes) == charlson(codes, "quan2011") == quan2011
    assert charlson(codes, "charlson1987") == charlson1987
    assert charlson(codes, "shmi") == shmi


@pytest.mark.parametrize(
    ("code", "in_quan", "in_shmi"),
    [
        ("E105", 1, 3),
        ("C443", 0, 8),
        ("I700", 1, 0),
        ("O987", 0, 2),
        ("E110", 1, 0),
        ("M351", 1, 0),
    ],
    ids=[
        "diabetes with circulatory complications is plain diabetes there",
        "cancer of the skin counts there",
        "atherosclerosis does not count there",
        "HIV in pregnancy counts there",
        "no longer in version 1.60",
        "no longer in version 1.60 either",
    ],
)
def test_the_mortality_indicator_has_its_own_list(code, in_quan, in_shmi):
    assert (charlson([code], "charlson1987") > 0) == bool(in_quan)
    assert charlson([code], "shmi") == in_shmi


def test_a_negative_sum_of_the_mortality_indicator_is_nothing():
    """Complicated diabetes weighs -1; beside another condition it lowers the sum."""
    assert charlson(["E11.2"], "shmi") == 0
    assert charlson(["E11.2", "G81.9", "J45"], "shmi") == 4


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        (["I50.0"], 7),
        (["I11.0"], 7),
        (["F11.2"], -7),
        (["C50.9"], 4),
        (["C50.9", "C78.0"], 12),
        (["I10", "I12.0"], 5),
        (["I48.X", "I48.9", "I47.1"], 5),
        (["E66.9", "I50.0", "Z00.0"], 3),
    ],
    ids=[
        "no codes",
        "heart failure",
        "a code of two conditions",
        "a negative score",
        "solid tumour",
        "solid tumour beside metastases",
        "hypertension beside its complication, which is renal failure too",
        "arrhythmia once",
        "obesity lowers",
    ],
)
def test_elixhauser_adds_the_weights_of_van_walraven(codes, expected):
    assert elixhauser(codes) == expected


@pytest.mark.parametrize("code", ["E11.2", "e112", " E112 ", "E11.2D", "E11.2†"])
def test_the_written_form_of_a_code_does_not_matter(code):
    assert charlson([code], "charlson1987") == 2


@pytest.mark.parametrize("score", [charlson, elixhauser])
@pytest.mark.parametrize("codes", [None, "I50", 5, ["I50", None], [float("nan")]])
def test_what_are_no_codes_is_refused_without_showing_them(score, codes):
    with pytest.raises(UsageError, match=r"^codes: expected texts") as caught:
        score(codes)
    assert "I50" not in str(caught.value)


@pytest.mark.parametrize("weights", ["quan", None, "SHMI", 2011, ["shmi"]])
def test_unknown_weights_are_refused(weights):
    with pytest.raises(UsageError, match="expected the weights"):
        charlson(["I50"], weights)
