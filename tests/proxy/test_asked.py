"""The names and the URL of a request, from bytes of anybody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host
from schoolgate_proxy.asked import Asked, read_authority, read_request


def read(target: bytes, *authorities: str, scheme: str = "https", port: int = 443) -> Asked:
    return read_request(scheme=scheme, port=port, raw_target=target, authorities=authorities)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        (b"/", "https://a.example/"),
        (b"*", "https://a.example/*"),
        (b"/a?b=c&d", "https://a.example/a?b=c&d"),
        (b"/a?", "https://a.example/a?"),
        (b"/a/../b/./c", "https://a.example/b/c"),
        (b"/a/%2e%2E/b", "https://a.example/b"),
        (b"//b.example/x", "https://a.example//b.example/x"),
        (b"/a#/../b", "https://a.example/b"),
        (b"/a#b", "https://a.example/a%23b"),
        (b"/caf\xe9", "https://a.example/caf%E9"),
        (b"/a?b\\c", "https://a.example/a?b\\c"),
        (b"/@evil.example/", "https://a.example/@evil.example/"),
        (b"@evil.example/", "https://a.example/@evil.example/"),
        (b":99/x", "https://a.example/:99/x"),
    ],
)
def test_the_url_is_what_the_origin_is_asked_for(target: bytes, url: str) -> None:
    assert url == str(read(target, "a.example").url)


def test_a_port_that_is_not_the_schemes_own_is_kept() -> None:
    assert "http://a.example:8080/" == str(read(b"/", "a.example", scheme="http", port=8080).url)
    assert "http://a.example/" == str(read(b"/", "a.example", scheme="http", port=80).url)


def test_the_port_is_that_of_the_connection_not_the_one_claimed() -> None:
    assert "https://a.example:8443/" == str(read(b"/", "a.example:443", port=8443).url)


@pytest.mark.parametrize(
    "spellings",
    [
        ("a.example", "A.Example", "a.example.", "a.example:443", "A.EXAMPLE.:8443"),
        ("127.0.0.1", "127.1", "0x7f.1", "2130706433"),
        ("[::1]", "[::1]:443", "[0:0:0:0:0:0:0:1]"),
        ("10.0.0.1", "[::ffff:10.0.0.1]"),
    ],
)
def test_spellings_of_one_host_are_one_name(spellings: tuple[str, ...]) -> None:
    assert read(b"/", *spellings).is_consistent


def test_every_name_is_kept_once_and_the_first_is_the_urls() -> None:
    asked = read_request(
        scheme="https",
        port=443,
        raw_target=b"/x",
        authorities=["b.example", "a.example", "b.example"],
        tunnel=[parse_host("c.example"), parse_host("a.example")],
    )

    assert ["b.example", "a.example", "c.example"] == [each.text for each in asked.names]
    assert "https://b.example/x" == str(asked.url)
    assert not asked.is_consistent


@pytest.mark.parametrize(
    "authority",
    [
        *("", " ", "a b", "a.example/", "x@a.example", "a.example#", "a\\b", "a.example?"),
        *("a.example:x", "a.example:99999", "exa mple", "\u00e4.example", "a..example", ":443"),
        *("[::1", "::1", "a.example\r\nX: y", "http://a.example", "\x00"),
    ],
)
def test_what_names_no_host_in_the_usual_way_is_refused(authority: str) -> None:
    with pytest.raises(NameSyntaxError):
        read_authority(authority)


@pytest.mark.parametrize("target", [b"/a\\b", b"\\\\b.example/", b"/" + b"a" * 9000])
def test_a_path_that_could_be_read_in_two_ways_is_refused(target: bytes) -> None:
    with pytest.raises(NameSyntaxError):
        read(target, "a.example")


def test_a_request_without_a_name_is_refused() -> None:
    with pytest.raises(NameSyntaxError, match="names no host"):
        read(b"/")


@given(target=st.binary(max_size=200), authority=st.text(max_size=60))
def test_anything_at_all_gives_a_url_of_that_host_or_is_refused(
    target: bytes, authority: str
) -> None:
    try:
        asked = read(target, authority)
    except NameSyntaxError:
        return

    assert asked.names == (asked.url.host,)
    assert str(asked.url).isascii()
    assert str(asked.url).isprintable()
    assert asked.url.path.startswith("/")
