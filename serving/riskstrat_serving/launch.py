"""Start the service on this computer, wait until it answers, and end it cleanly."""

from __future__ import annotations

import contextlib
import http
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import typer

from riskstrat.errors import MissingExtraError, RiskstratError, UsageError
from riskstrat.risklist import load_scores
from riskstrat_serving import LOOPBACK

__all__ = ["running_service", "start"]

STYLE = Path(__file__).parent / "static" / "vendor" / "nhsuk-frontend.min.css"
PACKAGES = ("riskstrat", "riskstrat_serving")
NEEDED = ("bentoml", "nhsuk_frontend_jinja", "starlette")

START_SECONDS = 180
"""Longest wait for the first answer, on a slow computer with a large run."""

END_SECONDS = 10
POLL_SECONDS = 0.2


def start(
    scores: Path, host: str = LOOPBACK, *, port: int = 3000, open_browser: bool = False
) -> None:
    """Serve a folder of scores until Ctrl-C.

    Parameters
    ----------
    scores : Path
        As 'riskstrat score' wrote it.
    host : str
        :data:`LOOPBACK`; anything else is refused.
    port : int
    open_browser : bool
        Whether to show the review pages in the user's browser.

    Raises
    ------
    UsageError
        When another host is asked for, or the port is in use.
    MissingExtraError
        When what the service needs is not installed.
    ArtefactError
        When the folder holds no complete scores.
    """
    typer.echo("Starting the service ...")
    with (
        contextlib.suppress(KeyboardInterrupt),
        running_service(scores, host, port=port) as (address, process),
    ):
        typer.echo(f"Review pages: {address}/review/")
        typer.echo("No sign-in: for this computer only. Ctrl-C ends the service.")
        if open_browser:
            webbrowser.open(f"{address}/review/")
        if process.wait() != 0:
            raise RiskstratError("the service has ended by itself; see its messages above.")
    typer.echo("The service has ended.")


@contextlib.contextmanager
def running_service(
    scores: Path, host: str = LOOPBACK, *, port: int
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service as a process that answers, ended with the block.

    Raises
    ------
    UsageError, MissingExtraError, ArtefactError
        As :func:`start`.
    """
    _require_loopback(host)
    _require_installed()
    _require_free(port)
    load_scores(scores)  # a damaged folder is told here, in plain words, before anything starts
    with (
        tempfile.TemporaryDirectory(prefix="riskstrat-serve-") as private,
        _ending_on_sigterm(),
    ):
        process = subprocess.Popen(
            _command(port),
            cwd=private,
            env=_environment(scores, Path(private)),
            start_new_session=True,  # Ctrl-C reaches this process, which then ends that one
        )
        try:
            _wait_until_ready(process, port)
            yield f"http://{LOOPBACK}:{port}", process
        finally:
            _end(process)


def _require_loopback(host: str) -> None:
    if host != LOOPBACK:
        raise UsageError(
            f"expected the host {LOOPBACK}: there is no sign-in yet, so the service is for this "
            "computer only and listens on no other address.",
            do=f"Leave out --host, or give {LOOPBACK}.",
        )


def _require_installed() -> None:
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingExtraError("serve", "the review pages")
    if not STYLE.is_file():
        raise UsageError(
            "the review pages need the compiled NHS.UK design system, which is not there.",
            do="In a checkout run 'make setup'; else install again: "
            "pip install --force-reinstall 'riskstrat[serve]'",
        )


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UsageError(
                f"expected port {port} to be free, but it cannot be used "
                f"({os.strerror(error.errno or 0)}).",
                do="End what uses it, or choose another port with --port.",
            ) from error


def _command(port: int) -> list[str]:
    service = f"{__package__}.app:service"
    return [
        *(sys.executable, "-m", "bentoml", "serve", "--quiet", service),
        *("--host", LOOPBACK, "--port", str(port)),
    ]


def _environment(scores: Path, private: Path) -> dict[str, str]:
    """The environment of the service, in which BentoML reports nothing and keeps nothing."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BENTO")}
    packages = {str(Path(sys.modules[name].__path__[0]).parent) for name in PACKAGES}
    paths = [*sorted(packages), *filter(None, [inherited.get("PYTHONPATH")])]
    return {
        **inherited,
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(private / "bentoml"),
        "PYTHONPATH": os.pathsep.join(paths),
        "RISKSTRAT_SCORES": str(scores.resolve()),
        "TMPDIR": str(private),
    }


@contextlib.contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Treat a request to end (SIGTERM) like Ctrl-C; only a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    latest = time.monotonic() + START_SECONDS
    while time.monotonic() < latest:
        if process.poll() is not None:
            raise RiskstratError("the service ended before it answered; see its messages above.")
        if _answers(port):
            return
        time.sleep(POLL_SECONDS)
    raise RiskstratError(f"the service did not answer within {START_SECONDS} seconds.")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=POLL_SECONDS * 10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the service to end; what has not ended in time, its workers too, is ended."""
    # imported here: it comes with bentoml, without which the command must still be listed
    import psutil  # type: ignore[import-untyped]  # ships no types

    if process.poll() is not None:
        return
    workers = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for worker in psutil.wait_procs(workers, timeout=END_SECONDS)[1]:
        worker.kill()
