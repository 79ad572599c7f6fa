"""Malformed feeds of community services, councils and charities."""

from __future__ import annotations

from functools import partial

from tests.integration.malformed.case import Cases, Linked, Refused, only, with_line
from tests.unit.records.tiny_files import CANARY, NUMBERS

CSDS, PEOPLE, CONTACTS = Cases("csds"), "csds_cyp001mpi.csv", "csds_cyp201carecontact.csv"
CSDS.text(
    "a row with a cell less",
    CONTACTS,
    lambda t: with_line(t, 2, lambda line: line.partition(",")[2]),
    Refused("line 3: expected 10 columns, but this row has another number"),
)
CSDS.text(
    "a row with a cell more",
    CONTACTS,
    lambda t: with_line(t, 2, lambda line: f"{CANARY},{line}"),
    Refused("line 3: expected 10 columns, but this row has another number"),
)
CSDS.cells(
    "negative minutes",
    CONTACTS,
    {"CLINICAL CONTACT DURATION OF CARE CONTACT": ["-30", "30", "0"]},
    CSDS.lost(CONTACTS, NEGATIVE=1),
)
CSDS.cells(
    "contacts without identifiers",
    CONTACTS,
    {
        "CARE CONTACT IDENTIFIER": ["", "K2", "K3"],
        "PERSON ID": [f"{CANARY}a", f"{CANARY}a", ""],
    },
    CSDS.lost(CONTACTS, NO_IDENTIFIER=2),
)
CSDS.add("without the table of people", partial(only, "csds", CONTACTS), Refused("csds_cyp001mpi"))
CSDS.text(
    "a month number that is none",
    PEOPLE,
    lambda t: t.replace("1438", "99999999999"),
    CSDS.lost(PEOPLE, NOT_A_NUMBER=1),
)

MHSDS, WARDS = Cases("mhsds"), "mhsds_mhs501hospprovspell.csv"
MHSDS.cells(
    "stays that end before they start",
    WARDS,
    {"DischDateHospProvSpell": ["2019-12-31", "2020-01-02", ""]},
    MHSDS.lost(WARDS, END_BEFORE_START=1),
)
MHSDS.text(
    "tabs between the columns",
    WARDS,
    lambda t: t.replace(",", "\t"),
    MHSDS.sound(),
)

CLD, EVENTS = Cases("cld"), "cld_events.csv"
CLD.text(
    "a NUL byte in a cell",
    EVENTS,
    lambda t: t.replace(CANARY, f"{CANARY}\0", 1),
    Refused("it holds NUL bytes"),
)
CLD.text(
    "a file cut in the middle of a row",
    EVENTS,
    lambda t: t[: t.rindex("Service User")],
    Refused("line 4: expected 16 columns, but this row has another number"),
)
CLD.text(
    "the header line again, in other letters",
    EVENTS,
    lambda t: t + t.split("\n")[0].upper() + "\n",
    Linked({EVENTS: (3, {"header line again": 1})}),
)
CLD.cells(
    "negative units and costs",
    EVENTS,
    {"Unit Cost": ["-20.5", "20.5", "0"], "Planned units per week": ["7", "-7", "7"]},
    CLD.lost(EVENTS, NEGATIVE=2),
)
CLD.cells(
    "kinds of client and event that are in no list",
    EVENTS,
    {
        "Client Type": [CANARY, "Service User", "Carer"],
        "Event Type": ["Service", CANARY, "Review"],
    },
    CLD.lost(EVENTS, UNKNOWN_KIND=2),
)

VOLUNTARY, LINES = Cases("voluntary"), "voluntary_contact.csv"
VOLUNTARY.text(
    "a letter cut in the middle at the end of the file",
    LINES,
    lambda t: (t + "\u00e9").encode()[:-1],
    Refused("expected text in UTF-8, but it is in another encoding"),
)
VOLUNTARY.text(
    "accents, and spaces that do not break",
    LINES,
    lambda t: t.replace("Befriending", "\u00a0Befriending \u00e9\u00a0"),
    VOLUNTARY.sound(),
)
VOLUNTARY.cells(
    "words and endless numbers for minutes",
    LINES,
    {"Minutes": ["half an hour", "1e999", "inf"]},
    VOLUNTARY.lost(LINES, NOT_A_NUMBER=3),
)
VOLUNTARY.cells(
    "negative minutes", LINES, {"Minutes": ["-30", "-0.1", "0"]}, VOLUNTARY.lost(LINES, NEGATIVE=2)
)
VOLUNTARY.cells(
    "lines that name nobody",
    LINES,
    {"NHS No": ["", *NUMBERS[1:]], "DOB": ["", "15/06/1940", "15/06/1940"]},
    VOLUNTARY.lost(LINES, NO_IDENTIFIER=1),
)
