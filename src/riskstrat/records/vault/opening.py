"""The way back from a pseudonym to an NHS number, opened for one practice at a time.

A vault is a folder: one encrypted file per practice and ``vault.json``, which tells how many people
each file holds. Each sealing draws fresh random numbers, as encryption needs, so the bytes of two
vaults differ although they hold the same; the rule "same input, same bytes" is one for records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.linkage.pseudonyms import key_id as id_of
from riskstrat.records.linkage.pseudonyms import pseudonym
from riskstrat.records.vault.keys import KeyRing
from riskstrat.records.vault.sealed import SealedFolder

__all__ = ["Audit", "Vault", "rekeyed", "reseal", "seal", "seal_again"]

Audit = Callable[[Mapping[str, object]], None]
"""Takes the record of one look: who, which practice, why, how many. It stamps the time itself."""

_COLUMNS = ("practice_code", "patient_id", "nhs_number")

_SHORTEST_REASON = 5
"""Characters: enough that a reason is a word and not a full stop."""


def seal(out: Path, entries: pa.Table, *, key: bytes, key_id: str) -> dict[str, Any]:
    """Write a vault; an earlier one there is replaced as a whole, or not at all.

    Parameters
    ----------
    out : Path
        Folder of the vault. Only its owner may look into it.
    entries : pyarrow.Table
        ``practice_code`` (null for people without a practice, who share one file),
        ``patient_id``, ``nhs_number`` (ten digits); a person once per practice.
    key : bytes
        Secret key of the vault, not that of the pseudonyms.
    key_id : str
        Id of the key that the pseudonyms were made with.

    Returns
    -------
    dict
        What ``vault.json`` holds: ids of keys, and a count per practice.

    Raises
    ------
    MissingExtraError
        When ``cryptography`` is not installed.
    RecordsError
        When a column is missing, a value is null or no number, or a person stands twice.
    UsageError
        When the key is short or also that of the pseudonyms, or `out` holds other things.
    """
    practices = _by_practice(entries)
    counts = {code: len(numbers) for code, numbers in practices.items()}
    folder = SealedFolder.new(out, key, pseudonym_key_id=key_id, counts=counts)
    return folder.write(practices.items())


def seal_again(out: Path, entries: pa.Table, *, key: bytes, key_id: str) -> dict[str, Any]:
    """As :func:`seal`, for entries some of which have no number: those keep the one they had.

    Linking that adds a month knows the numbers of the new files only. People who are in the vault
    and not in `entries` leave it.

    Parameters
    ----------
    out : Path
        An earlier vault, sealed with `key`.
    entries : pyarrow.Table
        As of :func:`seal`, everybody of the records; ``nhs_number`` may be null.
    key, key_id
        As of :func:`seal`.
    """
    old = SealedFolder.open(out, key)
    known = {
        patient: number
        for code in old.about.counts
        for patient, number in old.numbers(code).items()
    }
    pairs = zip(entries["patient_id"].to_pylist(), entries["nhs_number"].to_pylist(), strict=True)
    numbers = pa.array([number or known.get(patient) for patient, number in pairs], pa.string())
    place = entries.column_names.index("nhs_number")
    full = entries.set_column(place, "nhs_number", numbers)
    return seal(out, full.filter(pc.is_valid(numbers)), key=key, key_id=key_id)


@dataclass(frozen=True, repr=False)
class Vault:
    """An open vault. Every look at numbers is told to `audit` before they are given out.

    Parameters
    ----------
    folder : SealedFolder
        Made by :meth:`open`.
    audit : callable
    """

    folder: SealedFolder
    audit: Audit

    def __repr__(self) -> str:
        about = self.folder.about
        return f"Vault({self.folder.path.name!r}, {len(about.counts)} practices)"

    @classmethod
    def open(cls, path: Path, key: bytes, *, audit: Audit) -> Vault:
        """Open a folder made by :func:`seal`. No number is read yet.

        Raises
        ------
        RecordsError
            When the folder is no vault, was made by a newer version or with another key.
        UsageError
            When `audit` cannot be called.
        """
        if not callable(audit):
            raise UsageError("expected a function that keeps a record of every look, got none.")
        return cls(SealedFolder.open(path, key), audit)

    @property
    def practices(self) -> tuple[str | None, ...]:
        """Codes of the practices that have a file."""
        return tuple(self.folder.about.counts)

    @property
    def pseudonym_key_id(self) -> str:
        """Id of the key that the pseudonyms were made with."""
        return self.folder.about.pseudonym_key_id

    def numbers(
        self, practice_code: str | None, patient_ids: Sequence[str], *, reason: str, who: str
    ) -> dict[str, str]:
        """NHS numbers of people of one practice.

        Parameters
        ----------
        practice_code : str or None
            Only this practice's file is opened.
        patient_ids : sequence of str
        reason : str
            Why the numbers are needed, at least 5 characters.
        who : str
            Who needs them.

        Returns
        -------
        dict of str to str
            ``patient_id`` to number, in the order asked. Who is not in the file is left out.

        Raises
        ------
        MissingExtraError
            When ``cryptography`` is not installed.
        RecordsError
            When there is no such practice, or its file is missing, was changed or is another's.
        UsageError
            When the reason or the person is not told.
        """
        if len(reason.strip()) < _SHORTEST_REASON or not who.strip():
            raise UsageError(
                "expected who needs the NHS numbers and a reason of at least "
                f"{_SHORTEST_REASON} characters."
            )
        known = self.folder.numbers(practice_code)
        asked = dict.fromkeys(patient_ids)
        found = {patient: known[patient] for patient in asked if patient in known}
        told = {"who": who, "practice_code": practice_code, "reason": reason}
        self.audit({"event": "nhs_numbers", **told, "asked": len(asked), "found": len(found)})
        return found


def reseal(path: Path, *, old_key: bytes, new_key: bytes) -> dict[str, Any]:
    """Encrypt every practice again, under a new vault key. Pseudonyms stay as they are.

    Returns
    -------
    dict
        What ``vault.json`` holds now.

    Raises
    ------
    RecordsError
        As :meth:`Vault.open` and :meth:`Vault.numbers`; the vault is as it was before.
    """
    old = SealedFolder.open(path, old_key)
    about = old.about
    new = SealedFolder.new(
        path, new_key, pseudonym_key_id=about.pseudonym_key_id, counts=about.counts
    )
    return new.write((code, old.numbers(code)) for code in about.counts)


def rekeyed(path: Path, vault_key: bytes, *, old_key: bytes, new_key: bytes) -> pa.Table:
    """Pseudonyms under a new pseudonym key, to carry decisions over. No number is given out.

    Parameters
    ----------
    path : Path
        A vault of pseudonyms made with `old_key`.
    vault_key, old_key, new_key : bytes
        Key of the vault; old and new key of the pseudonyms.

    Returns
    -------
    pyarrow.Table
        ``old_patient_id`` and ``new_patient_id``, a row per person in order of the old one. The new
        one is null where the old one was not made from the person's number.

    Raises
    ------
    RecordsError
        When the pseudonyms were made with another key, or no pseudonym is that of its number.
    """
    folder = SealedFolder.open(path, vault_key)
    if id_of(old_key) != folder.about.pseudonym_key_id:
        raise RecordsError(
            f"expected the pseudonym key with the id '{folder.about.pseudonym_key_id}', got the "
            f"one with the id '{id_of(old_key)}'.",
        )
    new = KeyRing((new_key,)).current
    pairs: dict[str, str | None] = {}
    for code in folder.about.counts:
        for patient, number in folder.numbers(code).items():
            is_own = pseudonym(number, old_key) == patient
            pairs[patient] = pseudonym(number, new) if is_own else pairs.get(patient)
    if pairs and not any(pairs.values()):
        raise RecordsError(
            f"expected pseudonyms made from NHS numbers, but none of {len(pairs)} is that of its "
            "number under the old key.",
            do="Link the feeds again with the new key.",
        )
    old_ids = sorted(pairs)
    new_ids = [pairs[patient] for patient in old_ids]
    text = pa.string()
    return pa.table(
        {"old_patient_id": pa.array(old_ids, text), "new_patient_id": pa.array(new_ids, text)}
    )


def _by_practice(entries: pa.Table) -> dict[str | None, dict[str, str]]:
    """Numbers of the people of each practice, after every row was checked."""
    lacking = [name for name in _COLUMNS if name not in entries.column_names]
    if lacking:
        raise RecordsError(f"entries of a vault lack the columns: {', '.join(lacking)}.")
    codes, patients, numbers = (entries.column(name).cast(pa.string()) for name in _COLUMNS)
    is_number = pc.fill_null(pc.match_substring_regex(numbers, "^[0-9]{10}$"), False)
    unusable = pc.sum(pc.or_(pc.is_null(patients), pc.invert(is_number))).as_py() or 0
    practices: dict[str | None, dict[str, str]] = {}
    for code, patient, number in zip(
        codes.to_pylist(), patients.to_pylist(), numbers.to_pylist(), strict=True
    ):
        practices.setdefault(code, {})[patient] = number
    twice = entries.num_rows - sum(len(people) for people in practices.values())
    if unusable or twice:
        raise RecordsError(
            "expected a person with an NHS number of ten digits in every entry of a vault, once "
            f"per practice; of {entries.num_rows} entries {unusable} lack one or the other, and "
            f"{twice} are of somebody who has one already."
        )
    return practices
