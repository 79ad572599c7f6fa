"""The study's own codelists: added, or refused with names and counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.features.history import study

from riskstrat.errors import StudyError
from riskstrat.features.codelists import CodeRule, code_rules


def _rules(folder, text):
    (folder / "codes.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return set(code_rules(replace(study('codelists = "codes.csv"'), folder=folder)))


def test_codes_are_normalised_and_hierarchical_systems_match_by_prefix(tmp_path):
    text = "name,system,code\ngout,icd10,m1a.-\ngout,snomed, 123 \nfall,ctv3,TC...\n"
    added = _rules(tmp_path, text) - set(code_rules(study()))
    kinds = ("diagnosis", "observation")
    deficits = {rule for rule in added if rule.fact.startswith("efi.")}
    assert {rule.fact for rule in deficits} == {"efi.arthritis", "efi.falls"}
    assert {rule.families for rule in deficits} == {("gp",)}
    assert added - deficits == {
        CodeRule("condition.gout", kinds, "icd10", "M1A", is_prefix=True),
        CodeRule("condition.gout", kinds, "snomed", "123"),
        CodeRule("fall", kinds, "ctv3", "TC..."),
    }


def test_a_local_measurement_is_taken_in_the_unit_of_the_catalogue(tmp_path):
    """No conversion: haemoglobin in g/L, within the plausible range of the table."""
    (added,) = _rules(tmp_path, "name,system,code\nhaemoglobin,local,HB\n") - set(
        code_rules(study())
    )
    assert (added.scale, added.shift, added.minimum, added.maximum) == (1, 0, 30, 250)


def test_every_mistake_is_named_at_once(tmp_path):
    text = "name,system,code\nmigrane,icd10,G43\ngout,ICD,M10\ngout,icd10,\n"
    with pytest.raises(StudyError) as error:
        _rules(tmp_path, text)
    assert "unknown names migrane" in str(error.value)
    assert "unknown systems ICD" in str(error.value)
    assert "1 rows have no code" in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", b"name,system,code\ngout,icd10,\xff\n"],
    ids=["empty", "columns", "encoding"],
)
def test_a_file_of_another_form_is_refused(tmp_path, text):
    with pytest.raises(StudyError, match="name,system,code"):
        _rules(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"codes\.csv"):
        code_rules(replace(study('codelists = "codes.csv"'), folder=tmp_path))
