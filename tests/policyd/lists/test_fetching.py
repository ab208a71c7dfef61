"""Fetching from servers on loopback: politely, within bounds, and from nowhere inside."""

import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme
from list_world import Publisher, publishing

from schoolgate_policyd.destinations import Destinations
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.fetching import Fetcher, Patience, system_addresses, trusting
from schoolgate_policyd.lists.validators import Validators

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as found:
        yield found


def fetcher(
    *,
    permitted: tuple[str, ...] = LOOPBACK,
    names: dict[str, tuple[str, ...]] | None = None,
    tls: ssl.SSLContext | None = None,
    patience: Patience | None = None,
    keep_free: int = 0,
) -> Fetcher:
    known = names or {}

    def resolve(name: str) -> tuple[str, ...]:
        if name not in known:
            raise OSError("Name or service not known")
        return known[name]

    return Fetcher(
        Destinations(permitted, inside=["203.0.113.0/24"]),
        tls=tls or ssl.create_default_context(),
        patience=patience or Patience(5, 10),
        keep_free_octets=keep_free,
        resolve=resolve,
    )


def test_a_list_is_fetched_with_what_its_server_says_of_it(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.put("/l", "a.example\n", ETag='"v1"', Last_Modified="Fri, 20 Nov 2026 10:00:00 GMT")
    into = tmp_path / "list"
    found = fetcher().fetch(publisher.url("/l"), into, Validators(), 1)

    assert Validators('"v1"', "Fri, 20 Nov 2026 10:00:00 GMT") == found
    assert b"a.example\n" == into.read_bytes()
    assert "If-None-Match" not in publisher.asked[0][1]
    assert "schoolgate" == publisher.asked[0][1]["User-Agent"]


def test_what_did_not_change_is_not_fetched_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.put("/l", "a.example\n", ETag='"v1"')
    into = tmp_path / "list"

    assert None is fetcher().fetch(publisher.url("/l"), into, Validators('"v1"', "then"), 1)
    assert not into.exists()
    assert '"v1"' == publisher.asked[0][1]["If-None-Match"]
    assert "then" == publisher.asked[0][1]["If-Modified-Since"]


def test_a_304_that_nobody_asked_for_is_a_fault(publisher: Publisher, tmp_path: Path) -> None:
    publisher.put("/l", b"", status=304)

    with pytest.raises(ListError, match="answered with 304"):
        fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize("etag", ["x" * 300, "caf\xe9"])
def test_a_validator_that_cannot_be_sent_back_is_not_kept(
    publisher: Publisher, tmp_path: Path, etag: str
) -> None:
    publisher.put("/l", "a.example", ETag=etag)

    assert Validators() == fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_followed(publisher: Publisher, tmp_path: Path, status: int) -> None:
    publisher.put("/l", "", status=status, Location="../other?x=1")
    publisher.put("/other?x=1", "a.example")
    fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)

    assert b"a.example" == (tmp_path / "list").read_bytes()


def test_three_redirections_are_followed_and_no_fourth(
    publisher: Publisher, tmp_path: Path
) -> None:
    for number in range(5):
        publisher.put(f"/{number}", "", status=302, Location=f"/{number + 1}")
    publisher.put("/5", "a.example")
    fetch = fetcher().fetch

    assert Validators() == fetch(publisher.url("/2"), tmp_path / "list", Validators(), 1)
    with pytest.raises(ListError, match="more than 3 times"):
        fetch(publisher.url("/1"), tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://10.0.0.1/", "10.0.0.1 leads inside the school"),
        ("http://[::1]/", "leads inside the school"),
        ("http://203.0.113.9/", "leads inside the school"),
        ("http://169.254.169.254/latest", "leads inside the school"),
        ("http://inside.example/", "inside.example leads inside"),
        ("http://0x7f.1/", "leads inside the school"),
        ("ftp://a.example/", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("ws://a.example/", "neither http nor https"),
        ("http://bad host/", "not a host name"),
        (None, "without saying where"),
    ],
)
def test_a_redirection_is_looked_at_like_the_first_request(
    publisher: Publisher, tmp_path: Path, location: str | None, told: str
) -> None:
    headers = {} if location is None else {"Location": location}
    publisher.put("/l", "", status=302, **headers)
    only_here = fetcher(
        permitted=("127.0.0.1/32",), names={"inside.example": ("192.168.1.1", "10.0.0.1")}
    )
    # The publisher itself is reached by an address that is permitted; 127.0.0.1 is 0x7f.1 too.
    if location == "http://0x7f.1/":
        only_here = fetcher(permitted=("127.0.0.2/32",), names={"pub.example": ("127.0.0.2",)})
        with pytest.raises(ListError, match=told):
            only_here.fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)
        return

    with pytest.raises(ListError, match=told):
        only_here.fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "203.0.113.7",
        "not an address",
    ],
)
def test_nothing_is_fetched_from_inside(tmp_path: Path, address: str) -> None:
    strict = fetcher(permitted=(), names={"list.example": (address,)})

    with pytest.raises(ListError, match=r"list\.example leads inside the school or nowhere"):
        strict.fetch("https://list.example/l", tmp_path / "list", Validators(), 1)


