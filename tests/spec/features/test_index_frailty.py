"""Frailty: HFRS in tenths, eFI as a count of 36, Imperial syndromes; bands have no floats."""

from fractions import Fraction

import pytest

from riskstrat.errors import UsageError
from riskstrat.features.indices import (
    EFI_DEFICITS,
    efi,
    efi_band,
    efi_deficits_of,
    hfrs,
    hfrs_band,
    imperial_frailty,
)


@pytest.mark.parametrize(
    ("codes", "tenths"),
    [
        ([], 0),
        (["I50.0"], 0),
        (["F00.1"], 71),
        (["F00.0", "F00.1", "F00.9", "F00"], 71),
        (["W19", "W19.0", "w19.X"], 32),
    ],
    ids=["no codes", "not on the list", "one", "four codes under one stem", "three written forms"],
)
def test_each_three_character_code_counts_once(codes, tenths):
    assert hfrs(codes) == tenths


def test_a_sum_of_exactly_15_stays_in_its_band():
    """4.4 + 0.7 + 1.0 + 3.6 + 3.2 + 2.1 is 15.0, and above it when added as floats."""
    codes = ["G819", "Y849", "R470", "R298", "W190", "F03"]
    assert 4.4 + 0.7 + 1.0 + 3.6 + 3.2 + 2.1 > 15
    assert hfrs(codes) == hfrs(reversed(codes)) == 150
    assert hfrs_band(hfrs(codes)) == "intermediate"


@pytest.mark.parametrize("tenths", [-1, 4.9, None, True, "50"])
def test_a_score_that_is_no_number_of_tenths_has_no_band(tenths):
    with pytest.raises(UsageError, match="tenths"):
        hfrs_band(tenths)


def test_the_electronic_index_has_36_deficits_and_polypharmacy_is_one():
    assert len(set(EFI_DEFICITS)) == 36
    assert "polypharmacy" in EFI_DEFICITS


@pytest.mark.parametrize(
    ("deficits", "medicines", "expected"),
    [
        ([], None, 0),
        (["falls", "falls"], None, 1),
        (["falls"], 4, 1),
        (["falls"], 5, 2),
        (["polypharmacy"], None, 1),
        (["polypharmacy"], 9, 1),
        (EFI_DEFICITS, 0, 36),
    ],
    ids=[
        "none",
        "one named twice",
        "four medicines",
        "five medicines",
        "polypharmacy by name",
        "polypharmacy twice",
        "all",
    ],
)
def test_a_deficit_counts_once_and_five_medicines_are_polypharmacy(deficits, medicines, expected):
    assert efi(deficits, medicines) == expected


@pytest.mark.parametrize("count", range(37))
def test_bands_are_those_of_the_exact_fraction(count):
    """Clegg 2016: fit up to 0.12, mild up to 0.24, moderate up to 0.36, severe above."""
    share = Fraction(count, 36)
    edges = [("fit", "0.12"), ("mild", "0.24"), ("moderate", "0.36"), ("severe", "1")]
    assert efi_band(count) == next(band for band, edge in edges if share <= Fraction(edge))


@pytest.mark.parametrize("count", [-1, 37, 4.0, None, True])
def test_a_count_outside_of_36_has_no_band(count):
    with pytest.raises(UsageError, match="deficit"):
        efi_band(count)


@pytest.mark.parametrize("deficits", [None, "falls", ["fals"], ["falls", 3]])
def test_deficits_are_named_exactly(deficits):
    with pytest.raises(UsageError, match="deficits") as caught:
        efi(deficits)
    assert "fals" not in str(caught.value)


@pytest.mark.parametrize("medicines", [-1, 4.5, "5", True])
def test_a_count_of_medicines_is_a_whole_number(medicines):
    with pytest.raises(UsageError, match="medicine_count"):
        efi([], medicines)


def test_own_conditions_amount_to_deficits_as_an_illustration():
    """Migraine has no counterpart; two lung diseases are one deficit; a typing error is refused."""
    assert efi_deficits_of(["copd", "asthma", "migraine"]) == {"respiratory_disease"}
    assert efi_deficits_of([]) == frozenset()
    with pytest.raises(UsageError, match="conditions"):
        efi_deficits_of(["astma"])


@pytest.mark.parametrize(
    ("codes", "syndromes"),
    [
        ([], ()),
        (["I10"], ()),
        (["F05.9", "F05"], ("delirium",)),
        (["Z74.1"], ("functional_dependence", "mobility_problems")),
        (["Z75.1"], ("functional_dependence",)),
        (["W19.0", "S72.0"], ("falls_fractures",)),
        (["R54", "L89", "R32"], ("incontinence", "pressure_ulcer", "senility")),
    ],
    ids=["no codes", "no syndrome", "one", "Z74 is two", "Z75 is one", "falls", "three"],
)
def test_syndromes_are_present_or_not(codes, syndromes):
    assert imperial_frailty(codes) == syndromes
