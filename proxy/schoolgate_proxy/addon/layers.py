"""
mitmproxy's layers with bounds on memory and with our own error pages.

mitmproxy keeps whatever a client sends until it can be used: the head of an HTTP/1 request, the
requests behind one that is not answered yet, a ClientHello, a body while its origin is being
connected to, and the body of a request that is already answered.
"""

from collections.abc import Callable
from typing import Any

from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook
from mitmproxy.proxy.layers.http._http1 import Http1Server
from mitmproxy.proxy.layers.tls import ClientTLSLayer

MOST_HEAD_OCTETS = 64 * 1024
MOST_HELLO_OCTETS = 64 * 1024
MOST_WAITING_OCTETS = 256 * 1024
MOST_HELD_OCTETS = 32 * 1024 * 1024

Commands = layer.CommandGenerator[Any]
FailurePage = Callable[[http.HTTPFlow, str], http.Response]


class Closed(layer.Layer):
    """Ends the client's connection and hears nothing more."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


class BoundedHello(ClientTLSLayer):
    """TLS with the client, whose ClientHello has to come to an end."""

    def receive_handshake_data(self, data: bytes) -> Commands:
        """Take in the next part of the handshake."""
        is_too_long = len(self.recv_buffer) + len(data) > MOST_HELLO_OCTETS
        if is_too_long and not self.client_hello_parsed:
            self.recv_buffer.clear()
            return False, "Cannot parse ClientHello: too long"
        return (yield from super().receive_handshake_data(data))


class BoundedHttp1(Http1Server):
    """HTTP/1 with the client, whose requests' heads have to come to an end."""

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """Wait for the end of a request's head."""
        yield from super().read_headers(event)
        if self.state == self.read_headers and len(self.buf) > MOST_HEAD_OCTETS:
            self.state = self.done
            yield commands.SendData(
                self.conn,
                b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"
                b"Connection: close\r\n\r\n",
            )
            yield commands.CloseConnection(self.conn)

    def wait(self, event: events.Event) -> Commands:
        """Keep what comes before the request ahead is answered, as long as it is little."""
        yield from super().wait(event)
        if len(self.buf) > MOST_WAITING_OCTETS:
            yield commands.CloseConnection(self.conn)


class Stream(HttpStream):
    """
    One request and its response; failures are told on a page of ours.

    *held_octets* of the body came while something else was waited for.
    """

    failure_page: FailurePage
    held_octets: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a hook or a connection, and keeps what comes meanwhile."""
        return self._paused is not None

    def state_consume_request_body(self, event: events.Event) -> Commands:
        """Let go of the body of a request that is already answered."""
        if isinstance(event, RequestData) and self.flow.response is not None:
            return
        yield from super().state_consume_request_body(event)

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> Commands:
        """Answer with a page where mitmproxy would make up an answer of its own."""
        is_unanswered = (
            isinstance(event, ResponseProtocolError)
            and self.flow.response is None
            and event.code.http_status_code() is not None
            and self.client_state != self.state_errored
        )
        if not is_unanswered:
            yield from super().handle_protocol_error(event)
            return
        self.flow.error = mitmproxy_flow.Error(event.message)
        yield HttpErrorHook(self.flow)
        response = self.failure_page(self.flow, event.message)
        self.flow.response = response
        self.flow.live = False
        self.client_state = self.server_state = self.state_errored
        client = self.context.client
        yield SendHttp(ResponseHeaders(self.stream_id, response, end_stream=False), client)
        yield SendHttp(ResponseData(self.stream_id, response.raw_content or b""), client)
        yield SendHttp(ResponseEndOfMessage(self.stream_id), client)


class Http(HttpLayer):
    """mitmproxy's HTTP with the bounds and pages above."""

    def __init__(self, context: Context, mode: HTTPMode, failure_page: FailurePage) -> None:
        super().__init__(context, mode)
        self._failure_page = failure_page

    def _handle_event(self, event: events.Event) -> Commands:
        client = self.context.client
        if isinstance(event, events.Start) and client.alpn != b"h2":
            self.connections[client] = BoundedHttp1(self.context.fork())
        yield from super()._handle_event(event)

    def make_stream(self, stream_id: int) -> Commands:
        """Start a stream of ours."""
        stream = Stream(self.context.fork(), stream_id)
        stream.failure_page = self._failure_page
        self.streams[stream_id] = stream
        yield from self.event_to_child(stream, events.Start())

    def event_to_child(self, child: layer.Layer | HttpStream, event: events.Event) -> Commands:
        """Hand an event on; end the connection where too much of a body would be kept."""
        if isinstance(event, RequestData) and isinstance(child, Stream) and child.is_waiting:
            child.held_octets += len(event.data)
            if child.held_octets > MOST_HELD_OCTETS:
                yield commands.CloseConnection(self.context.client)
                return
        yield from super().event_to_child(child, event)
