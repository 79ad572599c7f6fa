"""``riskstrat`` as a user calls it: what it prints and the status it ends with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from riskstrat.cli import main

__all__ = ["riskstrat", "riskstrat_alone"]

Done = subprocess.CompletedProcess[str]


def riskstrat(*arguments: str | Path) -> Done:
    """A command in this process, which has imported already what a new one would import again."""
    words = ["riskstrat", *map(str, arguments)]
    said, told = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", words),
        redirect_stdout(said),
        redirect_stderr(told),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    status = ended.value.code or 0
    assert isinstance(status, int)
    return Done(words, status, said.getvalue(), told.getvalue())


def riskstrat_alone(*arguments: str | Path, **environment: str) -> Done:
    """A command in a process of its own: it imports what it needs, and nothing is left over.

    One successful call of each command is enough.
    """
    return subprocess.run(
        [sys.executable, "-c", "from riskstrat.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, **environment},
    )
