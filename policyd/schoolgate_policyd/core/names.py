"""
Host names, address literals and URLs, each in one spelling.

A browser, a resolver and a pupil who tries spell the same host in many ways: capitals, a
trailing dot, Unicode, percent signs, `0x7f.1`. Everything here is parsed once, at the edge;
inside Schoolgate two equal hosts are two equal values. Sources: WHATWG URL Standard (host
parsing), RFC 1123 section 2.1, RFC 5891 and UTS 46 (A-labels).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

import idna
import msgspec

from schoolgate_policyd.core.addresses import is_public_address, parse_ipv4, parse_ipv6
from schoolgate_policyd.core.errors import NameSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NAME_LENGTH = 253  # RFC 1035 section 2.3.4, without the root label and its dot
MAX_URL_LENGTH = 8192
_PARAMETERS = re.compile(r";[^/]*")
_DECODING_ROUNDS = 3  # twice is a known trick, more often is no server's

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
# What a browser refuses in a host after percent-decoding (WHATWG "forbidden domain code point").
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
# RFC 3986 section 6.2.2.2: an unreserved character and its percent-encoding are the same.
_ENCODED_UNRESERVED = re.compile(
    r"%(2d|2e|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z", re.ASCII)
_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%[]|^"
_SAFE_IN_QUERY = "/:@!$&()*+,;=-._~%[]|^?`{}\\"


class DomainName(msgspec.Struct, frozen=True, order=True, tag="name", gc=False):
    """A host name in A-labels, lower case, without the root label."""

    text: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, leftmost first."""
        return tuple(self.text.split("."))

    def parents(self) -> Iterator[str]:
        """Yield the name itself, then each name above it up to the last label."""
        name = self.text
        while True:
            yield name
            dot = name.find(".")
            if dot < 0:
                return
            name = name[dot + 1 :]

    def is_under(self, parent: Host) -> bool:
        """Whether this is *parent* itself or a name below it."""
        return self.text == parent.text or self.text.endswith("." + parent.text)

    def __str__(self) -> str:
        return self.text


class AddressLiteral(msgspec.Struct, frozen=True, order=True, tag="address", gc=False):
    """A host written as an address; *text* is its canonical form, without brackets."""

    text: str

    def parents(self) -> Iterator[str]:
        """Yield the address itself: nothing is above an address."""
        yield self.text

    def is_under(self, parent: Host) -> bool:
        """Whether this is the same address: nothing is above an address."""
        return self == parent

    @property
    def is_global(self) -> bool:
        """Whether the address is one of the public internet."""
        return is_public_address(self.text)

    def __str__(self) -> str:
        return self.text


Host = DomainName | AddressLiteral


class Url(msgspec.Struct, frozen=True):
    """
    A web address as a browser would request it.

    *port* is None where it is the scheme's own; *path* starts with a slash, has its dot segments
    removed and its bytes percent-encoded; *query* is None where there is no question mark. User
    information and fragment are left out: they never reach a server's decision.
    """

    scheme: str
    host: Host
    port: int | None
    path: str
    query: str | None = None

    def __str__(self) -> str:
        host = self.host.text
        if ":" in host:
            host = f"[{host}]"
        port = "" if self.port is None else f":{self.port}"
        query = "" if self.query is None else f"?{self.query}"
        return f"{self.scheme}://{host}{port}{self.path}{query}"


def parse_host(text: str) -> Host:
    """
    Return the one value that every spelling of a host gives.

    Raises NameSyntaxError for what no browser would open.
    """
    if len(text) > 4 * MAX_NAME_LENGTH:
        raise NameSyntaxError(f"`{text[:40]}…` is too long for a host")
    stripped = text.strip()
    if stripped.startswith("["):
        return AddressLiteral(parse_ipv6(stripped))
    if stripped.count(":") > 1:
        return AddressLiteral(parse_ipv6(f"[{stripped}]"))
    ascii_text = _to_ascii(stripped).removesuffix(".")
    if not ascii_text:
        raise NameSyntaxError(f"`{text}` names no host")
    labels = ascii_text.split(".")
    if _NUMBER.match(labels[-1]):
        return AddressLiteral(parse_ipv4(labels, text))
    if len(ascii_text) > MAX_NAME_LENGTH:
        raise NameSyntaxError(f"`{text[:40]}…` is longer than {MAX_NAME_LENGTH} characters")
    for label in labels:
        if not _LABEL.match(label):
            raise NameSyntaxError(f"`{text}` is not a host name: `{label}` cannot be a label")
    return DomainName(ascii_text)


def parse_domain(text: str) -> DomainName:
    """Return *text* as a host name. Raises NameSyntaxError, also for an address."""
    host = parse_host(text)
    if not isinstance(host, DomainName):
        raise NameSyntaxError(f"`{text}` is an address, not a name")
    return host


