"""A client of the proxy that says exactly what it is told to, honest or not."""

import socket
import ssl
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self


class RawTunnel:
    """A connection from *source* to the proxy at *proxy* (host and port)."""

    def __init__(self, proxy: tuple[str, int], source: str) -> None:
        self._socket: socket.socket = socket.create_connection(
            proxy, timeout=10, source_address=(source, 0)
        )
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def connect(self, target: str) -> int:
        """Ask for a tunnel to *target* and return the status of the answer."""
        self.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        return int(self.read_until(b"\r\n\r\n").split(b" ")[1])

    def start_tls(self, sni: str | None, authority: Path | None = None) -> None:
        """Speak TLS, as *sni*; the certificate is checked when *authority* is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = authority is not None and sni is not None
        if authority is None:
            context.verify_mode = ssl.CERT_NONE
        else:
            context.load_verify_locations(authority)
        with warnings.catch_warnings():
            self._socket = context.wrap_socket(self._socket, server_hostname=sni)

    @property
    def issuer(self) -> str:
        """The common name of whoever signed the certificate that was presented."""
        assert isinstance(self._socket, ssl.SSLSocket)
        certificate = self._socket.getpeercert() or {}
        parts = dict(pair[0] for pair in certificate.get("issuer", ()))  # type: ignore[misc] # typeshed's union
        return str(parts.get("commonName", parts.get("organizationName", "")))

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def get(self, target: str, *headers: str) -> tuple[int, str]:
        """Send a GET with exactly *headers* and return status and body."""
        self.send("\r\n".join([f"GET {target} HTTP/1.1", *headers, "", ""]).encode("latin-1"))
        return self.answer()

    def answer(self) -> tuple[int, str]:
        """Return status and body of the answer that comes."""
        head = self.read_until(b"\r\n\r\n").decode()
        length = next(
            int(line.split(":")[1])
            for line in head.lower().split("\r\n")
            if line.startswith("content-length:")
        )
        return int(head.split(" ")[1]), self.read(length).decode()

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._fill()
        end = self._buffer.index(mark) + len(mark)
        found, self._buffer = self._buffer[:end], self._buffer[end:]
        return found

    def read(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._fill()
        found, self._buffer = self._buffer[:length], self._buffer[length:]
        return found

    def is_closed_by_proxy(self) -> bool:
        """Whether the connection ends, whatever still comes before."""
        try:
            while self._socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def _fill(self) -> None:
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError(f"closed after {self._buffer!r}")
        self._buffer += got
