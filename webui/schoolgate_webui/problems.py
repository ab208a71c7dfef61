"""Errors become pages here, once for all handlers."""

import math
from collections.abc import Callable
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette import status
from starlette.exceptions import HTTPException

from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_webui import acknowledging
from schoolgate_webui.account_desk import GoElsewhere
from schoolgate_webui.guard import (
    AcknowledgementNeeded,
    ForgedForm,
    NotForYou,
    SignInNeeded,
    TooOften,
)
from schoolgate_webui.refusals import note_refusal, route_of
from schoolgate_webui.rendering import Pages
from schoolgate_webui.views import problems
from schoolgate_webui.views.problems import Problem

Handler = Callable[[Request, Exception], Response]

log = structlog.get_logger(__name__)


def handle_problems(app: FastAPI, pages: Pages) -> None:
    """Answer every error of *app* with a page in plain words."""

    def page(request: Request, problem: Problem, status_code: int) -> Response:
        return pages.page(request, "problem.html", status_code=status_code, problem=problem)

    def sentence(title: str, status_code: int) -> Handler:
        def handler(request: Request, error: Exception) -> Response:
            _log(request, error, status_code)
            return page(request, Problem(title, (str(error),)), status_code)

        return handler

    def fixed(problem: Problem, status_code: int) -> Handler:
        def handler(request: Request, error: Exception) -> Response:
            _log(request, error, status_code)
            return page(request, problem, status_code)

        return handler

    def by_status(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        return page(request, problems.by_status(code), code)

    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(GoElsewhere, _elsewhere)
    app.add_exception_handler(AcknowledgementNeeded, _acknowledge)
    app.add_exception_handler(TooOften, _too_often(pages))
    app.add_exception_handler(NotForYou, fixed(problems.NOT_FOR_YOU, 403))
    app.add_exception_handler(ForgedForm, fixed(problems.FORGED, 403))
    app.add_exception_handler(NotAllowed, sentence("You cannot do this", 403))
    app.add_exception_handler(WrongState, sentence("This was settled in the meantime", 409))
    app.add_exception_handler(UnknownObject, fixed(problems.NOT_FOUND, 404))
    app.add_exception_handler(StoreError, fixed(problems.STORE_FAILED, 503))
    app.add_exception_handler(RequestValidationError, fixed(problems.NOT_FOUND, 404))
    app.add_exception_handler(HTTPException, by_status)
    app.add_exception_handler(Exception, fixed(problems.FAILED, 500))


def _log(request: Request, error: Exception, status_code: int) -> None:
    cause = type(error).__name__
    if status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        log.error("page failed", route=route_of(request), cause=cause)
    elif status_code == status.HTTP_403_FORBIDDEN:
        note_refusal(request, cause)


def _sign_in(_: Request, error: Exception) -> Response:
    where = error.where if isinstance(error, SignInNeeded) else "/"
    return RedirectResponse(f"/sign-in?next={quote(where, safe='')}", status.HTTP_303_SEE_OTHER)


def _elsewhere(_: Request, error: Exception) -> Response:
    where = error.where if isinstance(error, GoElsewhere) else "/"
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


def _too_often(pages: Pages) -> Handler:
    def handler(request: Request, error: Exception) -> Response:
        after = math.ceil(error.wait.total_seconds()) if isinstance(error, TooOften) else 1
        # Whoever never stops is not to have what waits for them counted each time.
        request.state.is_brief = True
        return pages.page(
            request,
            "problem.html",
            status_code=status.HTTP_429_TOO_MANY_REQUESTS,
            headers={"retry-after": str(after)},
            problem=problems.too_often(after),
        )

    return handler


def _acknowledge(_: Request, error: Exception) -> Response:
    where = error.where if isinstance(error, AcknowledgementNeeded) else "/"
    then = "" if where == "/" else f"?next={quote(where, safe='')}"
    return RedirectResponse(f"{acknowledging.PAGE}{then}", status.HTTP_303_SEE_OTHER)
