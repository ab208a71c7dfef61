"""
A program that asks the HTTP API of a school with a token.

Whatever it is given in answer is as the OpenAPI document says, else the test fails.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import schemathesis
from httpx import ASGITransport, AsyncClient, Response
from web_school import HOST, MACHINE, TEACHER_DEVICE, WebSchool

from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_webui.api.app import written
from schoolgate_webui.api.schema import operations

PREFIX = "/api/v1"


def token_for(
    school: WebSchool,
    person: str,
    scopes: Iterable[Scope] = tuple(Scope),
    lasts: timedelta = timedelta(days=30),
) -> str:
    """Return a new token of *person*."""
    return school.decisions.api_tokens.make(
        person, "a program", frozenset(scopes), ends_at=MACHINE + lasts, at=MACHINE
    )


class Program:
    """Asks with the token *secret*, None with none."""

    def __init__(
        self, school: WebSchool, secret: str | None, address: str = TEACHER_DEVICE
    ) -> None:
        self._school = school
        self.headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        transport = ASGITransport(school.app, raise_app_exceptions=False, client=(address, 50_000))
        self._client = AsyncClient(transport=transport, base_url=f"http://{HOST}:8000{PREFIX}")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the answer."""
        asking = self._client.request(
            method,
            path,
            json=body if content is None else None,
            content=content,
            headers={**self.headers, **(headers or {})},
        )
        answer = self._school.runner.run(asking)
        require_as_documented(method, answer)
        return answer

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return what is read at *path*, which must be there."""
        answer = self.ask("GET", path)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401
        """Return what came of sending *body*, which must come to *status*."""
        answer = self.ask("POST", path, body)
        assert status == answer.status_code, answer.text
        return answer.json()


def require_as_documented(method: str, answer: Response) -> None:
    """Raise unless a JSON *answer* to *method* is as the document says; others have no shape."""
    path = answer.request.url.path.removeprefix(PREFIX)
    template = next((each for each, known in _templates(method) if known.fullmatch(path)), None)
    if template is not None and answer.headers.get("content-type") == "application/json":
        _document()[template][method].validate_response(answer)


@functools.cache
def _document() -> Any:  # noqa: ANN401 - schemathesis's own
    return schemathesis.openapi.from_dict(written().schema)


@functools.cache
def _templates(method: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the paths of *method*, those without parameters first: so they are routed too."""
    paths = {path for path, known, _ in operations(written().schema) if known.upper() == method}
    return [
        (path, re.compile(re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(path))))
        for path in sorted(paths, key=lambda each: (each.count("{"), each))
    ]


def program_of(school: WebSchool, person: str, scopes: Iterable[Scope] = tuple(Scope)) -> Program:
    """Return a program of *person*."""
    return Program(school, token_for(school, person, scopes))
