"""Whom to ask."""

from pathlib import Path

import pytest

from schoolgate_dns.errors import NoUpstreamError
from schoolgate_dns.resolvers import (
    Place,
    UpstreamKind,
    UpstreamPlace,
    parse_place,
    parse_upstream,
    upstreams_of,
)

HERE = Place("127.0.0.1", 5353)


def plain(address: str, port: int = 53) -> UpstreamPlace:
    return UpstreamPlace(UpstreamKind.PLAIN, Place(address, port))


def tls(address: str, port: int = 853, name: str = "dns.quad9.net") -> UpstreamPlace:
    return UpstreamPlace(UpstreamKind.TLS, Place(address, port), name)


def https(path: str, port: int = 443) -> UpstreamPlace:
    return UpstreamPlace(UpstreamKind.HTTPS, Place("9.9.9.9", port), "dns.quad9.net", path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.53", Place("192.0.2.53", 53)),
        ("192.0.2.53:5300", Place("192.0.2.53", 5300)),
        ("2001:DB8::1", Place("2001:db8::1", 53)),
        ("[2001:db8::1]:5300", Place("2001:db8::1", 5300)),
        ("[2001:db8::1]", Place("2001:db8::1", 53)),
    ],
)
def test_a_place_is_an_address_and_perhaps_a_port(text: str, place: Place) -> None:
    assert place == parse_place(text)
    assert place == parse_place(str(place))
    assert UpstreamPlace(UpstreamKind.PLAIN, place) == parse_upstream(text)


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        ("[2620:fe::fe]:53", plain("2620:fe::fe")),
        ("tls://9.9.9.9#dns.quad9.net", tls("9.9.9.9")),
        ("tls://9.9.9.9:8853#DNS.Quad9.net", tls("9.9.9.9", 8853)),
        ("tls://[2620:fe::fe]:853#dns.quad9.net", tls("2620:fe::fe")),
        ("tls://2620:fe::fe#dns.quad9.net", tls("2620:fe::fe")),
        ("tls://1.1.1.1#1.1.1.1", tls("1.1.1.1", name="1.1.1.1")),
        ("https://9.9.9.9/dns-query#dns.quad9.net", https("/dns-query")),
        ("https://9.9.9.9#dns.quad9.net", https("/dns-query")),
        ("https://9.9.9.9:8443/a/b#dns.quad9.net", https("/a/b", 8443)),
    ],
)
def test_an_upstream_may_be_encrypted_and_prove_its_name(
    text: str, upstream: UpstreamPlace
) -> None:
    assert upstream == parse_upstream(text)
    assert upstream == parse_upstream(str(upstream))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("tls://9.9.9.9", "add #name"),
        ("https://9.9.9.9/dns-query", "add #name"),
        ("tls://9.9.9.9#", "add #name"),
        ("tls://9.9.9.9#not a name", "add #name"),
        ("tls://dns.quad9.net", "give the address, and the name behind it"),
        ("https://dns.quad9.net/dns-query", "give the address, and the name behind it"),
        ("tls://9.9.9.9/path#dns.quad9.net", "has a path"),
        ("quic://9.9.9.9#dns.quad9.net", "give an address, tls:// or https://"),
        ("http://9.9.9.9#dns.quad9.net", "give an address, tls:// or https://"),
        ("9.9.9.9#dns.quad9.net", "give an address or address:port"),
        ("tls://9.9.9.9:0#dns.quad9.net", "give the address"),
    ],
)
def test_what_is_no_upstream_is_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(NoUpstreamError, match=r"dns\.zones") as raised:
        parse_upstream(text, setting="dns.zones")
    assert remedy in str(raised.value)
    assert f"`{text}`" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.53:0", "192.0.2.53:65536", "1.2.3:4", "[::1"]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(NoUpstreamError, match=r"dns\.upstreams"):
        parse_place(text)


def test_the_systems_resolvers_are_the_default(tmp_path: Path) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text(
        "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.1\nnameserver not-one\n"
        "nameserver\nnameserver 2001:db8::1 # two\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
    )

    places = upstreams_of((), HERE, resolv_conf)

    assert (plain("192.0.2.1"), plain("2001:db8::1"), plain("192.0.2.2")) == places
    assert (plain("192.0.2.7"),) == upstreams_of(("192.0.2.7",), HERE, resolv_conf)


def test_one_that_is_named_twice_is_asked_as_one() -> None:
    assert (plain("192.0.2.7"),) == upstreams_of(("192.0.2.7", "192.0.2.7:53"), HERE)


@pytest.mark.parametrize(
    ("listening", "configured"),
    [
        (HERE, "127.0.0.1:5353"),
        (Place("0.0.0.0", 53), "127.0.0.1"),
        (Place("::", 53), "::1"),
        (HERE, "0.0.0.0:5353"),
    ],
)
def test_we_never_ask_ourselves(listening: Place, configured: str) -> None:
    with pytest.raises(NoUpstreamError, match="but ourselves"):
        upstreams_of((configured,), listening)
    assert (plain("192.0.2.1"),) == upstreams_of((configured, "192.0.2.1"), listening)


@pytest.mark.parametrize(
    "configured", ["[::1]:5353", "192.0.2.53:5353", "tls://[::1]#dns.example"]
)
def test_nor_do_we_at_any_further_address_of_ours(configured: str) -> None:
    others = upstreams_of(
        (configured, "192.0.2.53"),
        HERE,
        further_addresses=("::1", "192.0.2.53"),
        own_ports=(853,),
    )

    assert (plain("192.0.2.53"),) == others


def test_nor_do_we_ask_ourselves_over_tls() -> None:
    configured = ("tls://127.0.0.1#dns.school.example", "tls://127.0.0.1:8853#dns.school.example")

    (other,) = upstreams_of(configured, HERE, own_ports=(853, 443))
    assert 8853 == other.place.port


def test_a_file_that_is_missing_or_names_nobody_says_what_to_add(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("options edns0\n")

    for path in (empty, tmp_path / "missing"):
        with pytest.raises(NoUpstreamError, match=r"add an address to dns\.upstreams"):
            upstreams_of((), HERE, path)
