"""The real proxy on loopback, with curl, against websites of our own."""

import pytest
from local_internet import LocalInternet
from proxy_school import PUPIL, STAFF, UNKNOWN, VISITOR, classs_grant, teachers_grant
from running_proxy import Fetched, RunningProxy

from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import PageScope

UNTRUSTED = 60  # curl's exit status for a certificate that it does not trust
CONNECT_REFUSED = 56  # and for a CONNECT that is not answered with 200


def test_what_is_allowed_passes_on_the_origins_own_certificate(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    url = internet.https("lessons.example/maths")

    passed = proxy.curl(PUPIL, url, trusting=proxy.origin_ca)
    distrusted = proxy.curl(PUPIL, url)

    assert (0, 200) == (passed.exit_status, passed.status)
    assert f"lessons.example:{internet.https_port} says /maths" == passed.body
    assert UNTRUSTED == distrusted.exit_status


def test_what_is_blocked_gets_the_page_over_the_schools_authority(
    proxy: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    before = len(internet.seen)

    page = proxy.curl(new_pupil, internet.https("www.tiktok.com/@someone?a=1"))

    assert (0, 403) == (page.exit_status, page.status)
    assert "Ask your teacher" in page.body
    assert "Social Media Policy, §7" in page.body
    assert "content-type: text/html" in page.headers.lower()
    assert before == len(internet.seen)
    event = proxy.wait_for_block(new_pupil, "www.tiktok.com")
    assert internet.https("www.tiktok.com/@someone?a=1") == event.page
    assert (("pupils-social-media",), None) == (event.rules, event.attempt)


def test_staff_get_a_link_to_the_form_with_the_address_filled_in(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    page = proxy.curl(STAFF, internet.https("www.tiktok.com/a?b=c&d"))

    quoted = f"https%3A%2F%2Fwww.tiktok.com%3A{internet.https_port}%2Fa%3Fb%3Dc%26d"
    assert f'href="https://schoolgate.example/requests/new?url={quoted}"' in page.body
    assert "It opens at 10:30." in page.body


def test_plain_http_is_decided_by_its_url(proxy: RunningProxy, internet: LocalInternet) -> None:
    allowed = proxy.curl(PUPIL, f"http://lessons.example:{internet.http_port}/a?b")
    blocked = proxy.curl(PUPIL, f"http://www.tiktok.com:{internet.http_port}/")
    blocked_visitor = proxy.curl(VISITOR, f"http://www.tiktok.com:{internet.http_port}/")

    assert (200, f"lessons.example:{internet.http_port} says /a?b") == (
        allowed.status,
        allowed.body,
    )
    assert 403 == blocked.status
    assert (403, True) == (
        blocked_visitor.status,
        "Ask the school office" in blocked_visitor.body,
    )


def test_a_site_that_is_blocked_in_part_is_looked_into(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    reading = proxy.curl(PUPIL, internet.https("www.parents.example/advice"))
    talking = proxy.curl(PUPIL, internet.https("www.parents.example/talk/x"))
    round_about = proxy.curl(
        PUPIL, internet.https("www.parents.example/a/../%74alk/x"), "--path-as-is"
    )
    dotted = proxy.curl(
        PUPIL, internet.https("www.parents.example/a/%2e%2e/talk/x"), "--path-as-is"
    )

    assert (200, "2") == (reading.status, reading.version)
    assert 403 == talking.status
    assert 403 == dotted.status
    # What an origin may read as the blocked path is at most passed on as it was judged.
    assert round_about.status == 403 or "/../" not in round_about.body


def test_a_grant_for_one_page_opens_that_page_and_nothing_else(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    page = internet.https("www.tiktok.com/@maths/video/1?x=2")
    proxy.put_in_force(Live(grants=(teachers_grant(PageScope(parse_url(page))),)))

    def statuses(who: str, *urls: str) -> list[int]:
        return [proxy.curl(who, url).status for url in urls]

    others = (
        internet.https("www.tiktok.com/@maths/video/1"),
        internet.https("www.tiktok.com/@maths/video/2?x=2"),
        internet.https("www.tiktok.com/"),
    )
    assert [200, 403, 403, 403] == statuses(STAFF, page, *others)
    assert [403] == statuses(PUPIL, page)
    assert [403] == statuses("127.0.2.11", page)

    proxy.put_in_force(Live())
    assert [403] == statuses(STAFF, page)


def test_a_grant_for_a_class_opens_for_its_pupils(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    page = internet.https("www.tiktok.com/lesson")
    proxy.put_in_force(Live(grants=(classs_grant(PageScope(parse_url(page))),)))

    assert 200 == proxy.curl(PUPIL, page).status
    assert 403 == proxy.curl("127.0.1.11", page).status

    proxy.put_in_force(Live())


@pytest.mark.parametrize("who", [VISITOR, UNKNOWN])
def test_who_cannot_be_looked_into_has_the_connect_refused_with_the_page(
    proxy: RunningProxy, internet: LocalInternet, who: str
) -> None:
    with proxy.tunnel(who) as client:
        client.send(b"CONNECT www.tiktok.com:443 HTTP/1.1\r\nHost: www.tiktok.com:443\r\n\r\n")
        status, body = client.answer()

    assert (403, True) == (status, "Social Media Policy" in body)
    url = internet.https("lessons.example/")
    assert 200 == proxy.curl(who, url, trusting=proxy.origin_ca).status


def test_what_is_never_inspected_passes_or_is_refused_at_the_connect(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    bank = proxy.curl(PUPIL, internet.https("my.bank.example/"), trusting=proxy.origin_ca)
    forum = proxy.curl(PUPIL, internet.https("forum.bank.example/"))

    assert 200 == bank.status
    assert (CONNECT_REFUSED, 403) == (forum.exit_status, forum.connect_status)


def test_a_visit_to_a_help_line_leaves_no_trace(
    proxy: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    for who in (new_pupil, VISITOR):
        url = internet.https("help.childline.example/")
        assert 200 == proxy.curl(who, url, trusting=proxy.origin_ca).status
    with proxy.tunnel(new_pupil) as client:
        client.connect(f"help.childline.example:{internet.https_port}")
        client.send(b"SSH-2.0-x\r\n")
        assert client.is_closed_by_proxy()

    proxy.curl(new_pupil, internet.https("www.tiktok.com/afterwards"))
    proxy.wait_for_block(new_pupil, "www.tiktok.com")
    assert not [each for each in proxy.blocked if "childline" in each.host]
    assert "childline" not in proxy.errors


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("www.parents.nowhere", "There is no website with this name"),
        ("down.example", "This website does not answer"),
        ("badcert.example", "This website cannot show that it is genuine"),
    ],
)
def test_failures_are_told_in_plain_words(
    proxy: RunningProxy, internet: LocalInternet, name: str, words: str
) -> None:
    for version in ("--http1.1", "--http2"):
        page = proxy.curl(PUPIL, internet.https(f"{name}/"), version)

        assert (502, True) == (page.status, words in page.body)


def test_a_client_that_shows_no_pages_gets_a_few_words(
    proxy: RunningProxy, internet: LocalInternet
) -> None:
    page = proxy.curl(
        PUPIL, internet.https("www.tiktok.com/api"), "-H", "Accept: application/json"
    )

    assert "content-type: text/plain" in page.headers.lower()
    assert "<" not in page.body


def test_nothing_of_mitmproxys_own_is_served(proxy: RunningProxy) -> None:
    assert 502 == proxy.curl(STAFF, "http://mitm.it/").status


def test_a_blocked_tunnel_that_asks_for_nothing_is_recorded_when_it_goes(
    proxy: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    """An app that does not trust the school's authority gives up before it asks for a page."""
    distrusted: Fetched = proxy.curl(
        new_pupil, internet.https("vpn.example/"), trusting=proxy.origin_ca
    )

    assert UNTRUSTED == distrusted.exit_status
    event = proxy.wait_for_block(new_pupil, "vpn.example")
    assert ("circumvention", None) == (event.attempt, event.page)
