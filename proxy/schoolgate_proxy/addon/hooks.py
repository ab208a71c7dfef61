"""mitmproxy's events translated to the steps of `enforcement`, and its answers back."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from mitmproxy import connection as mitmproxy_connection
from mitmproxy import http, tcp, tls
from mitmproxy.proxy import server_hooks

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host
from schoolgate_proxy import blockpage
from schoolgate_proxy.blockpage import Page
from schoolgate_proxy.connections import OpenConnection
from schoolgate_proxy.enforcement import Enforcement, Fetch, RawRequest, Tunnel
from schoolgate_proxy.requests import LookInside, PassThrough

_HTTP_PORT = 80
_SWITCHING_PROTOCOLS = 101
_ANSWERED_HERE = "schoolgate-answered-here"
_SORRY = "The school's filter had a fault and did not open this page."
_TUNNELS_ALONE = "Ask for encrypted pages by CONNECT."
_FOLDED = "A header of the request goes on over more than one line."

log = structlog.get_logger(__name__)


def or_answer_fault(
    hook: Callable[[Any, http.HTTPFlow], Awaitable[None]],
) -> Callable[[Any, http.HTTPFlow], Awaitable[None]]:
    """Make a fault in *hook* an answer of ours: mitmproxy would log it and let bytes through."""

    @functools.wraps(hook)
    async def guarded(self: Any, flow: http.HTTPFlow) -> None:  # noqa: ANN401 - any class's method
        try:
            await hook(self, flow)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may get past it
            # The kind alone: a message or a traceback could name a page.
            fault = type(error).__name__
            log.error("a request could not be decided", hook=hook.__name__, fault=fault)  # noqa: TRY400 - see above
            _answer(flow, blockpage.refusal(blockpage.INTERNAL_ERROR, _SORRY))

    return guarded


class Hooks:
    """The addon; it holds no state of its own."""

    name = "schoolgate"

    def __init__(self, enforcement: Enforcement) -> None:
        self._enforcement = enforcement
        self._connections = enforcement.connections

    def client_connected(self, client: mitmproxy_connection.Client) -> None:
        """Write a new connection down, or end it at once when there are very many."""
        if client.id in self._connections:
            return  # the front door has counted it and handed it over
        # An IPv4 client of a socket for both families is the same client.
        address = parse_host(client.peername[0].partition("%")[0]).text
        if not self._connections.has_room_for(address):
            client.error = "too many connections"
        self._connections.opened(client.id, address)

    def client_disconnected(self, client: mitmproxy_connection.Client) -> None:
        """Forget a connection."""
        self._enforcement.closed(client.id)

    @or_answer_fault
    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """Answer a CONNECT."""
        connection = self._connections.of(flow.client_conn.id)
        answer = await self._enforcement.connect(connection, flow.request.host, flow.request.port)
        match answer:
            case Tunnel():
                if answer.address is not None:
                    # The host alone, as the setter of the request would change its headers too.
                    flow.request.data.host = answer.address
            case Page():
                _answer(flow, answer)

    async def tls_clienthello(self, hello: tls.ClientHelloData) -> None:
        """Pass through or look inside; a connection of which nothing is written down is closed."""
        connection = self._connections.of(hello.context.client.id)
        connection.certified = None
        answer = await self._enforcement.hello(connection, hello.client_hello.sni)
        if isinstance(answer, PassThrough):
            hello.ignore_connection = True
        elif isinstance(answer, LookInside):
            # The tunnel leads to an address, so the origin has to be told which name is meant.
            hello.context.server.sni = connection.tunnel[-1].text

    @or_answer_fault
    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Answer a request, or let it go to the origin."""
        if flow.error is not None:
            return  # malformed: mitmproxy answers it by itself, and forwards nothing
        connection = self._connections.of(flow.client_conn.id)
        request = flow.request
        if connection.connect is None and request.scheme != "http":
            _answer(flow, blockpage.refusal(blockpage.BAD_REQUEST, _TUNNELS_ALONE))
            return
        if _has_folded_header(request):
            _answer(flow, blockpage.refusal(blockpage.BAD_REQUEST, _FOLDED))
            return
        answer = await self._enforcement.request(connection, _raw(flow, connection))
        match answer:
            case Fetch():
                _send_to_origin(flow, answer)
            case Page():
                _answer(flow, answer)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Stream the response, without what would lead round the proxy."""
        response = flow.response
        if response is None or flow.metadata.get(_ANSWERED_HERE):
            return
        response.headers.pop("alt-svc", None)
        if response.status_code == _SWITCHING_PROTOCOLS and not _is_websocket(flow):
            flow.kill()
            return
        response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        """Write down that a request is over; what became a WebSocket goes on."""
        if flow.response is None or flow.response.status_code != _SWITCHING_PROTOCOLS:
            self._over(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """Write down that a request is over."""
        self._over(flow)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """Keep nothing of what goes over a WebSocket: mitmproxy would keep it all."""
        flow.messages.clear()

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Let a connection be made to a pinned address and to no other."""
        try:
            pinned = self._connections.of(data.client.id).pinned
        except KeyError:
            pinned = set()
        if data.server.address not in pinned:
            data.server.error = "the destination was not decided on"

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Have another address of the host tried next time."""
        if data.server.address is not None:
            self._enforcement.did_not_answer(data.server.address[0])

    def failure_page(self, flow: http.HTTPFlow, message: str) -> http.Response:
        """Return the page for an origin that did not answer with one."""
        headers = {name.lower(): value for name, value in flow.request.headers.items()}
        page = blockpage.failed_page(
            flow.request.pretty_host,
            is_untrusted="Certificate verify failed" in message,
            as_html=blockpage.wants_html(headers),
        )
        return _response(page, flow.request.method)

    def not_http(self, client_id: str) -> None:
        """Record that a client spoke neither TLS nor HTTP inside a CONNECT."""
        self._enforcement.not_http(self._connections.of(client_id))

    def _over(self, flow: http.HTTPFlow) -> None:
        try:
            self._connections.of(flow.client_conn.id).requests.pop(flow.id, None)
        except KeyError:
            return  # the whole connection is over, and everything on it


def _raw(flow: http.HTTPFlow, connection: OpenConnection) -> RawRequest:
    request = flow.request
    authority = _authority_of(request)
    if connection.connect is None and connection.meant_port is None:
        # Of an absolute target mitmproxy keeps the host alone, and of A-labels their Unicode.
        authority = _bracketed(_in_a_labels(request.host))
    authorities = [*([authority] if authority else []), *request.headers.get_all("host")]
    return RawRequest(
        flow=flow.id,
        scheme=request.scheme,
        port=request.port,
        target=request.data.path,
        authorities=tuple(authorities),
        headers={name.lower(): value for name, value in request.headers.items()},
    )


def _has_folded_header(request: http.Request) -> bool:
    """
    Whether a header's value has a line of its own, which an origin may take for a second header.

    mitmproxy passes such lines on as they came. Source: RFC 9112 section 5.2.
    """
    return any(b"\n" in value or b"\r" in value for _, value in request.headers.fields)


def _authority_of(request: http.Request) -> str:
    """Return the authority as it came: mitmproxy's own text of A-labels is Unicode."""
    return request.data.authority.decode("ascii", "surrogateescape")


