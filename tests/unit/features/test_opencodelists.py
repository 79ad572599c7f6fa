"""Codelists as they are downloaded, and files that cannot be one."""

from __future__ import annotations

import pytest

from riskstrat.features.opencodelists import read_codelist

CODE = "22298006"


def _read(folder, content, system="snomed"):
    file = folder / "codes.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_codelist(file, system)


@pytest.mark.parametrize(
    ("header", "row", "system", "code"),
    [
        ("code,term", f"{CODE},x", "snomed", CODE),
        ("id,name", f"{CODE},x", "snomed", CODE),
        ("snomedct_code,term", f"{CODE},x", "snomed", CODE),
        ("conceptId,term", f"{CODE},x", "snomed", CODE),
        ("CTV3ID,CTV3PreferredTermDesc", "XE0Uc,x", "ctv3", "XE0Uc"),
        ("ICD10Code,Desc", "I50.9,x", "icd10", "I509"),
        ("ICD_code,term", "I48.x,x", "icd10", "I48"),
        (
            "dmd_type,dmd_id,dmd_name,bnf_code",
            "VMP,322236009,x,0407010H0AAAMAM",
            "dmd",
            "322236009",
        ),
        (
            "dmd_type,dmd_id,dmd_name,bnf_code",
            "VMP,322236009,x,0407010H0AAAMAM",
            "bnf",
            "0407010H0AAAMAM",
        ),
        ("code,term", "K40.1,x", "opcs4", "K401"),
        ("Read code,term", "H33..00,x", "read2", "H33.."),
        ("code,term", "4548-4,x", "loinc", "4548-4"),
        ("term,code", "x,OUR-CODE 1", "local", "OUR-CODE 1"),
        (" Code ,Term", f" {CODE} ,x", "snomed", CODE),
    ],
)
def test_the_column_of_codes_is_found_by_its_name(tmp_path, header, row, system, code):
    assert _read(tmp_path, f"{header}\n{row}\n", system) == ((code,), ())


def test_the_column_of_the_system_comes_before_a_general_one(tmp_path):
    assert _read(tmp_path, f"id,snomedct_code\n1,{CODE}\n")[0] == (CODE,)


def test_codes_are_kept_once_and_sorted(tmp_path):
    content = f"code,term\n84114007,x\n{CODE},y\n84114007,z\n\n,\n"
    assert _read(tmp_path, content) == ((CODE, "84114007"), ())


def test_what_excel_writes_is_read(tmp_path):
    """Byte order mark, lines of Windows, quotes and a line break within a term."""
    content = f'\ufeff"code","term"\r\n"{CODE}","a ""term"",\r\nlong"\r\n'
    assert _read(tmp_path, content) == ((CODE,), ())


@pytest.mark.parametrize(
    ("content", "system", "said"),
    [
        ("", "snomed", "is empty"),
        ("\n , \n", "snomed", "is empty"),
        ("code,term\n", "snomed", "has no codes below its header"),
        (
            "term,category\nx,1\n",
            "snomed",
            "has no column of codes among its 2; expected one of code",
        ),
        (f"{CODE},x\n84114007,y\n", "snomed", "has no column of codes among its 2"),
        (f"code;term\n{CODE};x\n", "snomed", "has no column of codes among its 1"),
        (b"code,term\n22298006,\xff\n", "snomed", "is not in UTF-8"),
        (f"code,term\n{CODE},x\n".encode("utf-16"), "snomed", "is not in UTF-8"),
        (f"code,term\n{CODE},x\n,y\n", "snomed", "has 1 rows without a code"),
        ("code\n22298007\n22298006\nabc\n", "snomed", "has 2 codes that cannot be SNOMED CT"),
        ("code\n37443015\n", "snomed", "has 1 codes that cannot be SNOMED CT"),
        ("code\n1.23E+17\n22298006.0\n22298006\n", "snomed", "has 2 codes that a spreadsheet"),
        ("code\n1e+16\n", "dmd", "has 1 codes that a spreadsheet"),
        ("code\n1.2E+5\n", "local", "has 1 codes that a spreadsheet"),
        ("code\n22298006\n", "icd10", "has 1 codes that cannot be ICD-10 codes"),
        ("code\nE10-E14\n", "icd10", "has 1 codes that cannot be ICD-10 codes"),
        ("code\nH33\n", "ctv3", "has 1 codes that cannot be CTV3 codes"),
        ("code\n22298006\n", "bnf", "has 1 codes that cannot be BNF codes"),
    ],
)
def test_a_file_that_cannot_be_a_codelist_is_told_with_counts_only(tmp_path, content, system, said):
    codes, (mistake,) = _read(tmp_path, content, system)
    assert codes == ()
    assert said in mistake
    assert not {"22298007", "37443015", "abc", "84114007"} & set(mistake.replace(";", " ").split())


def test_mistakes_of_several_kinds_are_told_together(tmp_path):
    _, mistakes = _read(tmp_path, "code,term\n1.23E+17,a\n,b\n22298007,c\n")
    assert len(mistakes) == 3


def test_a_missing_file_is_told(tmp_path):
    assert read_codelist(tmp_path / "none.csv", "snomed") == (
        (),
        ("cannot be read (FileNotFoundError)",),
    )
    assert read_codelist(tmp_path, "snomed")[1] == ("cannot be read (IsADirectoryError)",)
