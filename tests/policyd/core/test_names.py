"""Every spelling of a host gives one value; URLs are read as browsers read them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schoolgate_policyd.core.addresses import is_public_address
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import (
    AddressLiteral,
    DomainName,
    as_served,
    as_served_without_parameters,
    parse_domain,
    parse_host,
    parse_url,
)


@pytest.mark.parametrize(
    "text",
    [
        "www.tiktok.com",
        "WWW.TikTok.COM",
        "www.tiktok.com.",
        " www.tiktok.com ",
        "www%2Etiktok.com",
        "%77ww.tiktok.com",
        "\uff57\uff57\uff57.\uff54\uff49\uff4b\uff54\uff4f\uff4b.com",
        "www。tiktok。com",
        "www.tik\u00adtok.com",
    ],
)
def test_every_spelling_of_a_host_gives_one_name(text: str) -> None:
    assert DomainName("www.tiktok.com") == parse_host(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("_dmarc.school.example", "_dmarc.school.example"),
        ("localhost", "localhost"),
    ],
)
def test_names_are_kept_as_a_labels(text: str, expected: str) -> None:
    assert DomainName(expected) == parse_host(text)


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.1", "0x7f000001", "127.0.0.1."],
)
def test_every_spelling_of_an_ipv4_address_gives_one_literal(text: str) -> None:
    assert AddressLiteral("127.0.0.1") == parse_host(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("[::ffff:1.2.3.4]", "1.2.3.4"),
        ("[::ffff:102:304]", "1.2.3.4"),
    ],
)
def test_ipv6_literals_have_one_spelling(text: str, expected: str) -> None:
    assert AddressLiteral(expected) == parse_host(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..b",
        "-a.example",
        "a-.example",
        "a b.example",
        "a\x00.example",
        "a/b",
        "a:b:c",
        "[::1",
        "[fe80::1%eth0]",
        "256.1.1.1",
        "1.2.3.4.5",
        "1.2.3.0x1ffff",
        "1.2.3.08",
        "1.2.3.99999999999",
        "0xzz.1",
        "a." * 200 + "example",
        "a" * 64 + ".example",
        "x" * 2000,
        "%ff.example",
        "xn--\u00e9.example",
        "\u2488.example",
    ],
)
def test_what_no_browser_would_open_is_refused(text: str) -> None:
    with pytest.raises(NameSyntaxError):
        parse_host(text)


def test_an_address_is_no_domain() -> None:
    assert DomainName("a.example") == parse_domain("A.example.")
    with pytest.raises(NameSyntaxError, match="is an address"):
        parse_domain("127.1")


def test_a_name_is_under_itself_and_its_parents() -> None:
    name = DomainName("www.chat.example")

    assert name.is_under(name)
    assert name.is_under(DomainName("example"))
    assert not name.is_under(DomainName("t.example"))
    assert not DomainName("chat.example").is_under(name)
    assert ["www.chat.example", "chat.example", "example"] == list(name.parents())
    assert ("www", "chat", "example") == name.labels


def test_an_address_is_under_itself_alone() -> None:
    address = AddressLiteral("1.2.3.4")

    assert address.is_under(AddressLiteral("1.2.3.4"))
    assert not address.is_under(AddressLiteral("3.4"))
    assert ["1.2.3.4"] == list(address.parents())
    assert address.is_global
    assert "1.2.3.4" == str(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.tiktok.com", "https://www.tiktok.com/"),
        ("HTTPS://WWW.tiktok.com:443/@x?y=1#z", "https://www.tiktok.com/@x?y=1"),
        ("www.tiktok.com/a", "https://www.tiktok.com/a"),
        ("http://a.example:443/", "http://a.example:443/"),
        ("http://a.example:80/", "http://a.example/"),
        ("https://user:pass@a.example/", "https://a.example/"),
        ("https://good.example@evil.example/", "https://evil.example/"),
        ("https:\\\\evil.example\\x", "https://evil.example/x"),
        ("https:///evil.example/x", "https://evil.example/x"),
        ("  https://a.example/\t ", "https://a.example/"),
        ("ht\ntps://a.exa\tmple/", "https://a.example/"),
        ("https://a.example/b/../c/./d", "https://a.example/c/d"),
        ("https://a.example/b/%2e%2E/c", "https://a.example/c"),
        ("https://a.example/../../c", "https://a.example/c"),
        ("https://a.example/b/..", "https://a.example/"),
        ("https://a.example/%74alk?%74=%41", "https://a.example/talk?%74=%41"),
        ("https://a.example/a%2Fb%2fc", "https://a.example/a%2Fb%2fc"),
        ("https://a.example/b/.", "https://a.example/b/"),
        ("https://a.example/ä b", "https://a.example/%C3%A4%20b"),
        ("https://a.example?x", "https://a.example/?x"),
        ("https://a.example/?", "https://a.example/?"),
        ("https://a.example/?q='ü", "https://a.example/?q=%27%C3%BC"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://0x7f.1/", "https://127.0.0.1/"),
        ("localhost:8000/x", "https://localhost:8000/x"),
        ("wss://a.example/s", "wss://a.example/s"),
    ],
)
def test_urls_are_read_as_browsers_read_them(text: str, expected: str) -> None:
    assert expected == str(parse_url(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.example/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https://a b.example/",
        "https://1:2:3/",
        "https://a.example/" + "x" * 9000,
    ],
)
def test_a_text_that_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(NameSyntaxError):
        parse_url(text)


@given(st.text(max_size=80))
@example("http://[")
@example("http://%")
@example("::")
def test_parsing_gives_a_stable_url_or_a_syntax_error(text: str) -> None:
    try:
        url = parse_url(text)
    except NameSyntaxError:
        return
    assert url == parse_url(str(url))


@given(st.text(max_size=40))
def test_parsing_gives_a_stable_host_or_a_syntax_error(text: str) -> None:
    try:
        host = parse_host(text)
    except NameSyntaxError:
        return
    assert host == parse_host(str(host))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:0a00:0001::1", False),
        ("2002:0808:0808::1", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
    ],
)
def test_public_addresses_are_told_from_private_ones(text: str, expected: bool) -> None:
    assert expected is is_public_address(text)


def test_teredo_is_judged_by_the_client_behind_it() -> None:
    """RFC 4380: the client's address stands inverted in the last four octets."""
    assert not is_public_address("2001:0:808:808::f5ff:fffe")  # 10.0.0.1
    assert is_public_address("2001:0:808:808::f7f7:f7f7")  # 8.8.8.8


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/talk", "/talk"),
        ("//TALK//x", "/talk/x"),
        ("/a/..%2ftalk", "/talk"),
        ("/a/..%252ftalk", "/talk"),
        ("/a\\..\\talk", "/talk"),
        ("/%2525252574alk", "/%2574alk"),  # decoded three times, not for ever
        ("/%ff", "/\ufffd"),
    ],
)
def test_a_path_is_also_read_as_a_lenient_server_would(path: str, expected: str) -> None:
    assert expected == as_served(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/talk;x=1", "/talk"),
        ("/talk;/x", "/talk/x"),
        ("/a/..;/talk", "/talk"),
        ("/a/%2e%2e%3bx/talk", "/talk"),
        ("/;a/talk", "/talk"),
        ("/talk", "/talk"),
    ],
)
def test_a_path_is_also_read_without_its_parameters(path: str, expected: str) -> None:
    assert expected == as_served_without_parameters(path)
