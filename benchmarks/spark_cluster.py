"""A Spark cluster of processes on this machine: a standalone master and its workers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

__all__ = ["LOOPBACK", "standalone_cluster"]

LOOPBACK = "127.0.0.1"
START_SECONDS = 90.0
"""How long the workers may take to report to the master."""

STOP_SECONDS = 20.0
"""How long a process may take to end before it is killed."""


@contextmanager
def standalone_cluster(folder: Path, *, workers: int, memory: str) -> Iterator[str]:
    """Address of a master with workers of one core each; all are stopped whatever happens.

    Parameters
    ----------
    folder : Path
        An existing folder for logs and work.
    workers : int
    memory : str
        What each worker may give to executors, such as ``"2g"``.

    Raises
    ------
    TimeoutError
        When the workers do not report to the master.
    """
    port, page = _free_ports(2)
    address = f"spark://{LOOPBACK}:{port}"
    places = ["--host", LOOPBACK, "--webui-port"]
    with ExitStack() as stack:
        master = ["org.apache.spark.deploy.master.Master", *places, str(page), "--port", str(port)]
        stack.enter_context(_running(master, folder / "master.log"))
        _wait_until(lambda: _reporting(page) is not None, "the master answers")
        for number in range(workers):
            work = ["--cores", "1", "--memory", memory, "--work-dir", str(folder / f"{number}")]
            worker = ["org.apache.spark.deploy.worker.Worker", *places, "0", *work, address]
            stack.enter_context(_running(worker, folder / f"worker{number}.log"))
        _wait_until(lambda: _reporting(page) == workers, f"{workers} workers report")
        yield address


@contextmanager
def _running(arguments: Sequence[str], log: Path) -> Iterator[None]:
    """A process of Spark's, ended with the block."""
    import pyspark

    spark_class = Path(pyspark.__file__).parent / "bin" / "spark-class"
    environment = os.environ | {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_NO_DAEMONIZE": "1",
    }
    with log.open("wb") as told:
        process = subprocess.Popen(
            [str(spark_class), *arguments], env=environment, stdout=told, stderr=told
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _reporting(page: int) -> int | None:
    """Workers that the master counts as alive; None while it does not answer."""
    try:
        with urlopen(f"http://{LOOPBACK}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (URLError, OSError, ValueError):
        return None


def _wait_until(has_happened: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + START_SECONDS
    while not has_happened():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {START_SECONDS:.0f} s until {what}")
        time.sleep(0.2)
