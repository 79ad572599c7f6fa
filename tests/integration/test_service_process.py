"""The service as its user starts it: a process on this computer, asked over HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from tests.unit.serving.small_run import make_model, make_scores

from riskstrat_serving.launch import running_service

ROW = {"age": 80, "emergency_admissions_365": 2, "falls": None}
BODY = {"matrix": {"catalogue_hash": "c0ffee", "rows": [ROW, ROW]}}
START = """
import sys
from pathlib import Path
from riskstrat_serving.commands import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "scores"
    make_scores(make_model()).save(folder)
    return folder


@pytest.fixture(scope="module")
def service(folder):
    with (
        running_service(folder, port=free_port()) as (address, process),
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client, process
    assert process.returncode is not None


@pytest.mark.slow
def test_score_and_explain_agree(service):
    client, _ = service
    scored = client.post("/score", json=BODY)
    explained = client.post("/explain", json=BODY)
    assert scored.status_code == explained.status_code == 200
    assert [row["risk"] for row in scored.json()] == [row["risk"] for row in explained.json()]
    assert len(scored.json()) == 2


@pytest.mark.slow
def test_the_review_pages_are_there_with_their_headers(service):
    client, _ = service
    page = client.get("/review/practices/D82001")
    assert page.status_code == 200
    assert "No sign-in: for this computer only." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert client.get("/review", follow_redirects=True).status_code == 200
    assert client.get("/review/static/vendor/nhsuk-frontend.min.css").status_code == 200
    assert client.get("/review/practices/D82001/patients/nobody").status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/score", "/explain", "/review/"])
def test_pickled_bodies_are_refused(service, path):
    client, _ = service
    headers = {"Content-Type": "application/vnd.bentoml+pickle"}
    assert client.post(path, content=b"\x80\x05N.", headers=headers).status_code == 415


@pytest.mark.slow
def test_another_host_name_is_refused(service):
    client, _ = service
    assert client.get("/review/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.slow
def test_it_listens_on_this_computer_only(service):
    _, process = service
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for member in family
        for connection in member.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as SIGINT")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_nothing_behind(folder, tmp_path, sent):
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TMPDIR": str(temporary),
    }
    with subprocess.Popen(
        [sys.executable, "-c", START, str(folder), str(free_port())],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(sent)
        assert process.wait(30) == 0
        assert process.stdout.read() == "The service has ended.\n"
    assert lines[1].startswith("Review pages: http://127.0.0.1:")
    assert lines[2] == "No sign-in: for this computer only. Ctrl-C ends the service.\n"
    assert len(workers) >= 2
    assert not any(worker.is_running() for worker in workers)
    assert list(temporary.iterdir()) == []
    assert not (home / "bentoml").exists()
