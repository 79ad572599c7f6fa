"""What every request has to pass before anything else sees it.

Until sign-in exists the service answers this computer only. A page on another site can make a
browser on this computer send requests here, so two more things are checked: the ``Host`` header
names this computer (against names re-bound to 127.0.0.1), and a request that carries a body to the
programming interface says that it is JSON, which no form and no script of another site can say
without asking first. That also refuses BentoML's pickled bodies, whose reading would run code.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["JSON_TYPE", "LOOPBACK_NAMES", "JsonBodies", "LoopbackHost"]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})
JSON_TYPE = "application/json"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class LoopbackHost:
    """Refuse (421) a request whose ``Host`` header does not name this computer.

    Parameters
    ----------
    app : ASGIApp
        What answers the requests that pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan" or _names_loopback(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        refusal = JSONResponse(
            {"error": "No sign-in: this service answers this computer only, as 127.0.0.1."},
            status_code=421,
        )
        await refusal(scope, receive, send)


def _names_loopback(headers: Headers) -> bool:
    names = headers.getlist("host")
    return len(names) == 1 and names[0].rsplit(":", 1)[0].lower() in LOOPBACK_NAMES


class JsonBodies:
    """Refuse (415) a request with a body that does not say it is JSON.

    Parameters
    ----------
    app : ASGIApp
        What answers the requests that pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY or _is_json(scope):
            await self.app(scope, receive, send)
            return
        refusal = JSONResponse(
            {"error": f"Expected a body of type {JSON_TYPE}; no other type is read."},
            status_code=415,
        )
        await refusal(scope, receive, send)


def _is_json(scope: Scope) -> bool:
    types = Headers(scope=scope).getlist("content-type")
    return len(types) == 1 and types[0].split(";")[0].strip().lower() == JSON_TYPE
