"""
Cookies and the tokens in forms that show that a form came from a page of ours.

A form's token is made from the cookie it goes with, so nothing is kept for it: from the session's
secret once somebody is signed in, before that from a secret of the browser's own.
"""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schoolgate_policyd.config import Settings

_SECRET_OCTETS = 32
_LONGEST_COOKIE = 200


def form_token(secret: str) -> str:
    """Return the token that forms carry for whoever's cookie holds *secret*."""
    return hmac.digest(secret.encode(), b"schoolgate form", hashlib.sha256).hex()


def same_token(token: str, expected: str) -> bool:
    """Whether *token* is the one that is *expected*, compared in constant time."""
    return hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode())


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return secrets.token_urlsafe(_SECRET_OCTETS)


class Cookies:
    """
    The two cookies: of the session, and of a browser in which nobody is signed in yet.

    Over https they are `__Host-` ones: secure, without a domain, for the whole site. Over plain
    http (the sample school on localhost) browsers share cookies between ports, so the port is
    part of the name: one browser can then play a teacher on one port and the head on another.
    """

    def __init__(self, settings: Settings) -> None:
        self._is_secure = urlsplit(settings.web.public_url).scheme == "https"

    def session_of(self, connection: HTTPConnection) -> str | None:
        """Return the secret of the session that the browser says it has."""
        return self._read(connection, "session")

    def browser_of(self, connection: HTTPConnection) -> str | None:
        """Return the secret of a browser in which nobody is signed in."""
        return self._read(connection, "browser")

    def first_run_of(self, connection: HTTPConnection) -> str | None:
        """Return the secret of the browser in which the first-run guide is open."""
        return self._read(connection, "first-run")

    def set_first_run(self, connection: HTTPConnection, response: Response, secret: str) -> None:
        """Have the browser keep that the first-run guide is open in it."""
        self._set(connection, response, "first-run", secret)

    def set_session(self, connection: HTTPConnection, response: Response, secret: str) -> None:
        """Have the browser keep the session until it is closed."""
        self._set(connection, response, "session", secret)

    def set_browser(self, connection: HTTPConnection, response: Response, secret: str) -> None:
        """Have the browser keep a secret of its own until it is closed."""
        self._set(connection, response, "browser", secret)

    def forget_session(self, connection: HTTPConnection, response: Response) -> None:
        """Have the browser forget the session."""
        response.delete_cookie(
            self._name(connection, "session"),
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def _read(self, connection: HTTPConnection, kind: str) -> str | None:
        value = connection.cookies.get(self._name(connection, kind))
        return value if value and len(value) <= _LONGEST_COOKIE else None

    def _set(self, connection: HTTPConnection, response: Response, kind: str, value: str) -> None:
        response.set_cookie(
            self._name(connection, kind),
            value,
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
            path="/",
        )

    def _name(self, connection: HTTPConnection, kind: str) -> str:
        if self._is_secure:
            return f"__Host-schoolgate-{kind}"
        return f"schoolgate-{kind}-{connection.url.port or 80}"


class RotatedSessions:
    """
    Gives the browser the token that replaces its own, with whatever answer comes next.

    Handlers know nothing of it: `Site.visit` says in the request's state that it is time.
    """

    def __init__(self, app: ASGIApp, cookies: Cookies) -> None:
        self._app = app
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the new cookie unless the handler sets one of its own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_cookie(message: Message) -> None:
            token = state.get("rotated_to")
            if message["type"] == "http.response.start" and token is not None:
                cookie = Response()
                self._cookies.set_session(HTTPConnection(scope), cookie, token)
                ours = cookie.headers["set-cookie"]
                name = ours.partition("=")[0]
                headers = MutableHeaders(scope=message)
                if not any(
                    each.partition("=")[0] == name for each in headers.getlist("set-cookie")
                ):
                    headers.append("set-cookie", ours)
            await send(message)

        await self._app(scope, receive, send_with_cookie)
