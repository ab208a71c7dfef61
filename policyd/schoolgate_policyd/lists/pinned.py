"""
An HTTP connection to one address that was looked at before, with TLS for the name it is of.

The name is never resolved again, so an answer that changes in between leads nowhere.
"""

import http.client
import socket
import ssl


class PinnedConnection(http.client.HTTPConnection):
    """A connection for *host* to *address*; with *tls*, its certificate must be the host's."""

    def __init__(
        self, host: str, port: int, *, address: str, tls: ssl.SSLContext | None, timeout_s: float
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Connect and, with TLS, shake hands. Raises OSError."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls is not None:
            # The handshake begins once the socket is ours to cut: `cut` may come at any moment.
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from another thread: whoever reads gets the end, whatever the server does."""
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself
