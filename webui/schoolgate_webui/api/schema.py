"""The OpenAPI document, with what each endpoint needs; it is the same for everybody."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from schoolgate_policyd.workflow.api_scopes import WORDS
from schoolgate_webui.access import Who
from schoolgate_webui.api.access import Needs, needs_of
from schoolgate_webui.api.problems import MEDIA_TYPE, Problem

PREFIX = "/api/v1"
_METHODS = frozenset({"get", "post", "put", "delete"})
_TITLE = "Schoolgate"
_ABOUT = (
    "What the pages of a school's internet gateway do, for programs. A program shows an API token "
    "(`Authorization: Bearer sgt_…`), which somebody makes on their account's page, and acts for "
    "them: never more than they may do with the pages, and never with their signature."
)


def schema_of(app: FastAPI) -> dict[str, Any]:
    """Return the document of *app*."""
    schema = get_openapi(
        title=_TITLE,
        version="1",
        description=_ABOUT,
        routes=app.routes,
        servers=[{"url": PREFIX}],
    )
    components = schema["components"]
    components["schemas"]["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    components["schemas"] |= components["schemas"]["Problem"].pop("$defs", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, method, operation in operations(schema):
        needs = needs_of(method.upper(), path)
        if needs is None:
            raise AssertionError(f"{method} {path} stands in no table")
        _describe(operation, needs)
    return schema


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every operation of *schema* with its path and method."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


class Written(msgspec.Struct, frozen=True):
    """
    The document, as it is sent, and the names of each endpoint's parameters in the query.

    By the names a misspelt one is seen.
    """

    schema: dict[str, Any]
    octets: bytes
    parameters: Mapping[tuple[str, str], frozenset[str]]


def written_of(app: FastAPI) -> Written:
    """Return the document of *app*."""
    schema = schema_of(app)
    octets = json.dumps(schema, ensure_ascii=False).encode()
    return Written(schema, octets, _query_parameters(schema))


def _query_parameters(schema: dict[str, Any]) -> dict[tuple[str, str], frozenset[str]]:
    return {
        (method.upper(), path): frozenset(
            each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
        )
        for path, method, operation in operations(schema)
    }


def _describe(operation: dict[str, Any], needs: Needs) -> None:
    problem = {
        "description": "A problem (RFC 9457).",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    operation["responses"].pop("422", None)
    operation["responses"] |= {"4XX": problem, "5XX": problem}
    if needs.scope is not None:
        operation["security"] = [{"token": []}]
        operation["x-scope"] = needs.scope.value
        operation["description"] += f"\n\nScope `{needs.scope}`: {WORDS[needs.scope].lower()}."
    elif needs.who is not Who.ANYBODY:
        operation["security"] = [{"token": []}]
