"""Commands that the service adds to ``riskstrat`` (entry-point group ``riskstrat.commands``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskstrat_serving import LOOPBACK

__all__ = ["serve"]


def serve(
    scores: Annotated[Path, typer.Argument(help="Folder that 'riskstrat score' wrote.")],
    host: Annotated[
        str, typer.Option(help="Address to listen on: 127.0.0.1 only, until there is sign-in.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 3000,
    open_browser: Annotated[
        bool, typer.Option("--open-browser", help="Open the review pages in a browser.")
    ] = False,
) -> None:
    """Serve the review pages and the scoring interface on this computer, until Ctrl-C.

    No sign-in: for this computer only. Not a medical device; for evaluation.

    Example: riskstrat serve scores/ --port 3000
    """
    from riskstrat_serving.launch import start

    start(scores, host, port=port, open_browser=open_browser)
