"""
New TLS connections, one small request on each: run in the client's namespace.

    python web_load.py CERTIFICATE ADDRESS COUNT AT_ONCE
"""

import socket
import ssl
import sys
import threading
import time
from itertools import count

NAME = "lessons.example"
_REQUEST = f"GET /small HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()


def visit(context: ssl.SSLContext, address: str) -> None:
    """Open a connection, ask once and wait for the end."""
    with (
        socket.create_connection((address, 443), 20) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as tls,
    ):
        tls.sendall(_REQUEST)
        answer = b""
        while part := tls.recv(65536):
            answer += part
    if b" 200 " not in answer[:20]:
        raise RuntimeError(f"not served: {answer[:80]!r}")


def main(certificate: str, address: str, wanted: int, at_once: int) -> None:
    """Make *wanted* connections, *at_once* at a time, and print how many a second."""
    context = ssl.create_default_context(cafile=certificate)
    context.set_alpn_protocols(["http/1.1"])
    numbers, faults = count(1), []

    def work() -> None:
        try:
            while next(numbers) <= wanted:
                visit(context, address)
        except Exception as error:  # noqa: BLE001 - it is told in the end
            faults.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if faults:
        sys.exit(f"{faults[0]!r}")
    sys.stdout.write(f"{wanted / (time.monotonic() - began):.1f}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
