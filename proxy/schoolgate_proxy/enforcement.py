"""
The steps of a connection: what was asked, where it leads, what was decided, what is recorded.

The hooks of mitmproxy call one method a step and do as it returns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host
from schoolgate_proxy import blockpage
from schoolgate_proxy.asked import Asked, read_request
from schoolgate_proxy.blockpage import Page
from schoolgate_proxy.connections import OpenConnection
from schoolgate_proxy.judging import Judging, Located
from schoolgate_proxy.requests import (
    Attempt,
    BlockPage,
    CloseConnection,
    Forward,
    HelloAnswer,
    Judged,
    LookInside,
    Misdirected,
    PassThrough,
    Refuse,
    on_connect,
    on_hello,
    on_request,
    resources_of,
)
from schoolgate_proxy.resolve import Destination, Unreachable
from schoolgate_proxy.words import Blocked

_NOT_A_HOST = "The request does not name a host that a browser would open."
_MISDIRECTED = "The names in this request do not agree."


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The CONNECT is accepted; *address* is where it may lead, None where nowhere yet."""

    address: str | None


@dataclass(frozen=True, slots=True)
class Fetch:
    """The request goes to *address*, with *path* as it was judged."""

    address: str
    path: str


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came: see `asked.read_request`. *headers* have names in lower case."""

    flow: str
    scheme: str
    port: int
    target: bytes
    authorities: tuple[str, ...]
    headers: Mapping[str, str]


class Enforcement:
    """Decides each step of the connections in *judging*; *web_url* is where the pages are."""

    def __init__(self, judging: Judging, web_url: str) -> None:
        self.connections = judging.connections
        self._judging = judging
        self._web_url = web_url

    async def connect(
        self, connection: OpenConnection, host_text: str, port: int
    ) -> Tunnel | Page:
        """Answer a CONNECT."""
        try:
            host = parse_host(host_text)
        except NameSyntaxError:
            return blockpage.refusal(blockpage.BAD_REQUEST, _NOT_A_HOST)
        located = await self._judging.locate(connection, host)
        subject, snapshot, moment = self._judging.asker(connection)
        answer = on_connect(subject, located.asked, snapshot, moment)
        if isinstance(answer, Refuse):
            self._judging.blocked(connection, answer.judged)
            return self._block_page(connection, answer.judged, as_html=True)
        where = located.where
        is_seen_into = subject.inspectable and not snapshot.is_never_inspected(host)
        if isinstance(where, Unreachable) and not is_seen_into:
            return blockpage.unreachable_page(host.text, where)
        connection.connect = located.asked
        connection.sni = None
        connection.leads_to = where.addresses[0] if isinstance(where, Destination) else None
        if connection.leads_to is not None:
            connection.pin(connection.leads_to, port)
        return Tunnel(connection.leads_to)

    async def hello(self, connection: OpenConnection, sni_text: str | None) -> HelloAnswer | None:
        """Answer a ClientHello; None means the same as CloseConnection, with nothing to record."""
        connect = connection.connect
        if connect is None:
            return None
        sni = None
        if sni_text is not None:
            try:
                host = parse_host(sni_text)
            except NameSyntaxError:
                return None
            same = host == connect.host
            sni = connect if same else (await self._judging.locate(connection, host)).asked
        subject, snapshot, moment = self._judging.asker(connection)
        answer = on_hello(subject, connect, sni, snapshot, moment)
        if isinstance(answer, PassThrough) and connection.leads_to is None:
            # Nowhere to pass it to; the reason is shown inside.
            may_look = subject.inspectable and not snapshot.is_never_inspected(connect.host)
            answer = LookInside(answer.judged) if may_look else CloseConnection(answer.judged)
        connection.sni = sni
        self._note_hello(connection, answer)
        return answer

    def _note_hello(self, connection: OpenConnection, answer: HelloAnswer) -> None:
        match answer:
            case PassThrough():
                connection.passed = connection.connect
                self.connections.holds_until(answer.judged.decision.valid_until)
                self._judging.allowed(connection, answer.judged)
            case LookInside():
                connection.certified = connection.tunnel[-1]
                is_blocked = answer.judged.decision.verdict is Verdict.BLOCK
                connection.unreported = answer if is_blocked or answer.attempt else None
            case CloseConnection():
                self._judging.blocked(connection, answer.judged, answer.attempt)
            case _:
                assert_never(answer)

    async def request(self, connection: OpenConnection, raw: RawRequest) -> Fetch | Page:
        """Answer a request."""
        try:
            asked = read_request(
                scheme=raw.scheme,
                port=raw.port,
                raw_target=raw.target,
                authorities=raw.authorities,
                tunnel=connection.tunnel,
            )
        except NameSyntaxError:
            if not any(raw.authorities):
                self._judging.nameless(connection, Attempt.NO_NAME)
            return blockpage.refusal(blockpage.BAD_REQUEST, _NOT_A_HOST)
        located = await self._locate_request(connection, asked)
        known = {**connection.known, located.asked.host.text: located.asked}
        subject, snapshot, moment = self._judging.asker(connection)
        answer = on_request(subject, asked, known, snapshot, moment)
        connection.unreported = None
        as_html = blockpage.wants_html(raw.headers)
        match answer:
            case BlockPage():
                self._judging.blocked(connection, answer.judged, answer.attempt)
                return self._block_page(connection, answer.judged, as_html=as_html)
            case Misdirected():
                self._judging.blocked(connection, answer.judged, answer.attempt)
                return blockpage.refusal(blockpage.MISDIRECTED, _MISDIRECTED)
            case Forward():
                if not isinstance(located.where, Destination):
                    reason = located.where or Unreachable.NO_ANSWER
                    host_text = asked.url.host.text
                    return blockpage.unreachable_page(host_text, reason, as_html=as_html)
                connection.requests[raw.flow] = resources_of(asked, known)
                self.connections.holds_until(answer.judged.decision.valid_until)
                connection.pin(located.where.addresses[0], raw.port)
                self._judging.allowed(connection, answer.judged)
                return Fetch(located.where.addresses[0], asked.url.path)
            case _:
                assert_never(answer)

    def not_http(self, connection: OpenConnection) -> None:
        """Record that something else than TLS or HTTP was tried inside a CONNECT."""
        if connection.connect is not None:
            judged = self._judging.judge(connection, connection.connect)
            self._judging.blocked(connection, judged, Attempt.TUNNEL)

    def closed(self, connection_id: str) -> None:
        """Forget a connection; record what it tried, if that was not recorded with a page."""
        connection = self.connections.closed(connection_id)
        if connection is not None and connection.unreported is not None:
            self._judging.blocked(
                connection, connection.unreported.judged, connection.unreported.attempt
            )

    def did_not_answer(self, address: str) -> None:
        """Have other addresses of its hosts tried before *address*."""
        self._judging.resolver.avoid(address)

    async def _locate_request(self, connection: OpenConnection, asked: Asked) -> Located:
        connect = connection.connect
        if connect is not None and connect.host == asked.url.host and connection.leads_to:
            # The tunnel stays where it was found to lead, whatever the name says by now.
            return Located(connect, Destination((connection.leads_to,), connect.chain))
        return await self._judging.locate(connection, asked.url.host)

    def _block_page(self, connection: OpenConnection, judged: Judged, *, as_html: bool) -> Page:
        subject, snapshot, moment = self._judging.asker(connection)
        blocked = Blocked(
            subject, judged.resource, judged.decision, snapshot, moment, self._web_url
        )
        return blockpage.block_page(blocked, as_html=as_html)
