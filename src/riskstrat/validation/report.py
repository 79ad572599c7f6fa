"""What a validation found: one JSON file and one page that loads nothing and prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riskstrat.evaluation.disclosure import FEWEST_EVENTS, FEWEST_PEOPLE
from riskstrat.evaluation.rendering import template_environment
from riskstrat.staging import staged_directory

__all__ = ["SCHEMA_VERSION", "VALIDATION", "ValidationReport"]

SCHEMA_VERSION = 1
"""Version of the layout of ``validation.json``."""

VALIDATION = "validation.json"
"""The file that every folder of a validation holds."""


@dataclass(frozen=True)
class ValidationReport:
    """What was found, as plain values that JSON can hold.

    Parameters
    ----------
    found : dict
        Everything the page shows. Counts and rates only, small numbers withheld.
    """

    found: dict[str, Any] = field(repr=False)

    def write(self, directory: str | Path) -> None:
        """Write ``validation.json`` and ``validation.html``, both or neither.

        Raises
        ------
        DataError
            When the place cannot be written.
        UsageError
            When the directory holds other things.
        """
        with staged_directory(Path(directory), marker=VALIDATION) as staged:
            text = json.dumps(self.found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            (staged / VALIDATION).write_text(text, encoding="utf-8", newline="\n")
            page = _render(self.found)
            (staged / "validation.html").write_text(page, encoding="utf-8", newline="\n")

    def describe(self) -> list[str]:
        """The main figures, a line a part."""
        lines = [self.found["label"]] if self.found["label"] else []
        for name, words in _LINES.items():
            part = self.found["parts"].get(name)
            if part is not None:
                lines.append(words(part))
        return lines


def _render(found: Mapping[str, Any]) -> str:
    """The page of a validation; the same values give the same text."""
    template = template_environment(html=True).get_template("validation.html.j2")
    return template.render(v=found, fewest_people=FEWEST_PEOPLE, fewest_events=FEWEST_EVENTS)


def _auroc(figures: Mapping[str, Any]) -> str:
    if figures["withheld"]:
        return "withheld, too few people"
    ratio = figures["observed_expected"]["value"]
    return f"AUROC {figures['auroc']['value']:.3f}, observed/expected {ratio:.2f}"


def _practices_line(part: Mapping[str, Any]) -> str:
    if "not_possible" in part:
        return f"Practices left out: not possible, {part['not_possible']}."
    return f"Practices left out: {_auroc(part['pooled'])}."


def _external_line(part: Mapping[str, Any]) -> str:
    line = f"The other place: {_auroc(part['before'])}"
    if part["after"] is not None:
        return f"{line}; after recalibration {_auroc(part['after'])}."
    return f"{line}; not recalibrated: {part['not_recalibrated']}."


def _feeds_line(part: Mapping[str, Any]) -> str:
    told = [
        f"{row['label']} {row['most']['auroc']['value']:+.3f}"
        for row in part["kinds"]
        if "auroc" in row.get("most", {})
    ]
    return f"AUROC at most that feeds add: {', '.join(told) or 'none could be told'}."


def _learning_line(part: Mapping[str, Any]) -> str:
    told = [
        f"{row['auroc']['value']:.3f} with {row['developed_on']:,}"
        for row in part["fractions"]
        if "auroc" in row
    ]
    return f"AUROC by people in development: {', '.join(told) or 'withheld'}."


def _optimism_line(part: Mapping[str, Any]) -> str:
    told = [
        f"{words} {part[name]['optimism']['value']:.3f}"
        for name, words in (("trees", "trees"), ("logistic", "logistic regression"))
        if not part[name]["withheld"]
    ]
    return f"Optimism of the AUROC: {', '.join(told) or 'withheld'}."


_LINES = {
    "practices": _practices_line,
    "external": _external_line,
    "feeds": _feeds_line,
    "learning": _learning_line,
    "optimism": _optimism_line,
}