def test_a_school_with_public_addresses_is_inside_too() -> None:
    destinations = Destinations((), is_own=lambda _: False, inside=["93.184.216.0/24"])

    assert not destinations.is_permitted("93.184.216.34")
    assert destinations.is_permitted("93.184.217.34")


def test_a_name_is_resolved_once_and_that_address_is_connected_to(
    publisher: Publisher, tmp_path: Path
) -> None:
    """A second answer, which leads inside, would come too late."""
    publisher.put("/l", "a.example")
    answers = iter([("127.0.0.1",), ("10.0.0.1",)])
    only_once = Fetcher(
        Destinations(LOOPBACK),
        tls=ssl.create_default_context(),
        resolve=lambda _: next(answers),
    )
    only_once.fetch(
        publisher.url("/l", host="rebinding.example"), tmp_path / "list", Validators(), 1
    )

    assert [("10.0.0.1",)] == list(answers)
    assert publisher.asked[0][1]["Host"].startswith("rebinding.example:")


def test_tls_is_checked_by_name(publisher: Publisher, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("list.example").configure_cert(context)
    publisher.socket = context.wrap_socket(publisher.socket, server_side=True)
    publisher.put("/l", "a.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    names = {"list.example": ("127.0.0.1",), "other.example": ("127.0.0.1",)}
    trusted = fetcher(names=names, tls=trusting(tmp_path / "ca.pem"))
    into = tmp_path / "list"
    url = publisher.url("/l", "https", "list.example")
    trusted.fetch(url, into, Validators(), 1)

    assert b"a.example" == into.read_bytes()
    with pytest.raises(ListError, match=r"other.example cannot be asked: .*certificate"):
        trusted.fetch(publisher.url("/l", "https", "other.example"), into, Validators(), 1)
    with pytest.raises(ListError, match="certificate"):
        fetcher(names=names, tls=trusting()).fetch(url, into, Validators(), 1)


def test_a_redirection_from_https_to_http_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("list.example").configure_cert(context)
    publisher.socket = context.wrap_socket(publisher.socket, server_side=True)
    publisher.put("/l", "", status=302, Location="http://list.example/")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusted = fetcher(names={"list.example": ("127.0.0.1",)}, tls=trusting(tmp_path / "ca.pem"))

    with pytest.raises(ListError, match="from https to http"):
        trusted.fetch(
            publisher.url("/l", "https", "list.example"), tmp_path / "l", Validators(), 1
        )


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"a.example\n" * 1000)
    except OSError:
        return


def test_what_never_ends_is_cut_at_the_bound(publisher: Publisher, tmp_path: Path) -> None:
    publisher.answers["/l"] = endless

    with pytest.raises(ListError, match="larger than 1 MB"):
        fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)
    assert (tmp_path / "list").stat().st_size <= 1_000_000


def test_what_says_that_it_is_too_large_is_not_begun(publisher: Publisher, tmp_path: Path) -> None:
    publisher.put("/l", b"", Content_Length="2000000")

    with pytest.raises(ListError, match="larger than 1 MB"):
        fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)
    assert not (tmp_path / "list").exists()


def test_an_answer_that_ends_early_is_a_fault(publisher: Publisher, tmp_path: Path) -> None:
    publisher.put("/l", b"a.example", Content_Length="2000")

    with pytest.raises(ListError, match=r"ended after 9 of 2,000|IncompleteRead"):
        fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    try:
        for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
            handler.wfile.write(bytes([octet]))
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        return


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)


def test_a_server_that_drips_is_cut_when_the_time_is_over(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.answers["/l"] = dripping
    started = time.monotonic()

    with pytest.raises(ListError, match=r"was not done after 0.3 seconds"):
        fetcher(patience=Patience(5, 0.3)).fetch(
            publisher.url("/l"), tmp_path / "list", Validators(), 1
        )
    assert time.monotonic() - started < 4


def test_a_server_that_says_nothing_is_not_waited_for(
    publisher: Publisher, tmp_path: Path
) -> None:
    publisher.answers["/l"] = silent

    with pytest.raises(ListError, match="did not answer in time"):
        fetcher(patience=Patience(0.2, 10)).fetch(
            publisher.url("/l"), tmp_path / "list", Validators(), 1
        )


def test_a_disk_that_is_nearly_full_takes_no_list(publisher: Publisher, tmp_path: Path) -> None:
    publisher.put("/l", "a.example")

    with pytest.raises(ListError, match="make room"):
        fetcher(keep_free=1 << 60).fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://nobody.example/", "nobody.example has no address"),
        ("http://127.0.0.1:1/", "cannot be asked"),
        ("gopher://a.example/", "not a web address"),
        ("http://", "not a|names no host"),
    ],
)
def test_what_cannot_be_asked_is_a_fault(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(ListError, match=told):
        fetcher().fetch(url, tmp_path / "list", Validators(), 1)


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200]
)
def test_an_answer_that_is_no_http_is_a_fault(
    publisher: Publisher, tmp_path: Path, answer: bytes
) -> None:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)

    publisher.answers["/l"] = write

    with pytest.raises(ListError, match="cannot be asked"):
        fetcher().fetch(publisher.url("/l"), tmp_path / "list", Validators(), 1)


def test_the_system_resolves_names() -> None:
    assert "127.0.0.1" in system_addresses("127.0.0.1")
