"""
The proxy's own pages, as bytes and headers.

Nothing on them comes from elsewhere and nothing runs: one style sheet, whose hash is in the
Content-Security-Policy. A client that wants no HTML gets the same in a few lines of text.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import assert_never

import jinja2
from markupsafe import Markup

from schoolgate_proxy.resolve import Unreachable
from schoolgate_proxy.words import Blocked, Words, shortened, words_for

FORBIDDEN = 403
BAD_REQUEST = 400
MISDIRECTED = 421
HEADERS_TOO_LARGE = 431
INTERNAL_ERROR = 500
BAD_GATEWAY = 502

_FOLDER = resources.files("schoolgate_proxy") / "templates"
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
)
_ENVIRONMENT = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATE = _ENVIRONMENT.from_string((_FOLDER / "page.html.jinja").read_text(encoding="utf-8"))
_SHOWN_BY_BROWSERS = frozenset({"document", "iframe", "frame", "embed", "object"})


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the proxy's own."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def wants_html(headers: Mapping[str, str]) -> bool:
    """
    Whether whoever sent *headers* (names in lower case) would show a page to a person.

    Browsers say so in Sec-Fetch-Dest; clients like curl take anything.
    """
    shown_as = headers.get("sec-fetch-dest")
    if shown_as is not None:
        return shown_as.lower() in _SHOWN_BY_BROWSERS
    ranges = [
        each.partition(";")[0].strip().lower() for each in headers.get("accept", "*/*").split(",")
    ]
    if not {"text/html", "application/xhtml+xml", "text/*"}.isdisjoint(ranges):
        return True
    return ranges[0] in {"*/*", ""}


def block_page(blocked: Blocked, *, as_html: bool = True) -> Page:
    """Return the page that says what is blocked, why and until when."""
    return _page(FORBIDDEN, words_for(blocked), as_html=as_html)


def unreachable_page(host: str, reason: Unreachable, *, as_html: bool = True) -> Page:
    """Return the page for a host that the proxy cannot or will not connect to."""
    match reason:
        case Unreachable.PRIVATE:
            status, title = FORBIDDEN, "This address points inside the school’s network"
            lead = "The filter does not open addresses of the school’s own network for web pages."
        case Unreachable.NO_SUCH_NAME:
            status, title = BAD_GATEWAY, "There is no website with this name"
            lead = "Check the spelling of the address. There may be a typing mistake in it."
        case Unreachable.NO_ANSWER:
            status, title = BAD_GATEWAY, "This website cannot be found at the moment"
            lead = "The service that looks up website names did not answer. Try again in a minute."
        case _:
            assert_never(reason)
    return _page(status, _about(host, title, lead), as_html=as_html)


def failed_page(host: str, *, is_untrusted: bool, as_html: bool = True) -> Page:
    """Return the page for a website that does not answer, or cannot show who it is."""
    if is_untrusted:
        title = "This website cannot show that it is genuine"
        lead = "Its security certificate is not valid, so the filter did not open it."
    else:
        title = "This website does not answer"
        lead = "The website may be broken or very busy. Try again in a minute."
    return _page(BAD_GATEWAY, _about(host, title, lead), as_html=as_html)


def refusal(status: int, sentence: str) -> Page:
    """Return a short answer for a client that asked in no way a browser does."""
    return _as_text(status, sentence)


def _about(host: str, title: str, lead: str) -> Words:
    return Words(title=title, lead=lead, place=shortened(host), place_label="Address")


def _page(status: int, words: Words, *, as_html: bool) -> Page:
    if not as_html:
        return _as_text(status, _in_brief(words))
    # Our own style sheet, read from the package, is the only markup that is not escaped.
    body = _TEMPLATE.render(words=words, style=Markup(_STYLE))  # noqa: S704 - see above
    return Page(status, _headers("text/html; charset=utf-8"), body.encode())


def _as_text(status: int, text: str) -> Page:
    return Page(status, _headers("text/plain; charset=utf-8"), f"{text}\n".encode())


def _in_brief(words: Words) -> str:
    parts = [f"{words.title}: {words.place}." if words.place else f"{words.title}."]
    parts += [f"{each.sentence} {each.source}".strip() for each in words.reasons]
    parts += [words.until] if words.until else []
    return "\n".join(parts)


def _headers(content_type: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", content_type),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    )
