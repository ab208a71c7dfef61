"""Nothing of an address becomes markup, nothing runs, and everybody can read it."""

import base64
import hashlib
import re

import pytest
from proxy_school import (
    PUPIL,
    STAFF,
    UNKNOWN,
    VISITOR,
)
from school_pages import Reader, blocked, page_for

from schoolgate_policyd.core.decision import UrlResource
from schoolgate_policyd.core.names import parse_url
from schoolgate_proxy.blockpage import (
    Page,
    block_page,
    failed_page,
    unreachable_page,
    wants_html,
)
from schoolgate_proxy.resolve import Unreachable

HOSTILE = [
    'https://www.tiktok.com/"><script>alert(1)</script>',
    "https://www.tiktok.com/?q=</p><img src=x onerror=alert(1)>",
    "https://www.tiktok.com/{{ words }}{% raw %}",
    "https://www.tiktok.com/\u202egnp.exe\u2066",
    "https://www.tiktok.com/" + "a" * 5000,
    "https://www.tiktok.com/?" + "%3Cb%3E" * 300,
    "https://xn--n3h.tiktok.com/",
]


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("who", [PUPIL, STAFF, VISITOR])
def test_nothing_of_an_address_becomes_markup(who: str, url: str) -> None:
    honest = Reader(page_for(who))
    text = page_for(who, UrlResource(parse_url(url)))
    page = Reader(text)

    assert honest.elements == page.elements
    assert "script" not in page.elements
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert all(link.startswith("https://") for link in page.links)
    assert all(len(word) <= 120 for word in page.text.split())


@pytest.mark.parametrize("host", ["<b>x</b>.example", "a" * 300])
def test_nothing_of_a_host_becomes_markup(host: str) -> None:
    page = unreachable_page(host, Unreachable.NO_ANSWER)

    assert "b" not in Reader(page.body.decode()).elements
    assert "a" * 130 not in page.body.decode()


def pages() -> list[Page]:
    return [
        *(block_page(blocked(who)) for who in (PUPIL, STAFF, VISITOR, UNKNOWN)),
        *(unreachable_page("a.example", reason) for reason in Unreachable),
        *(failed_page("a.example", is_untrusted=untrusted) for untrusted in (True, False)),
    ]


@pytest.mark.parametrize("page", pages())
def test_a_page_loads_nothing_and_runs_nothing(page: Page) -> None:
    headers = dict(page.headers)
    text = page.body.decode()
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{hashed}'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert ("no-store", "nosniff", "no-referrer") == (
        headers["Cache-Control"],
        headers["X-Content-Type-Options"],
        headers["Referrer-Policy"],
    )
    assert {"script", "img", "link", "iframe", "form"}.isdisjoint(Reader(text).elements)
    assert "style=" not in text
    assert "url(" not in style
    assert '<html lang="en-GB">' in text


def test_pages_keep_the_governments_own_marks_out() -> None:
    text = page_for(PUPIL).lower()

    assert not any(mark in text for mark in ("gds transport", "crown", "crest", "gov.uk"))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * each for each in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *(("ink", "paper"), ("quiet", "paper"), ("quiet", "soft"), ("ink", "soft")),
        *(("link", "paper"), ("link", "soft"), ("bar-ink", "bar"), ("go-ink", "go")),
        ("focus-ink", "focus"),
    ],
)
def test_text_stands_out_in_light_and_dark(scheme: int, ink: str, paper: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    page = page_for(PUPIL)
    light, dark = re.findall(r":root\{([^}]*)\}", page)
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", light))
    if scheme:
        colours |= dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", dark))
    lighter, darker = sorted(map(luminance, (colours[ink], colours[paper])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("headers", "html"),
    [
        ({}, True),
        ({"accept": "*/*"}, True),  # curl
        ({"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}, True),
        ({"accept": "application/json"}, False),
        ({"accept": "image/avif,image/webp,*/*;q=0.8"}, False),
        ({"accept": "*/*", "sec-fetch-dest": "document"}, True),
        ({"accept": "text/html", "sec-fetch-dest": "iframe"}, True),
        ({"accept": "*/*", "sec-fetch-dest": "script"}, False),
        ({"accept": "*/*", "sec-fetch-dest": "empty"}, False),
    ],
)
def test_a_page_is_for_who_shows_pages(headers: dict[str, str], *, html: bool) -> None:
    assert html == wants_html(headers)
