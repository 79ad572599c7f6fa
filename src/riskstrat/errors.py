"""Errors a user can act on, with the exit status each one ends the command with.

A message says what was expected, what came (names and counts, never a patient value) and what to
do. Anything that is not a :class:`RiskstratError` is a defect of riskstrat and ends with status 1.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ArtefactError",
    "DataError",
    "MissingExtraError",
    "RecordsError",
    "RiskstratError",
    "StudyError",
    "UsageError",
]


class RiskstratError(Exception):
    """Base of every error that is shown without a traceback.

    Parameters
    ----------
    message : str
        What was expected and what came. Names and counts only.
    do : str, optional
        What the user can do next; printed after the message.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, do: str | None = None) -> None:
        super().__init__(f"{message}\n{do}" if do else message)
        self.message = message
        self.do = do


class UsageError(RiskstratError):
    """The command or function was called wrongly (exit status 2)."""

    exit_code = 2


class MissingExtraError(UsageError):
    """An optional dependency is needed for what was asked.

    Examples
    --------
    >>> print(MissingExtraError("serve", "the review pages"))
    the review pages need the extra 'serve', which is not installed.
    Install it with: pip install 'riskstrat[serve]'
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} need the extra '{extra}', which is not installed.",
            do=f"Install it with: pip install 'riskstrat[{extra}]'",
        )


class DataError(RiskstratError):
    """The user's data or study is wrong (exit status 3); nothing was written."""

    exit_code = 3


class RecordsError(DataError):
    """Linked records or a raw feed are missing, damaged or contradict the schema."""


class StudyError(DataError):
    """The study file is wrong, or asks for something the records cannot give."""


class ArtefactError(DataError):
    """A model artefact or scores folder is damaged, or was made for something else."""
