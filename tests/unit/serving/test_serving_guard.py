"""What has to be true of a request before anything else sees it."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from riskstrat_serving.guard import JsonBodies, LoopbackHost

PICKLE = "application/vnd.bentoml+pickle"


def ask(method: str, headers: list[tuple[str, str]]) -> int:
    async def run() -> int:
        app = Starlette(
            routes=[Route("/", lambda _request: PlainTextResponse("in"), methods=["GET", "POST"])],
            middleware=[Middleware(LoopbackHost), Middleware(JsonBodies)],
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.request(method, "/", headers=headers)).status_code

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:3000", "localhost:3000", "LOCALHOST"])
def test_this_computer_is_answered(host):
    assert ask("GET", [("host", host)]) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:3000",
        "127.0.0.1@evil.example",
        "0.0.0.0:3000",
        "[::1]:3000",
        "192.168.1.7:3000",
        "",
    ],
)
def test_a_name_that_may_have_been_bound_anew_is_refused(host):
    assert ask("GET", [("host", host)]) == 421


def test_two_hosts_are_refused():
    assert ask("GET", [("host", "127.0.0.1"), ("host", "evil.example")]) == 421


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_read(kind):
    assert ask("POST", [("host", "127.0.0.1"), ("content-type", kind)]) == 200


@pytest.mark.parametrize(
    "kind",
    [
        PICKLE,
        PICKLE.upper(),
        f"{PICKLE}; a=application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    ],
)
def test_no_other_body_is_read(kind):
    assert ask("POST", [("host", "127.0.0.1"), ("content-type", kind)]) == 415


def test_a_body_that_does_not_say_what_it_is_is_not_read():
    assert ask("POST", [("host", "127.0.0.1")]) == 415


def test_two_types_are_refused():
    types = [("content-type", "application/json"), ("content-type", PICKLE)]
    assert ask("POST", [("host", "127.0.0.1"), *types]) == 415
