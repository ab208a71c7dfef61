"""Clients that lie, wander inside or speak something else, against the real proxy."""

import pytest
from local_internet import ORIGIN, PRIVATE, LocalInternet
from proxy_school import PUPIL, STAFF, VISITOR
from running_proxy import RunningProxy

from schoolgate_proxy.authority import AUTHORITY_NAME

MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    "case",  # the names of CONNECT, ClientHello and Host, and the status they get
    [
        ("lessons.example", "www.tiktok.com", "www.tiktok.com", 403),
        ("www.tiktok.com", "lessons.example", "lessons.example", 403),
        ("www.parents.example", "www.parents.example", "www.tiktok.com", 403),
        ("www.parents.example", "www.parents.example", "lessons.example", 421),
        ("lessons.example", "other.example", "other.example", 421),
    ],
)
def test_names_that_differ_are_refused_and_recorded_as_an_attempt(
    proxy: RunningProxy,
    internet: LocalInternet,
    new_pupil: str,
    case: tuple[str, str, str, int],
) -> None:
    connect, sni, host, status = case
    before = len(internet.seen)
    with proxy.tunnel(new_pupil) as client:
        assert 200 == client.connect(f"{connect}:{internet.https_port}")
        client.start_tls(sni, proxy.ca)
        got, _ = client.get("/", f"Host: {host}:{internet.https_port}")

    assert status == got
    assert before == len(internet.seen)
    strictest = "www.tiktok.com" if status == 403 else host
    assert "name-mismatch" == proxy.wait_for_block(new_pupil, strictest).attempt


@pytest.mark.parametrize("line", ["X: a\r\n Host: www.tiktok.com", "X:\r\n\tHost: www.tiktok.com"])
def test_a_header_that_hides_another_in_a_second_line_never_reaches_the_origin(
    proxy: RunningProxy, internet: LocalInternet, line: str
) -> None:
    before = len(internet.seen)
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        host = f"Host: www.parents.example:{internet.https_port}"

        assert 400 == client.get("/", host, line)[0]
    assert before == len(internet.seen)


def test_an_absolute_target_inside_a_tunnel_is_judged_too(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        host = f"Host: www.parents.example:{internet.https_port}"

        assert 403 == client.get("http://www.tiktok.com/", host)[0]


def test_an_absolute_target_that_agrees_reaches_the_origin_as_a_path(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    """An origin takes an absolute target's host before the Host header (RFC 9112, 3.2.2)."""
    authority = f"www.parents.example:{internet.https_port}"
    with proxy.tunnel(PUPIL) as client:
        client.connect(authority)
        client.start_tls("www.parents.example", proxy.ca)

        assert 200 == client.get(f"https://{authority}/a/../x?y", f"Host: {authority}")[0]
    assert "/x?y" == internet.seen[-1].target


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: www.parents.example", "Host: www.tiktok.com"),
        ("Host: www.tiktok.com", "Host: www.parents.example"),
    ],
)
def test_a_second_host_header_is_judged_too(
    proxy: RunningProxy, internet: LocalInternet, headers: tuple[str, ...]
) -> None:
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)

        assert 403 == client.get("/", *headers)[0]


def test_without_sni_the_connects_name_is_judged(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"lessons.example:{internet.https_port}")
        client.start_tls(None, proxy.origin_ca)
        assert 200 == client.get("/", "Host: lessons.example")[0]

    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.tiktok.com:{internet.https_port}")
        client.start_tls(None, proxy.ca)
        assert AUTHORITY_NAME == client.issuer
        assert 403 == client.get("/", "Host: www.tiktok.com")[0]

    with proxy.tunnel(PUPIL) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls(None, proxy.ca)
        assert 200 == client.get("/", "Host: www.parents.example")[0]


def test_address_literals_are_judged_as_such(proxy: RunningProxy, internet: LocalInternet) -> None:
    url = f"https://{ORIGIN}:{internet.https_port}/"

    assert 403 == proxy.curl(PUPIL, url).status
    assert 200 == proxy.curl(STAFF, url, trusting=proxy.origin_ca).status


@pytest.mark.parametrize(
    "url",
    [
        "https://inside.example/",
        f"https://{PRIVATE}/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://inside.example/",
        "http://192.168.0.1/",
        "http://2130706433/",
    ],
)
def test_a_destination_inside_the_school_is_refused(proxy: RunningProxy, url: str) -> None:
    page = proxy.curl(STAFF, url)

    assert (403, True) == (page.status, "inside the school’s network" in page.body)