def _in_a_labels(host: str) -> str:
    """Return *host* as it is looked up; what is no host stays as it is and is refused later."""
    try:
        return parse_host(host).text
    except NameSyntaxError:
        return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _send_to_origin(flow: http.HTTPFlow, fetch: Fetch) -> None:
    request = flow.request
    if "host" not in request.headers and not request.is_http2:
        # Taken from an absolute target; the origin would not know which site is meant.
        port = "" if request.port == _HTTP_PORT else f":{request.port}"
        host = _authority_of(request) or f"{_bracketed(_in_a_labels(request.host))}{port}"
        request.headers.insert(0, "Host", host)
    if not request.is_http2:
        # An absolute target would come before Host at the origin; what was judged is both.
        request.data.authority = b""
    path, question_mark, query = request.data.path.partition(b"?")
    if path != fetch.path.encode("ascii"):
        request.data.path = fetch.path.encode("ascii") + question_mark + query
    if request.headers.get("upgrade", "").lower() != "websocket":
        request.headers.pop("upgrade", None)
    for meant_for_us in ("http2-settings", "proxy-authorization", "proxy-connection"):
        request.headers.pop(meant_for_us, None)
    request.data.host = fetch.address
    server = flow.server_conn
    if not server.connected:
        server.address = (fetch.address, request.port)
    request.stream = True


def _answer(flow: http.HTTPFlow, page: Page) -> None:
    """Answer in the origin's place; mitmproxy cannot stream a request that has a response."""
    flow.metadata[_ANSWERED_HERE] = True
    flow.request.stream = False
    flow.response = _response(page, flow.request.method)


def _is_websocket(flow: http.HTTPFlow) -> bool:
    if flow.response is None:
        return False
    both = (flow.request.headers, flow.response.headers)
    return all(str(each.get("upgrade", "")).lower() == "websocket" for each in both)


def _response(page: Page, method: str) -> http.Response:
    response = http.Response.make(page.status, page.body, dict(page.headers))
    if method == "HEAD":
        # The headers stay those of a GET; mitmproxy would send a body that nobody waits for.
        response.data.content = b""
    return response
