"""The review pages as a Starlette application, to be mounted at ``/review``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskstrat_serving.review.people import ScoredPeople
from riskstrat_serving.review.presenters import (
    ABOUT_EVERY_LIST,
    HOME,
    NO_SIGN_IN,
    present_list,
    present_patient,
    present_practices,
    present_run,
)
from riskstrat_serving.review.query import ORDERS, ListQuery

if TYPE_CHECKING:
    from riskstrat.risklist import Scores

__all__ = ["SECURITY_HEADERS", "SecurityHeaders", "review_pages"]

STATIC = Path(__file__).resolve().parent.parent / "static"

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer: no other site may frame, read or feed a page."""

NOT_FOUND = 404
NEVER_STORED = "no-store"
REVALIDATED = "no-cache"


class SecurityHeaders:
    """Add :data:`SECURITY_HEADERS`; pages are never stored, style sheets may be."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        static = f"{scope.get('root_path', '')}/static/"  # the routers below change the root path
        is_static = scope["type"] == "http" and scope["path"].startswith(static)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers["Cache-Control"] = REVALIDATED if is_static else NEVER_STORED
            await send(message)

        await self.app(scope, receive, send_with_headers)


def review_pages(load: Callable[[], Scores]) -> Starlette:
    """The pages of one run.

    Parameters
    ----------
    load : callable
        Gives the scores; called once, when the service starts.

    Returns
    -------
    Starlette
        An application whose addresses all begin with ``/review`` once it is mounted there.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.people = ScoredPeople(load())
        yield

    app = Starlette(
        routes=[
            Route("/", _practices),
            Route("/practices/{code}", _list),
            Route("/practices/{code}/patients/{patient_id:path}", _patient),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/{rest:path}", _nothing_here),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _http_error, Exception: _defect},
        lifespan=lifespan,
    )
    app.state.templates = _environment()
    return app


def _environment() -> Environment:
    loaders = [PackageLoader("riskstrat_serving.review"), PackageLoader("nhsuk_frontend_jinja")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=ChainableUndefined,  # the macros of nhsuk-frontend-jinja ask for it
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        home=HOME, no_sign_in=NO_SIGN_IN, about_every_list=ABOUT_EVERY_LIST, orders=ORDERS
    )
    return environment


def _practices(request: Request) -> Response:
    people: ScoredPeople = request.app.state.people
    return _page(request, "practices.jinja", page=present_practices(people))


def _list(request: Request) -> Response:
    query = ListQuery.read(request.query_params)
    page = present_list(request.app.state.people, request.path_params["code"], query)
    if page is None:
        raise HTTPException(NOT_FOUND)
    return _page(request, "list.jinja", page=page, query=query)


def _patient(request: Request) -> Response:
    code, patient_id = request.path_params["code"], request.path_params["patient_id"]
    page = present_patient(request.app.state.people, code, patient_id)
    if page is None:
        raise HTTPException(NOT_FOUND)
    return _page(request, "patient.jinja", page=page)


def _nothing_here(_request: Request) -> Response:
    raise HTTPException(NOT_FOUND)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _page(request, "problem.jinja", status=status, is_missing=status == NOT_FOUND)


def _defect(request: Request, _error: Exception) -> Response:
    page = _page(request, "problem.jinja", status=500, is_missing=False)
    page.headers.update({**SECURITY_HEADERS, "Cache-Control": NEVER_STORED})  # past the middleware
    return page


def _page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Render a template; nothing of the request's address goes into it."""
    run = present_run(request.app.state.people.run)
    environment: Environment = request.app.state.templates
    html = environment.get_template(template).render(run=run, **values)
    return HTMLResponse(html, status_code=status)