def test_a_refused_destination_is_said_to_who_cannot_be_looked_into(proxy: RunningProxy) -> None:
    assert 403 == proxy.curl(VISITOR, "https://inside.example/").connect_status


def test_a_name_that_moves_inside_the_school_moves_nobody(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    """A name that answers a public address first and a private one later (DNS rebinding)."""
    internet.addresses["moving.example"] = ORIGIN
    internet.ttl_s = 0
    port = internet.http_port
    with proxy.tunnel(STAFF) as client:
        host = f"Host: moving.example:{port}"
        assert 200 == client.connect(f"moving.example:{port}")
        assert 200 == client.get("/", host)[0]
        internet.addresses["moving.example"] = PRIVATE
        assert 200 == client.get("/", host)[0]

        def is_refused() -> bool:
            return 403 == proxy.curl(STAFF, f"http://moving.example:{port}/").status

        assert any(is_refused() for _ in range(200))
        assert 200 == client.get("/", host)[0]
    internet.ttl_s = 60


def test_a_blocked_name_behind_an_alias_is_blocked(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    assert 403 == proxy.curl(PUPIL, internet.https("hidden.example/")).status


def test_a_name_that_is_never_inspected_gets_no_certificate_by_another_ones_sni(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    with proxy.tunnel(PUPIL) as client:
        assert 200 == client.connect(f"www.tiktok.com:{internet.https_port}")
        with pytest.raises(OSError, match=r"(?i)eof|reset|closed"):
            client.start_tls("my.bank.example")


@pytest.mark.parametrize(
    "first",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\x0e8" + b"\x17" * 14,  # OpenVPN over TCP
        b"\x05\x01\x00",  # SOCKS 5
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x04\x01",  # like TLS, of no version that there is
    ],
)
def test_what_is_neither_tls_nor_http_is_closed(
    proxy: RunningProxy, internet: LocalInternet, new_pupil: str, first: bytes
) -> None:
    before = internet.connections
    with proxy.tunnel(new_pupil) as client:
        assert 200 == client.connect(f"lessons.example:{internet.https_port}")
        client.send(first)
        assert client.is_closed_by_proxy()

    assert before == internet.connections
    assert "tunnel" == proxy.wait_for_block(new_pupil, "lessons.example").attempt


def test_what_is_no_http_inside_tls_is_closed(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    before = internet.connections
    with proxy.tunnel(STAFF) as client:
        client.connect(f"www.parents.example:{internet.https_port}")
        client.start_tls("www.parents.example", proxy.ca)
        client.send(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert client.is_closed_by_proxy()

    assert before == internet.connections


def test_tls_to_the_proxy_itself_is_closed(proxy: RunningProxy) -> None:
    with proxy.tunnel(PUPIL) as client, pytest.raises(OSError, match=r"(?i)eof|reset|closed"):
        client.start_tls("lessons.example")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * MEBIBYTE,  # a head without an end
        b"GET http://lessons.example/ HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"CONNECT exa_mple..com:443 HTTP/1.1\r\n\r\n",
        b"GET https://lessons.example/ HTTP/1.1\r\nHost: lessons.example\r\n\r\n",
        b"GET /no-host HTTP/1.0\r\n\r\n",
        b"GET http://lessons.example/a\\b HTTP/1.1\r\nHost: lessons.example\r\n\r\n",
    ],
)
def test_what_no_browser_sends_is_refused(
    proxy: RunningProxy, internet: LocalInternet, sent: bytes
) -> None:
    before = len(internet.seen)
    with proxy.tunnel(PUPIL) as client:
        client.send(sent)
        status = int(client.read_until(b"\r\n").split(b" ")[1])

    assert status in {400, 431}
    assert before == len(internet.seen)


def test_a_clienthello_without_an_end_is_closed(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    record = b"\x16\x03\x01\x40\x00" + b"\x01\xff\xff\xff" + bytes(0x4000 - 4)
    more = b"\x16\x03\x01\x40\x00" + bytes(0x4000)
    with proxy.tunnel(PUPIL) as client:
        client.connect(f"lessons.example:{internet.https_port}")
        client.send(record + more * 7)
        assert client.is_closed_by_proxy()
