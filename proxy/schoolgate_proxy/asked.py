"""
What a request asks for: every name that it bears, and its URL.

The bytes come from whoever is on the network. What two readers could read differently, the proxy
and the origin, is refused here rather than judged.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import MAX_URL_LENGTH, Host, Url, parse_url

_FIRST_PRINTABLE = 0x21
_DELETE = 0x7F
_NEVER_IN_AUTHORITY = frozenset("/?#@\\\t\n\r ")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request's *url* and the *names* it bears: the URL's host first, each name once.

    An honest client bears one name.
    """

    url: Url
    names: tuple[Host, ...]

    @property
    def is_consistent(self) -> bool:
        """Whether every part of the request names the same host."""
        return len(self.names) == 1


def read_authority(text: str) -> Host:
    """Return the host of `host[:port]`. Raises NameSyntaxError for anything else."""
    if not text or not text.isascii() or not _NEVER_IN_AUTHORITY.isdisjoint(text):
        raise NameSyntaxError("the request does not name a host in the usual way")
    return parse_url(f"https://{text}/").host


def read_request(
    *,
    scheme: str,
    port: int,
    raw_target: bytes,
    authorities: Iterable[str],
    tunnel: Iterable[Host] = (),
) -> Asked:
    """
    Return what a request asks for.

    *authorities* are its `:authority`, absolute target and Host headers as they came; *tunnel*
    the names of the CONNECT and of the ClientHello around it. *raw_target* is path and query.
    Raises NameSyntaxError when no name is borne or a part could be read in two ways.
    """
    names = dict.fromkeys([*map(read_authority, authorities), *tunnel])
    if not names:
        raise NameSyntaxError("the request names no host")
    hosts = tuple(names)
    return Asked(url=_url(scheme, hosts[0], port, raw_target), names=hosts)


def on_host(url: Url, host: Host) -> Url:
    """Return *url* as it would be on *host*."""
    return Url(url.scheme, host, url.port, url.path, url.query)


def _url(scheme: str, host: Host, port: int, raw_target: bytes) -> Url:
    if len(raw_target) > MAX_URL_LENGTH:
        raise NameSyntaxError(f"the address is longer than {MAX_URL_LENGTH} characters")
    target = raw_target if raw_target.startswith(b"/") else b"/" + raw_target
    path, question_mark, query = target.partition(b"?")
    if b"\\" in path:
        # Some origins read a backslash as a slash, others do not; browsers never send one.
        raise NameSyntaxError("the path has a backslash in it")
    host_text = f"[{host.text}]" if ":" in host.text else host.text
    text = f"{scheme}://{host_text}:{port}{_visible(path)}"
    if question_mark:
        text += "?" + _visible(query)
    return parse_url(text)


def _visible(raw: bytes) -> str:
    """Percent-encode what is not visible ASCII, and `#`: a URL ends there, a request does not."""
    return "".join(
        chr(octet)
        if _FIRST_PRINTABLE <= octet < _DELETE and octet != ord("#")
        else f"%{octet:02X}"
        for octet in raw
    )
