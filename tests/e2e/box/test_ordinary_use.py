"""What a school day needs works as if there were no gateway, and what is blocked says so."""

import pytest
from box_browser import browsing
from box_clients import PATIENT, Got, asks_for, curl, tcp_echo, udp_echo
from box_internet import IMAPS, NTP
from box_places import (
    CLOCK,
    CLOCK_SITE,
    LESSON_SITE,
    MAIL,
    MAIL_SITE,
    NAMES,
    SHARED_LESSON_SITE,
    SHARED_SOCIAL_SITE,
    SOCIAL_SITE,
)
from box_rig import Box
from chromium import keep

EVERYBODY = ("pupil", "staff", "guest")


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("site", [LESSON_SITE, SHARED_LESSON_SITE, "www.bbc.co.uk"])
@pytest.mark.parametrize("who", EVERYBODY)
def test_an_allowed_site_shows_its_own_certificate(
    box: Box, who: str, site: str, family: int
) -> None:
    got = box.device(who).run(
        *("curl", f"-{family}", "-sS", *PATIENT),
        *("--cacert", str(box.websites.authority), f"https://{site}/"),
    )

    # What goes through the proxy may go on over the other family.
    places = (NAMES[site].ipv4, NAMES[site].ipv6)
    assert got.stdout in {f"site={site} address={each} sni={site}\n" for each in places}, got


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("who", EVERYBODY)
def test_an_allowed_site_is_there_without_tls(box: Box, who: str, family: int) -> None:
    for site in (LESSON_SITE, SHARED_LESSON_SITE):
        assert f"site={site} address=" in curl(box, who, family, f"http://{site}/")


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("site", [SOCIAL_SITE, SHARED_SOCIAL_SITE])
def test_a_blocked_site_shows_our_page_under_the_school_s_authority(
    box: Box, site: str, family: int
) -> None:
    for who in ("pupil", "staff"):
        got = box.device(who).run(
            *("curl", f"-{family}", "-sS", *PATIENT, "-w", "%{http_code}"),
            *("--cacert", str(box.gateway.settings.ca_certificate_path), f"https://{site}/"),
        )
        assert got.stdout.endswith("403"), got.stderr
        assert "<html" in got.stdout


def test_a_blocked_name_does_not_exist_for_a_guest(box: Box) -> None:
    for kind in ("A", "AAAA", "HTTPS"):
        said = box.device("guest").run("dig", SOCIAL_SITE, kind).stdout
        assert "status: NXDOMAIN" in said
        assert "Blocked" in said or "Filtered" in said


@pytest.mark.browser
@pytest.mark.parametrize("who", ["pupil", "staff"])
def test_a_browser_shows_why(box: Box, who: str) -> None:
    with browsing(box, who) as page:
        assert "site=" in _text_at(page, f"https://{SHARED_LESSON_SITE}/")
        # The same certificate and the same server: the browser must not ask it for this one.
        response = page.goto(f"https://{SHARED_SOCIAL_SITE}/")
        assert response is not None
        assert 403 == response.status
        keep(page, f"box-blocked-{who}")


def _text_at(page: object, url: str) -> str:
    response = page.goto(url)  # type: ignore[attr-defined]
    assert response is not None
    return str(response.text())


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_clock_is_set(box: Box, who: str, family: int) -> None:
    request = b"\x23" + bytes(47)
    asks_for(box, who, CLOCK_SITE)

    assert Got.REACHED == udp_echo(box, who, (CLOCK.at(family), NTP), request)


@pytest.mark.parametrize("family", [4, 6])
def test_staff_read_mail(box: Box, family: int) -> None:
    asks_for(box, "staff", MAIL_SITE)

    assert Got.REACHED == tcp_echo(box, "staff", (MAIL.at(family), IMAPS), b"a1 NOOP\r\n")
