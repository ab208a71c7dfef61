"""The HTTP API for readers: every endpoint with its scope, an example, and the problems."""

from typing import Any

import msgspec

from schoolgate_policyd.workflow.api_scopes import WORDS, Scope
from schoolgate_webui.api.problems import KINDS
from schoolgate_webui.api.schema import PREFIX, operations

_SIGNED = "Signed by a person"


class EndpointRow(msgspec.Struct, frozen=True):
    """An endpoint: *scope* is `any` where any token will do, empty where none is needed."""

    method: str
    path: str
    summary: str
    scope: str


class EndpointGroup(msgspec.Struct, frozen=True):
    """The endpoints of one part of the school's work."""

    id: str
    title: str
    rows: tuple[EndpointRow, ...]
    is_signed: bool


class ProblemRow(msgspec.Struct, frozen=True):
    """A kind of problem; *id* is the end of its type."""

    id: str
    status: int
    title: str


class ApiPage(msgspec.Struct, frozen=True):
    """What `/api` prints."""

    schema_href: str
    examples: tuple[str, ...]
    scopes: tuple[tuple[str, str], ...]
    groups: tuple[EndpointGroup, ...]
    problems: tuple[ProblemRow, ...]


def api_page(schema: dict[str, Any], public_url: str) -> ApiPage:
    """Return the page about the API that *schema*, an OpenAPI document, describes."""
    base = f"{public_url.rstrip('/')}{PREFIX}"
    groups: dict[str, list[EndpointRow]] = {}
    for path, method, operation in operations(schema):
        row = EndpointRow(
            method=method.upper(),
            path=f"{PREFIX}{path}",
            summary=operation["summary"],
            scope=operation.get("x-scope", "any" if "security" in operation else ""),
        )
        groups.setdefault(operation["tags"][0], []).append(row)
    return ApiPage(
        schema_href=f"{PREFIX}/openapi.json",
        examples=(
            f'curl -H "Authorization: Bearer $TOKEN" {base}/requests',
            " ".join(
                (
                    'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"',
                    f"""-d '{{"why": "No longer needed."}}' {base}/requests/17/withdraw""",
                )
            ),
        ),
        scopes=tuple((each.value, WORDS[each]) for each in Scope),
        groups=tuple(
            EndpointGroup(_id(title), title, tuple(rows), title == _SIGNED)
            for title, rows in groups.items()
        ),
        problems=tuple(ProblemRow(kind, status, title) for kind, (status, title) in KINDS.items()),
    )


def _id(title: str) -> str:
    return "-".join(title.lower().split())
