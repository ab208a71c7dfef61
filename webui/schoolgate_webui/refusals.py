"""What was refused is logged by its page or endpoint, so that attempts to get in are seen."""

import structlog
from fastapi import Request

log = structlog.get_logger(__name__)


def note_refusal(request: Request, cause: str) -> None:
    """Log that what *request* asked for was refused, by the name of its *cause*."""
    log.warning("refused", route=route_of(request), cause=cause)


def route_of(request: Request) -> str:
    """Return what was asked for without what stands in its address, which may be a secret code."""
    path = getattr(request.scope.get("route"), "path", "?")
    return f"{request.method} {path}"
