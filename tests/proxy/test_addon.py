"""The hooks fail closed, only TLS and HTTP are spoken, and not every name gets a certificate."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from mitmproxy.connection import Client, Server
from mitmproxy.http import HTTPFlow, Request
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tcp import TCPFlow, TCPMessage
from mitmproxy.tls import ClientHelloData

from schoolgate_policyd.core.names import Host, parse_host
from schoolgate_proxy.addon.hooks import Hooks
from schoolgate_proxy.addon.signer import GuardedStore, Signer, SigningRefusedError
from schoolgate_proxy.authority import ensure_authority
from schoolgate_proxy.connections import MOST_CONNECTIONS_OF_CLIENT, Connections
from schoolgate_proxy.enforcement import Enforcement
from schoolgate_proxy.spoken import Spoken, spoken

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FaultyEnforcement:
    """Stands in for every fault that there is."""

    def __init__(self) -> None:
        self.connections = Connections()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method
        raise RuntimeError(name)


def client_from(address: str) -> Client:
    return Client(
        peername=(address, 1),
        sockname=("127.0.0.1", 8080),
        proxy_mode=ProxyMode.parse("regular"),
    )


def faulty() -> tuple[Hooks, Client]:
    hooks = Hooks(cast("Enforcement", FaultyEnforcement()))
    client = client_from("127.0.1.10")
    hooks.client_connected(client)
    return hooks, client


def flow_of(client: Client, method: str = "GET") -> HTTPFlow:
    flow = HTTPFlow(client, Server(address=("lessons.example", 80)))
    flow.request = Request.make(method, "http://lessons.example/")
    return flow


@pytest.mark.parametrize("hook", ["http_connect", "requestheaders"])
def test_a_fault_in_deciding_is_an_answer_and_nothing_goes_out(hook: str) -> None:
    hooks, client = faulty()
    flow = flow_of(client)

    asyncio.run(getattr(hooks, hook)(flow))

    assert flow.response is not None
    assert 500 == flow.response.status_code
    assert not flow.request.stream


def test_a_fault_at_the_hello_lets_nothing_through() -> None:
    hooks, client = faulty()
    connection = hooks._connections.of(client.id)
    connection.certified = parse_host("earlier.example")
    hello = ClientHelloData(
        cast("Any", SimpleNamespace(client=client)), cast("Any", SimpleNamespace(sni="a.example"))
    )

    with pytest.raises(RuntimeError):
        asyncio.run(hooks.tls_clienthello(hello))

    assert not hello.ignore_connection
    assert connection.certified is None


def test_only_pinned_addresses_are_connected_to() -> None:
    hooks, client = faulty()
    hooks._connections.of(client.id).pin("192.0.2.1", 443)

    def error_for(address: tuple[str, int], who: Client = client) -> str | None:
        asked = ServerConnectionHookData(Server(address=address), who)
        hooks.server_connect(asked)
        return asked.server.error

    assert error_for(("192.0.2.1", 443)) is None
    assert error_for(("192.0.2.1", 80))
    assert error_for(("192.0.2.2", 443))
    assert error_for(("lessons.example", 443))
    assert error_for(("192.0.2.1", 443), client_from("127.0.1.10"))


def test_nothing_is_kept_of_what_goes_over_a_websocket() -> None:
    hooks, client = faulty()
    flow = TCPFlow(client, Server(address=("lessons.example", 443)))
    flow.messages.append(TCPMessage(True, b"a secret"))

    hooks.tcp_message(flow)

    assert [] == flow.messages


def test_one_address_cannot_open_connections_without_end() -> None:
    hooks, _ = faulty()
    for _ in range(MOST_CONNECTIONS_OF_CLIENT - 1):
        assert hooks.client_connected(client_from("127.0.1.10")) is None
    last, other = client_from("127.0.1.10"), client_from("127.0.1.11")
    hooks.client_connected(last)
    hooks.client_connected(other)

    assert last.error
    assert not other.error


def test_an_ipv4_client_of_an_ipv6_socket_is_the_same_client() -> None:
    hooks, _ = faulty()
    client = client_from("::ffff:127.0.1.10")
    hooks.client_connected(client)

    assert "127.0.1.10" == hooks._connections.of(client.id).address


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (b"", Spoken.UNKNOWN_YET),
        (b"G", Spoken.UNKNOWN_YET),
        (b"GET", Spoken.UNKNOWN_YET),
        (b"GET ", Spoken.HTTP),
        (b"CONNECT a:443 HTTP/1.1", Spoken.HTTP),
        (b"M-SEARCH * HTTP/1.1", Spoken.HTTP),
        (b"\x16", Spoken.UNKNOWN_YET),
        (b"\x16\x03", Spoken.UNKNOWN_YET),
        (b"\x16\x03\x01", Spoken.TLS),
        (b"\x16\x03\x03\x02\x00\x01", Spoken.TLS),
        (b"\x16\x02\x01", Spoken.OTHER),
        (b"PRI", Spoken.UNKNOWN_YET),
        (b"PRI * HTTP/2.0\r\n", Spoken.OTHER),
        (b"SSH-", Spoken.UNKNOWN_YET),
        (b"SSH-2", Spoken.OTHER),
        (b"get / HTTP/1.1", Spoken.OTHER),
        (b"A" * 21, Spoken.OTHER),
        (b"\x00\x0e\x38", Spoken.OTHER),
        (b" GET / HTTP/1.1", Spoken.OTHER),
    ],
)
def test_the_first_bytes_say_what_is_spoken(first: bytes, what: Spoken) -> None:
    assert what is spoken(first)


def is_bank(host: Host) -> bool:
    return host.is_under(parse_host("bank.example"))


@pytest.fixture
def store(tmp_path: Path) -> GuardedStore:
    """The store that the proxy signs with."""
    ca_file = ensure_authority(tmp_path / "ca", tmp_path / "ca.pem", NOW)
    made = Signer(ca_file, lambda _: None, is_bank).certstore
    assert isinstance(made, GuardedStore)
    return made


@pytest.mark.parametrize(
    "names",
    [
        ["bank.example"],
        ["my.bank.example"],
        ["MY.Bank.example."],
        ["lessons.example", "my.bank.example"],
        ["*.bank.example"],
        ["*.example"],
        [],
    ],
)
def test_a_name_that_is_never_inspected_gets_no_certificate(
    store: GuardedStore, names: list[str]
) -> None:
    with pytest.raises(SigningRefusedError):
        store.get_cert(names[0] if names else None, [x509.DNSName(name) for name in names])
    assert {} == store.certs


def test_another_name_gets_one_for_itself_alone(store: GuardedStore) -> None:
    entry = store.get_cert("lessons.example", [x509.DNSName("lessons.example")])

    assert ["lessons.example"] == [each.value for each in entry.cert.altnames]


@pytest.mark.parametrize("days", [-30, 0, 190, 198, 400])
def test_a_certificate_is_given_again_only_while_it_is_good(
    store: GuardedStore, days: int
) -> None:
    """A clock may have been set right since, and a proxy may run for longer than it lasts."""
    names = [x509.DNSName("lessons.example")]
    first = store.get_cert("lessons.example", names)
    made = datetime.now(UTC)
    store.now = lambda: made + timedelta(days=days)

    again = store.get_cert("lessons.example", names)

    assert (days in {0, 190}) is (again is first)
    assert [again] == store.expire_queue == list(store.certs.values())


def test_a_connection_that_nobody_decided_to_look_into_gets_no_certificate(
    tmp_path: Path,
) -> None:
    ca_file = ensure_authority(tmp_path / "ca", tmp_path / "ca.pem", NOW)
    certified: dict[str, Host] = {}
    signer = Signer(ca_file, certified.get, is_bank)
    client = client_from("127.0.1.10")
    context = cast("Any", SimpleNamespace(client=client))

    with pytest.raises(SigningRefusedError):
        signer.get_cert(context)
    certified[client.id] = parse_host("lessons.example")
    assert ["lessons.example"] == [each.value for each in signer.get_cert(context).cert.altnames]
    certified[client.id] = parse_host("my.bank.example")
    with pytest.raises(SigningRefusedError):
        signer.get_cert(context)
