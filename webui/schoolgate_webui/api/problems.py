"""Every error as `application/problem+json` (RFC 9457), once for all endpoints."""

import json
import math
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles import RuleFileErrors
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.workflow.blocks import NotSure
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, Stale, WrongState
from schoolgate_policyd.workflow.people_table import BadTable
from schoolgate_webui.api.shapes import Shape
from schoolgate_webui.guard import AcknowledgementNeeded, NotForYou
from schoolgate_webui.refusals import note_refusal, route_of

Handler = Callable[[Request, Exception], Response]

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
# Where each kind of problem is explained.
DOCS = "/api"
_LONGEST_FIELD = 80
_MOST_MISTAKES = 50


class Mistake(Shape):
    """What is wrong with one field; *line* is set in tables."""

    field: str
    message: str
    line: int | None = None


class Problem(Shape):
    """A problem (RFC 9457); *page* is where a person does what a program cannot."""

    type: str
    title: str
    status: int
    detail: str | None = None
    mistakes: list[Mistake] | None = None
    warnings: list[str] | None = None
    sure: str | None = None
    page: str | None = None
    scope: str | None = None


class TokenNeeded(SchoolgateError):  # noqa: N818 - it says what is needed
    """No token, or one that opens nothing."""


class ScopeMissing(SchoolgateError):  # noqa: N818 - it says what is missing
    """The token was not made for this; *scope* is what it lacks."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"The token does not have the scope {scope}.")
        self.scope = scope


class SignatureNeeded(SchoolgateError):  # noqa: N818 - it says what is needed
    """A person signs this; *page* is where."""

    def __init__(self, page: str) -> None:
        super().__init__("A program is nobody's signature: a person signs this on its page.")
        self.page = page


class TooMany(SchoolgateError):  # noqa: N818 - it says what there was
    """Asked too often; again after *wait*."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Too many requests in a short time.")
        self.wait = wait


KINDS = {
    "token-needed": (401, "A token is needed"),
    "scope-missing": (403, "The token was not made for this"),
    "not-for-you": (403, "This is for other duties"),
    "not-allowed": (403, "You cannot do this"),
    "acknowledgement-needed": (403, "Acknowledge the policy first"),
    "signature-needed": (403, "A person signs this"),
    "not-found": (404, "There is no such thing"),
    "settled": (409, "This was settled in the meantime"),
    "stale": (409, "Somebody else changed it in the meantime"),
    "invalid-entry": (422, "There are mistakes in what was entered"),
    "change-refused": (422, "The policy cannot be changed like that"),
    "too-many-requests": (429, "Too many requests"),
    "failed": (500, "Something went wrong"),
    "store-failed": (503, "The records cannot be read or written now"),
}


def answer(kind: str, *, headers: dict[str, str] | None = None, **members: object) -> Response:
    """Return the problem of *kind* with its further *members*."""
    status, title = KINDS[kind]
    return _response(f"{DOCS}#{kind}", title, status, headers, members)


def handle_problems(app: FastAPI) -> None:
    """Answer every error of *app* with a problem."""
    app.add_exception_handler(
        TokenNeeded,
        _noted(lambda _, __: answer("token-needed", headers={"www-authenticate": "Bearer"})),
    )
    app.add_exception_handler(ScopeMissing, _noted(_scope_missing))
    app.add_exception_handler(NotForYou, _noted(lambda _, __: answer("not-for-you")))
    app.add_exception_handler(NotAllowed, _noted(_sentence("not-allowed")))
    app.add_exception_handler(
        AcknowledgementNeeded,
        lambda _, __: answer("acknowledgement-needed", page="/policy/acknowledge"),
    )
    app.add_exception_handler(SignatureNeeded, _signature_needed)
    app.add_exception_handler(TooMany, _noted(_too_many))
    app.add_exception_handler(UnknownObject, lambda _, __: answer("not-found"))
    app.add_exception_handler(WrongState, _sentence("settled"))
    app.add_exception_handler(Stale, _sentence("stale"))
    app.add_exception_handler(ChangeRefused, _sentence("change-refused"))
    app.add_exception_handler(RuleFileErrors, _misread)
    app.add_exception_handler(InvalidForm, _invalid)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(StoreError, _failed("store-failed"))
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _failed("failed"))


def _noted(handler: Handler) -> Handler:
    def noted(request: Request, error: Exception) -> Response:
        note_refusal(request, type(error).__name__)
        return handler(request, error)

    return noted


def _scope_missing(_: Request, error: Exception) -> Response:
    scope = error.scope if isinstance(error, ScopeMissing) else ""
    headers = {"www-authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}
    return answer("scope-missing", headers=headers, detail=str(error), scope=scope)


def _signature_needed(_: Request, error: Exception) -> Response:
    page = error.page if isinstance(error, SignatureNeeded) else "/"
    return answer("signature-needed", detail=str(error), page=page)


def _too_many(_: Request, error: Exception) -> Response:
    wait = error.wait if isinstance(error, TooMany) else timedelta(seconds=1)
    after = str(max(1, math.ceil(wait.total_seconds())))
    return answer("too-many-requests", headers={"retry-after": after})


def _sentence(kind: str) -> Handler:
    return lambda _, error: answer(kind, detail=str(error))


def _failed(kind: str) -> Handler:
    def handler(request: Request, error: Exception) -> Response:
        log.error("endpoint failed", route=route_of(request), cause=type(error).__name__)
        return answer(kind)

    return handler


def _invalid(_: Request, error: Exception) -> Response:
    if isinstance(error, BadTable):
        lines = [
            {"field": "table", "message": each.message, "line": each.line} for each in error.lines
        ]
        return answer("invalid-entry", mistakes=lines)
    found = error.mistakes if isinstance(error, InvalidForm) else ()
    mistakes = [{"field": each.field, "message": each.message} for each in found]
    if isinstance(error, NotSure):
        unsure = error.unsure
        return answer(
            "invalid-entry", mistakes=mistakes, warnings=unsure.warnings, sure=unsure.digest
        )
    return answer("invalid-entry", mistakes=mistakes)


def _misread(_: Request, error: Exception) -> Response:
    found = error.mistakes if isinstance(error, RuleFileErrors) else ()
    mistakes = [
        {
            "field": "text",
            "message": f"{each.path.name}, line {each.line}: {each.message}",
            "line": each.line,
        }
        for each in found[:_MOST_MISTAKES]
    ]
    return answer("invalid-entry", mistakes=mistakes)


def _misshapen(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    mistakes = [
        {"field": _field(each.get("loc", ())), "message": str(each.get("msg", "is wrong"))}
        for each in found[:_MOST_MISTAKES]
    ]
    return answer("invalid-entry", mistakes=mistakes)


def _field(loc: tuple[object, ...]) -> str:
    """Return the field's name without where it came from; a client's own word, so it is cut."""
    return ".".join(map(str, loc[1:] or loc))[:_LONGEST_FIELD]


def _by_status(_: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if code == HTTPStatus.NOT_FOUND:
        return answer("not-found", headers=headers)
    return _response("about:blank", HTTPStatus(code).phrase, code, headers, {})


def _response(
    type_: str,
    title: str,
    status: int,
    headers: dict[str, str] | None,
    members: dict[str, object],
) -> Response:
    said = {name: value for name, value in members.items() if value}
    problem = {"type": type_, "title": title, "status": status, **said}
    # Only ASCII: what a client sent may hold surrogates, which no encoding writes.
    text = json.dumps(problem, ensure_ascii=True)
    return Response(text, status_code=status, headers=headers, media_type=MEDIA_TYPE)
