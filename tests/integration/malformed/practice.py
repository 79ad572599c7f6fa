"""Malformed feeds of the practice record."""

from __future__ import annotations

from tests.integration.malformed.case import Cases, Linked, Refused, with_line
from tests.unit.records.tiny_files import CANARY, NUMBERS

GP = Cases("gp")
PEOPLE, FACTS, ORDERS = "gp_patient.csv", "gp_observation.csv", "gp_medication_order.csv"
GP.text("UTF-8 with a byte order mark", PEOPLE, lambda t: "\ufeff" + t, GP.sound())
GP.text("UTF-16", PEOPLE, lambda t: t.encode("utf-16"), Refused("iconv -f UTF-16 -t UTF-8"))
GP.text(
    "line breaks inside of quoted text",
    FACTS,
    lambda t: t.replace(f"{CANARY} text", f'"{CANARY}\ntext\n"'),
    GP.sound(),
)
GP.text(
    "a quotation mark that is not closed",
    FACTS,
    lambda t: t.replace(f"{CANARY} text", f'"{CANARY} text', 1),
    Refused("this row has a quotation mark that is not closed"),
)
GP.text(
    "a quotation mark in the header that is not closed",
    PEOPLE,
    lambda t: t.replace("registered", '"registered', 1),
    Refused("the header line has a quotation mark that is not closed"),
)
GP.text(
    "a line break in the name of a column",
    PEOPLE,
    lambda t: t.replace("date_of_birth", '"date of\nbirth"'),
    Refused("a line break in the name of a column"),
)
GP.text(
    "lines that end in different ways",
    FACTS,
    lambda t: with_line(t, 2, lambda line: line.replace("\n", "\r\n")),
    Refused("its lines do not all end in the same way"),
)
GP.text("lines that end in CR alone", FACTS, lambda t: t.replace("\n", "\r"), GP.sound())
GP.text(
    "a row of two million letters",
    FACTS,
    lambda t: t.replace(f"{CANARY} text", CANARY * 200_001, 1),
    Refused("is longer than 2,000,000 bytes"),
)
GP.text(
    "no header line",
    PEOPLE,
    lambda t: t.partition("\n")[2],
    Refused("lacks the columns person_id"),
)
GP.text(
    "the header line again in the middle",
    FACTS,
    lambda t: with_line(t, 2, lambda line: t.splitlines()[0] + "\n" + line),
    Linked({**GP.sound().files, FACTS: (3, {"header line again": 1})}),
)
GP.text(
    "one column name twice",
    PEOPLE,
    lambda t: t.replace("date_recorded", "PERSON ID", 1),
    Refused("expected every column name once, 1 stand there again"),
)
GP.text(
    "column names in other letters, with spaces",
    PEOPLE,
    lambda t: with_line(t, 0, lambda line: line.upper().replace("_", " ")),
    GP.sound(),
)
GP.text("a file without rows", FACTS, lambda t: t.split("\n")[0], GP.sound_but_empty(FACTS))
GP.text("a file without anything", FACTS, lambda _: "", Refused("lacks the columns person_id"))
GP.cells(
    "18-digit codes as floats",
    FACTS,
    {
        "mapped_concept_code": [
            "9.99001741000000e+17",
            "999001741000000102.0",
            "999001741000000102",
        ]
    },
    GP.lost(FACTS, CODE_AS_NUMBER=2),
)
GP.cells(
    "identifiers as floats that can be mended",
    PEOPLE,
    {"nhs_number": [f"{number}.0" for number in NUMBERS]},
    GP.sound(),
)
GP.cells(
    "NHS numbers in scientific notation",
    PEOPLE,
    {"nhs_number": ["9.99883E+09", *NUMBERS[1:]]},
    Linked(
        {
            PEOPLE: (2, {"identifier read as a number": 1}),
            FACTS: (3, {}),
            ORDERS: (3, {}),
        }
    ),
)
GP.cells(
    "rows about somebody who is in no list of patients",
    FACTS,
    {"person_id": [f"{CANARY}z", f"{CANARY}b", ""]},
    GP.lost(FACTS, UNKNOWN_PATIENT=1, NO_IDENTIFIER=1),
)
GP.cells(
    "a code that is missing",
    FACTS,
    {"mapped_concept_code": ["", "NULL", "49436004"]},
    GP.lost(FACTS, NO_CODE=2),
)
GP.cells(
    "a decimal comma, and a word for a number",
    FACTS,
    {"result_value": ["7,2", CANARY, "7.2"]},
    GP.lost(FACTS, NOT_A_NUMBER=2),
)
GP.cells(
    "negative amounts",
    ORDERS,
    {"quantity_value": ["-28", "0", "28"], "duration_days": ["28", "-1", "28"]},
    GP.lost(ORDERS, NEGATIVE=2),
)
GP.cells(
    "neither yes nor no",
    PEOPLE,
    {"is_confidential": ["perhaps", "no", "0"]},
    GP.lost(PEOPLE, NOT_YES_OR_NO=1),
)
GP.text(
    "a row of empty cells",
    FACTS,
    lambda t: t + "," * t.split("\n")[0].count(",") + "\n",
    Linked({**GP.sound().files, FACTS: (3, {"no identifier": 1})}),
)
