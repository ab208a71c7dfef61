"""Pages through the explicit proxy, fetched with curl."""

import re

import pytest
from local_internet import PRIVATE
from whole_school import WholeSchool

PUPIL, TEACHER, VISITOR = "127.0.1.10", "127.0.2.10", "127.0.4.10"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_pupil_gets_a_page_that_says_whom_to_ask_and_where_help_is(school: WholeSchool) -> None:
    status, body = school.curl(PUPIL, "https://www.tiktok.com/")

    assert 403 == status
    assert "Social Media Policy" in words(body)
    assert "§7" in words(body)
    assert "teacher" in words(body).lower()
    assert "Childline" in body
    assert "Ask for this page" not in body


def test_staff_get_a_button_that_opens_the_form_with_the_address(school: WholeSchool) -> None:
    status, body = school.curl(TEACHER, "https://www.tiktok.com/@school?x=1&y=2")

    assert 403 == status
    assert "§5" in words(body)
    assert "10:30" in words(body)
    found = re.search(r'href="([^"]*/requests/new\?url=[^"]+)"', body)
    assert found is not None
    assert found[1].startswith(f"http://localhost:{school.web_port}/requests/new?url=")
    assert "https%3A%2F%2Fwww.tiktok.com%2F%40school%3Fx%3D1%26y%3D2" in found[1]
    assert "Ask for this page" in words(body)


def test_what_is_allowed_passes_on_the_origin_s_own_certificate(school: WholeSchool) -> None:
    status, body = school.curl(
        PUPIL, school.url("www.bbc.co.uk", "/x"), "--cacert", str(school.folder / "origins.pem")
    )

    assert (200, True) == (status, body.startswith("www.bbc.co.uk"))


def test_a_page_of_a_part_that_is_blocked_is_told_from_the_rest(school: WholeSchool) -> None:
    assert 403 == school.curl(PUPIL, "https://www.mumsnet.com/talk/x")[0]


def test_plain_http_is_decided_too(school: WholeSchool) -> None:
    port = school.internet.http_port

    assert 403 == school.curl(PUPIL, f"http://www.tiktok.com:{port}/")[0]
    assert 200 == school.curl(PUPIL, f"http://www.bbc.co.uk:{port}/")[0]


def test_a_host_header_that_differs_from_the_name_gets_the_strictest(school: WholeSchool) -> None:
    status, _ = school.curl(
        PUPIL,
        f"http://www.bbc.co.uk:{school.internet.http_port}/",
        *("-H", "Host: www.tiktok.com"),
    )

    assert status in {400, 403}


@pytest.mark.parametrize(
    "url", [f"http://{PRIVATE}/", "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"]
)
def test_addresses_inside_are_refused(school: WholeSchool, url: str) -> None:
    for client in (PUPIL, TEACHER):
        status, body = school.curl(client, url)
        assert status in {403, 502}, body


def test_visitors_get_no_page_inside_tls(school: WholeSchool) -> None:
    """Their devices do not trust the school's authority: the CONNECT itself is refused."""
    status, body = school.curl(VISITOR, "https://www.tiktok.com/")

    assert 0 == status
    assert "403" in body


def test_a_browser_s_relay_asks_as_its_network(school: WholeSchool) -> None:
    import subprocess  # noqa: PLC0415 - this test alone uses another port

    ran = subprocess.run(
        [
            *("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "15"),
            *("-x", f"http://127.0.0.1:{school.proxy_relays['pupil-computers']}"),
            *("--cacert", str(school.ca), "https://www.tiktok.com/"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "403" == ran.stdout
