"""Whatever stands in a resource, linking ends, and every line is kept or has one reason."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.records.fhir_feeds import DEFAULTS, concept, linked_fhir, resource

KINDS = ("Patient", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation")

FULL = {
    "Patient": {
        "meta": {"lastUpdated": "2020-01-01T00:00:00Z", "security": [{"system": "s", "code": "N"}]},
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9998832829"}],
        "extension": [
            {"url": "UKCore-EthnicCategory", "valueCodeableConcept": concept(("s", "A"))}
        ],
        "generalPractitioner": [
            {
                "identifier": {
                    "system": "https://fhir.nhs.uk/Id/ods-organization-code",
                    "value": "Y1",
                    "period": {"start": "2010-01-01", "end": "2019-01-01"},
                }
            }
        ],
        "deceasedDateTime": "2019-01-01",
    },
    "Encounter": {
        "hospitalization": {
            "extension": [
                {"url": "UKCore-AdmissionMethod", "valueCodeableConcept": concept(("s", "21"))}
            ],
            "admitSource": concept(("http://terminology.hl7.org/CodeSystem/admit-source", "emd")),
            "dischargeDisposition": concept(("s/discharge-disposition", "exp")),
        },
        "priority": concept(("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM")),
        "serviceProvider": {"identifier": {"system": "x", "value": "RX1"}},
    },
    "Condition": {"recordedDate": "2015-03-03", "encounter": {"reference": "Encounter/e"}},
    "MedicationRequest": {
        "medicationReference": {"reference": "#in"},
        "contained": [{"resourceType": "Medication", "id": "in", "code": concept(("s", "1"))}],
    },
    "Observation": {
        "issued": "2015-03-03T00:00:00Z",
        "component": [{"code": concept(("s", "1")), "valueQuantity": {"value": 1}}],
        "valueCodeableConcept": concept(("s", "2")),
        "meta": {"lastUpdated": "2020-01-01T00:00:00Z"},
    },
}

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    st.sampled_from(
        [
            *(
                "",
                " ",
                "NULL",
                "2015",
                "2015-02-30",
                "9999-12-31",
                "1e400",
                "'",
                '"',
                "$",
                "[",
                "{}",
            ),
            *("Patient/p", "Patient/", "urn:uuid:p", "entered-in-error", "\x00", "%s", "a'; --"),
        ]
    ),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


def places_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a resource at which something stands."""
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [place for key, item in inner for place in places_in(item, (*path, key))]
    return [path, *found] if path else found


def changed(given: Any, path: tuple[str | int, ...], change: str, value: Any) -> Any:
    """The resource with something else at a place: left out, another value, or put into a list."""
    first, *rest = path
    copy = dict(given) if isinstance(given, dict) else list(given)
    if rest:
        copy[first] = changed(copy[first], tuple(rest), change, value)
    elif change == "left out":
        del copy[first]
    else:
        copy[first] = [copy[first]] if change == "listed" else value
    return copy


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str]:
    """A kind of resource, and a line of it that is odd at one or two places, or cut."""
    kind = draw(st.sampled_from(KINDS))
    given: Any = json.loads(json.dumps(resource(kind, **FULL.get(kind, {}))))
    for _ in range(draw(st.integers(1, 2))):
        places = places_in(given)
        if places:
            change = draw(st.sampled_from(["left out", "other", "listed"]))
            given = changed(given, draw(st.sampled_from(places)), change, draw(odd_values))
    line = json.dumps(given, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()) and draw(st.booleans()):
        line = line[: draw(st.integers(1, len(line)))]
    return kind, line.encode("utf-8", "replace").decode()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(lines(), min_size=30, max_size=60))
def test_every_line_is_kept_or_has_a_reason(odd: list[tuple[str, str]]) -> None:
    files: dict[str, list[Any]] = {
        kind: [resource(kind), *(line for held, line in odd if held == kind)] for kind in KINDS
    }
    files["Medication"] = [resource("Medication", **DEFAULTS["Medication"])]
    with tempfile.TemporaryDirectory() as folder:
        records = linked_fhir(Path(folder), files)
    (source,) = records.manifest["sources"]
    counted = {file["name"].removesuffix(".ndjson"): file for file in source["files"]}
    for kind, written in files.items():
        file = counted[kind]
        assert file["rows_in"] == len([line for line in written if line != ""])
        assert file["rows_in"] == file["rows_kept"] + sum(file["rejected"].values())
        assert all(file["rejected"].values())
