"""Clients on the devices of the box: what each got, in one word."""

import re
import socket
import ssl
import warnings
from enum import StrEnum

import h2.config
import h2.connection
import h2.events
from box_internet import HTTPS
from box_places import NAMES
from box_rig import Box
from box_school import NETWORKS
from waiting import wait_for

# What must come is waited for as long as a busy machine may take; what is refused is told at once.
PATIENCE_S = 10.0
PATIENT = ("--max-time", f"{PATIENCE_S:.0f}")
PATIENT_DIG = ("+tries=1", f"+time={PATIENCE_S:.0f}")
# How long what is dropped without a word is waited for.
SILENCE_S = 1.5
FORWARDED_WITHIN_S = 15.0


class Got(StrEnum):
    """What came of it."""

    REACHED = "reached"  # what the client wanted
    OURS = "ours"  # an answer or a page of ours instead
    REFUSED = "refused"  # nothing


def page_of(text: str) -> Got:
    """Return whose page it is: the site's, ours, or none."""
    if "site=" in text:
        return Got.REACHED
    return Got.OURS if "<html" in text else Got.REFUSED


def curl(box: Box, who: str, family: int, *options: str) -> str:
    """Return what curl gets, whoever's certificate it is."""
    done = box.device(who).run("curl", f"-{family}", "-sSk", *PATIENT, *options)
    return done.stdout


def tls_get(box: Box, who: str, address: str, sni: str | None, host: str) -> Got:
    """Speak TLS to *address* with exactly *sni* (None: without), and ask for *host*."""

    def work() -> Got:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection((address, HTTPS), timeout=PATIENCE_S) as connection,
            warnings.catch_warnings(),
            context.wrap_socket(connection, server_hostname=sni) as stream,
        ):
            stream.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            got = b""
            while part := stream.recv(65536):
                got += part
            return page_of(got.decode(errors="replace"))

    try:
        return box.device(who).do(work)
    except OSError:
        return Got.REFUSED


def http2_pages(plain: socket.socket, site: str, authorities: tuple[str, ...]) -> list[str]:
    """Return the pages of *authorities*, one after another on one connection to *site*."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    pages: list[str] = []
    with context.wrap_socket(plain, server_hostname=site) as stream:
        for number, authority in enumerate(authorities):
            request = ((":method", "GET"), (":path", "/"), (":scheme", "https"))
            headers = (*request, (":authority", authority), ("accept", "text/html"))
            connection.send_headers(2 * number + 1, headers, end_stream=True)
            stream.sendall(connection.data_to_send())
            pages.append(_http2_page(connection, stream))
    return pages


def _http2_page(connection: h2.connection.H2Connection, stream: ssl.SSLSocket) -> str:
    page = b""
    while octets := stream.recv(65536):
        for event in connection.receive_data(octets):
            if isinstance(event, h2.events.DataReceived):
                page += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                stream.sendall(connection.data_to_send())
                return page.decode(errors="replace")
        stream.sendall(connection.data_to_send())
    raise ConnectionError


def tcp_echo(
    box: Box, who: str, place: tuple[str, int], octets: bytes, banner: bytes = b""
) -> Got:
    """Send *octets*, after *banner* came where there is one, and wait for them to come back."""

    def work() -> Got:
        with socket.create_connection(place, timeout=PATIENCE_S) as connection:
            wanted = banner + octets
            if banner:
                connection.recv(len(banner))
            connection.sendall(octets)
            got = banner
            while len(got) < len(wanted) and (part := connection.recv(4096)):
                got += part
            return Got.REACHED if got == wanted else Got.REFUSED

    try:
        return box.device(who).do(work)
    except OSError:
        return Got.REFUSED


def udp_echo(box: Box, who: str, place: tuple[str, int], octets: bytes) -> Got:
    """Send *octets* as a datagram and wait for them to come back."""

    def work() -> Got:
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(PATIENCE_S)
            asking.connect(place)
            asking.send(octets)
            return Got.REACHED if asking.recv(65535) == octets else Got.OURS

    try:
        return box.device(who).do(work)
    except OSError:
        return Got.REFUSED


def asks_for(box: Box, who: str, name: str) -> None:
    """Have *who*'s device ask our DNS for *name*, for both families."""
    box.device(who).run("dig", "+short", *PATIENT_DIG, name, "A", name, "AAAA")


def asks_until_forwarded(box: Box, who: str, *names: str) -> None:
    """
    Have *who*'s device ask for *names* until the kernel forwards whatever goes there.

    A firewall's point that has begun anew has the proxy judge the ways that it knows no name of.
    DNS opens them again with its answer, and tells the point, which needs its time: what begins
    in between goes by the proxy, and ends with that.
    """
    wait_for(lambda: _forwards(box, who, names), FORWARDED_WITHIN_S, f"{who}'s ways are known")


def _forwards(box: Box, who: str, names: tuple[str, ...]) -> bool:
    for name in names:
        asks_for(box, who, name)
    (inside,) = (each.inside for each in NETWORKS if each.id == who)
    for family in (4, 6):
        judged = ("nft", "list", "set", "inet", "schoolgate", f"judged_link{family}")
        listed = box.gateway_space.must(*judged)
        for name in names:
            address = re.escape(NAMES[name].at(family))
            if re.search(rf'"{inside}" \. \S+ \. {address} ', listed):
                return False
    return True
