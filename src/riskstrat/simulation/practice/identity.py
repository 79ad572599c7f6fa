"""The identifiers by which the practice's files name people."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import opaque

__all__ = ["person_ids"]

_PROCESS = "gp person"
_LETTER = "G"


def person_ids(block: Block) -> pa.Array:
    """Identifier of each person of a block in every file of the practice record.

    The practice list gives the NHS number of each; no other file does.
    """
    return opaque(_LETTER, block.draws(_PROCESS, np.arange(len(block.people))).bits("id"))
