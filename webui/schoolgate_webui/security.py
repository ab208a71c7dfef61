"""
What holds for every request, before and after any handler: hosts, sizes, headers, origins.

Everything here is plain ASGI and stateless, so no error page, file or redirect goes without it.
"""

import asyncio
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schoolgate_policyd.config import Settings

MAX_BODY_OCTETS = 64 * 1024
# A rule file of 96 KiB, each octet of which a form may write as three (`%0A`), and its token.
MAX_FILE_BODY_OCTETS = (3 * 96 + 4) * 1024
# A table of people of 128 KiB, written likewise, and its token.
MAX_TABLE_BODY_OCTETS = (3 * 128 + 4) * 1024
# The forms that hold a whole file, and how many octets each may have.
_LARGE_FORMS = (
    (
        re.compile(r"(?:/api/v1)?/policy/drafts/[0-9]{1,16}/changes/file", re.ASCII),
        MAX_FILE_BODY_OCTETS,
    ),
    (re.compile(r"/school/import", re.ASCII), MAX_TABLE_BODY_OCTETS),
    (re.compile(r"/api/v1/people/import", re.ASCII), MAX_TABLE_BODY_OCTETS),
)
# A form comes at once; whoever sends one octet a minute must not hold a place for ever.
BODY_DEADLINE_S = 20.0

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    # Not no-referrer: with that, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

# A year, for this name alone: what else has a name below it is not ours to speak for.
_HTTPS_ALONE = "max-age=31536000"

_DEFAULT_PORTS = {"http": 80, "https": 443}


def known_hosts(settings: Settings) -> frozenset[str]:
    """
    Return every value of the Host header under which the pages may be asked for.

    The public address and the address listened on, at their own ports and the relays'. A host
    that stands nowhere in the settings is somebody else's name that points here.
    """
    public = urlsplit(settings.web.public_url)
    public_port = public.port or _DEFAULT_PORTS.get(public.scheme, 80)
    names = {public.hostname or "localhost"}
    listening = ipaddress.ip_address(settings.web.address)
    if not listening.is_unspecified:
        names.add(f"[{listening}]" if listening.version == 6 else str(listening))  # noqa: PLR2004 - IPv6
    ports = {public_port, settings.web.port}
    ports |= {each.web_relay_port for each in settings.networks if each.web_relay_port}
    hosts = {f"{name}:{port}" for name in names for port in ports}
    if public_port == _DEFAULT_PORTS.get(public.scheme):
        hosts |= names
    return frozenset(host.lower() for host in hosts)


def is_own_origin(headers: Headers) -> bool:
    """
    Whether a form was sent from one of our own pages at the same host and port.

    Without an Origin header (old browsers, command lines) the browser's Sec-Fetch-Site decides;
    without both the CSRF token alone does.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""


def _refusal(scope: Scope, title: str, status_code: int) -> Response:
    """Return the answer to a body that is not read: a problem (RFC 9457) for programs."""
    if not scope.get("path", "").startswith("/api/"):
        return PlainTextResponse(f"{title}\n", status_code=status_code)
    problem = {"type": "about:blank", "title": title, "status": status_code}
    return JSONResponse(problem, status_code, media_type="application/problem+json")


class SecureHeaders:
    """
    Adds the security headers to every response, and keeps pages out of caches.

    With *is_https* browsers are told to come over https alone from then on.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        self._headers = dict(SECURITY_HEADERS)
        if is_https:
            self._headers["strict-transport-security"] = _HTTPS_ALONE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                # What one person saw must not be in a shared computer's cache for the next; a
                # file may be kept, but is asked for again after an upgrade.
                is_file = scope["path"].startswith("/static/")
                headers["cache-control"] = "no-cache" if is_file else "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHostsOnly:
    """Refuses requests for hosts that are not ours: a rebound name cannot read a page."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what was asked of one of our hosts, else answer 421."""
        if scope["type"] == "http":
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or named[0].lower() not in self._hosts:
                refusal = PlainTextResponse(
                    "These pages are not served under that address.\n", status_code=421
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BoundedBodies:
    """Refuses bodies of more than *limit* octets, and those not whole in *deadline_s* seconds."""

    def __init__(
        self, app: ASGIApp, limit: int = MAX_BODY_OCTETS, deadline_s: float = BODY_DEADLINE_S
    ) -> None:
        self._app = app
        self._limit = limit
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body first, since a form is small: 413 when it is not, 408 when late."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit
        if scope.get("method") == "POST":
            path = scope.get("path", "")
            large = (octets for form, octets in _LARGE_FORMS if form.fullmatch(path))
            limit = max(limit, *large, 0)
        try:
            async with asyncio.timeout(self._deadline_s):
                body = await self._whole_body(receive, limit)
        except TimeoutError:
            refusal = _refusal(scope, "The form did not arrive in time.", 408)
            await refusal(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > limit:
            refusal = _refusal(scope, "That is too much text.", 413)
            await refusal(scope, receive, send)
            return
        is_read = False

        async def receive_again() -> Message:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_again, send)

    async def _whole_body(self, receive: Receive, limit: int) -> bytes | None:
        """Return the body, or its beginning when it is too long; None when the client left."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > limit or not message.get("more_body", False):
                return bytes(body)