def _to_ascii(text: str) -> str:
    """Percent-decode, map as UTS 46 says and encode to A-labels."""
    if "%" in text:
        try:
            text = unquote_to_bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise NameSyntaxError(f"`{text}` is not a host name: it is not UTF-8") from error
    if not text.isascii():
        try:
            mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
            text = ".".join(
                label if label.isascii() else idna.alabel(label).decode("ascii")
                for label in mapped.split(".")
            )
        except (idna.IDNAError, UnicodeError) as error:
            raise NameSyntaxError(f"`{text}` is not a host name: {error}") from error
    text = text.lower()
    forbidden = _FORBIDDEN_IN_HOST.search(text)
    if forbidden:
        raise NameSyntaxError(f"`{text}` is not a host name: {forbidden[0]!r} stands in it")
    return text


def parse_url(text: str) -> Url:
    """
    Return *text* as a browser would request it; without a scheme it is taken as https.

    Raises NameSyntaxError for other schemes than http, https, ws and wss and for what no
    browser would open.
    """
    if len(text) > MAX_URL_LENGTH:
        raise NameSyntaxError(f"the address is longer than {MAX_URL_LENGTH} characters")
    # Browsers drop leading and trailing spaces and every tab and newline.
    text = text.strip("".join(map(chr, range(0x21)))).translate({9: None, 10: None, 13: None})
    scheme, rest = _split_scheme(text)
    rest = rest.partition("#")[0]
    before_query, question_mark, query = rest.partition("?")
    # To a browser a backslash is a slash, and it forgives any number of them before the host.
    before_query = before_query.replace("\\", "/").lstrip("/")
    authority, slash, path = before_query.partition("/")
    host, port = _parse_authority(authority, scheme, text)
    return Url(
        scheme=scheme,
        host=host,
        port=port,
        path=_normal_path(slash + path),
        query=quote(query, safe=_SAFE_IN_QUERY) if question_mark else None,
    )


def _split_scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if match is None:
        return "https", text
    scheme = match[1].lower()
    rest = text[match.end() :]
    if scheme in _DEFAULT_PORTS:
        return scheme, rest
    # `localhost:8000/x` and `www.example.org:443` are a host and a port, not a scheme.
    if re.match(r"\d{1,5}(?:[/?#\\]|\Z)", rest):
        return "https", text
    raise NameSyntaxError(f"`{scheme}:` is not a web address: give one that starts with https://")


def _parse_authority(authority: str, scheme: str, text: str) -> tuple[Host, int | None]:
    host_and_port = authority.rpartition("@")[2]
    host_text, port_text = host_and_port, ""
    closing = host_and_port.rfind("]")
    colon = host_and_port.rfind(":")
    if colon > closing:
        host_text, port_text = host_and_port[:colon], host_and_port[colon + 1 :]
    if ":" in host_text and not host_text.startswith("["):
        raise NameSyntaxError(f"`{text[:200]}` has an IPv6 address without its brackets")
    host = parse_host(host_text)
    if not port_text:
        return host, None
    if not re.fullmatch(r"[0-9]{1,10}", port_text) or int(port_text) > 65535:  # noqa: PLR2004
        raise NameSyntaxError(f"`{port_text}` is not a port")
    port = int(port_text)
    return host, None if port == _DEFAULT_PORTS[scheme] else port


def _normal_path(path: str) -> str:
    """Remove dot segments and percent-encode, one way for each path (WHATWG path state)."""
    path = _ENCODED_UNRESERVED.sub(lambda match: chr(int(match[1], 16)), path)
    return quote(without_dot_segments(path), safe=_SAFE_IN_PATH)


def without_dot_segments(path: str) -> str:
    """Return *path* with its `.` and `..` segments resolved; it starts with a slash."""
    segments: list[str] = []
    pieces = path.split("/")[1:] or [""]
    for position, piece in enumerate(pieces):
        is_last = position == len(pieces) - 1
        if piece == "..":
            if segments:
                segments.pop()
        elif piece != ".":
            segments.append(piece)
            continue
        if is_last:
            segments.append("")
    return "/" + "/".join(segments)


def as_served(path: str) -> str:
    """
    Return *path* as a lenient server may read it: decoded, resolved, in lower case.

    Servers differ in whether `//talk`, `/TALK` or `/a/..%2ftalk` is `/talk`; what blocks and what
    opens a part of a site must hold for this reading too.
    """
    return _resolved(_decoded(path))


def as_served_without_parameters(path: str) -> str:
    """
    Return *path* as a server reads it that takes `/talk;x` for `/talk` and `/..;/` for `/../`.

    RFC 3986 section 3.3 lets a segment have parameters; Java's servers resolve without them.
    """
    return _resolved(_PARAMETERS.sub("", _decoded(path)))


def _decoded(path: str) -> str:
    for _ in range(_DECODING_ROUNDS):
        decoded = unquote_to_bytes(path).decode("utf-8", "replace")
        if decoded == path:
            break
        path = decoded
    return path.replace("\\", "/")


def _resolved(path: str) -> str:
    return without_dot_segments(re.sub(r"/{2,}", "/", path)).lower()
