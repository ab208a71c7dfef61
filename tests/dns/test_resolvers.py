"""Whom to ask."""

from pathlib import Path

import pytest

from schoolgate_dns.errors import NoUpstreamError
from schoolgate_dns.resolvers import Place, parse_place, upstreams_of

HERE = Place("127.0.0.1", 5353)


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
def test_an_upstream_is_an_address_and_perhaps_a_port(text: str, place: Place) -> None:
    assert place == parse_place(text)
    assert place == parse_place(str(place))


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

    assert ["192.0.2.1", "2001:db8::1", "192.0.2.2"] == [place.address for place in places]
    assert (Place("192.0.2.7", 53),) == upstreams_of(("192.0.2.7",), HERE, resolv_conf)


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
    assert (Place("192.0.2.1", 53),) == upstreams_of((configured, "192.0.2.1"), listening)


def test_a_file_that_is_missing_or_names_nobody_says_what_to_add(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("options edns0\n")

    for path in (empty, tmp_path / "missing"):
        with pytest.raises(NoUpstreamError, match=r"add an address to dns\.upstreams"):
            upstreams_of((), HERE, path)
