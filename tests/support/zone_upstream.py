"""A resolver of the test's own, over UDP and TCP, that answers from a table."""

import contextlib
import socketserver
import struct
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = dict[tuple[str, str], tuple[str, ...]]


class ZoneUpstream:
    """
    Answers *records*, by name and type; follows CNAMEs; NXDOMAIN for names it does not have.

    *asked* gathers (name, type) of every question; while *is_silent* nothing is answered.
    """

    def __init__(self, records: Records, ttl_s: int = 300) -> None:
        self.records = records
        self.ttl_s = ttl_s
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False

    def __enter__(self) -> Self:
        outer = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                octets, sock = self.request
                answer = outer.answer(octets)
                if answer is not None:
                    sock.sendto(answer, self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    while len(head := self.rfile.read(2)) == 2:
                        answer = outer.answer(self.rfile.read(struct.unpack("!H", head)[0]))
                        if answer is None:
                            return
                        self.wfile.write(struct.pack("!H", len(answer)) + answer)

        class UdpServer(socketserver.ThreadingUDPServer):
            daemon_threads = True

        class TcpServer(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._udp, self._tcp = _on_one_port(UdpServer, Datagram, TcpServer, Stream)
        self.port = self._udp.server_address[1]
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            for server in (self._udp, self._tcp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def answer(self, octets: bytes) -> bytes | None:
        if self.is_silent:
            return None
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        type_ = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, type_))
        response = dns.message.make_response(query, recursion_available=True)
        while (targets := self.records.get((name, "CNAME"))) is not None and type_ != "CNAME":
            response.answer.append(
                dns.rrset.from_text(f"{name}.", self.ttl_s, "IN", "CNAME", *targets)
            )
            name = targets[0].rstrip(".")
        texts = self.records.get((name, type_))
        if texts is not None:
            response.answer.append(
                dns.rrset.from_text(f"{name}.", self.ttl_s, "IN", type_, *texts)
            )
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=65535)


def _on_one_port(
    udp_server: type[socketserver.UDPServer],
    udp_handler: type[socketserver.BaseRequestHandler],
    tcp_server: type[socketserver.TCPServer],
    tcp_handler: type[socketserver.BaseRequestHandler],
) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    """Return both servers on the same free port, which takes a few tries."""
    for _ in range(50):
        udp = udp_server(("127.0.0.1", 0), udp_handler)
        try:
            return udp, tcp_server(("127.0.0.1", udp.server_address[1]), tcp_handler)
        except OSError:
            udp.server_close()
    raise OSError("no port is free for UDP and TCP alike")
