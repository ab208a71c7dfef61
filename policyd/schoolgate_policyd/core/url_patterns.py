"""
Parts of sites: which URLs a pattern like `*.wikipedia.org/w/index.php?action=edit` covers.

Whoever evades controls the spelling, and servers forgive much. So a path and a query are compared
as written and as a lenient server may read them: any reading that lies in a blocked part is
blocked; all must lie in an opened one. Sources: WHATWG URL Standard (urlencoded parsing), PHP's
variables from external sources, MediaWiki's normalisation of titles.
"""

import functools
import re
from collections.abc import Iterable
from typing import Self
from urllib.parse import quote, unquote_to_bytes

import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import (
    DomainName,
    Host,
    Url,
    as_served,
    as_served_without_parameters,
    parse_url,
)

_LENIENT_READINGS = (as_served, as_served_without_parameters)
_DECODING_ROUNDS = 3
# Old servers take a semicolon for an ampersand (HTML 4.01 appendix B.2.2).
_SEPARATORS = re.compile(r"[&;]")
# MediaWiki and others leave out what cannot be seen, and take blanks and underscores alike.
_LEFT_OUT = re.compile(
    r"[\s_\x00-\x1f\x7f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+"
)
_LEADING_COLONS = re.compile(r"(^|/):+")
# PHP cuts a name at an octet of zero, and `action[]=edit` gives `action` a value too.
_NAME_ENDS = re.compile(r"[\x00\[]")


class QueryParameter(msgspec.Struct, frozen=True):
    """A parameter that a query must have; *is_open_ended*: its value begins with *value*."""

    name: str
    value: str
    is_open_ended: bool = False

    def __str__(self) -> str:
        return f"{self.name}={self.value}" + "*" * self.is_open_ended

    def is_among(self, read: frozenset[tuple[str, str]]) -> bool:
        """Whether a query, as `read_query` gives it, has the parameter in any position."""
        name, value = _read_parameter(self)
        if not self.is_open_ended:
            return (name, value) in read
        return any(each == name and found.startswith(value) for each, found in read)

    @property
    def read_name(self) -> str:
        """Its name in the lenient reading."""
        return _read_parameter(self)[0]

    def covers(self, other: Self) -> tuple[bool, bool]:
        """Whether every value that *other* stands for is one of these, as read and as written."""
        mine, theirs = _read_parameter(self)[1], _read_parameter(other)[1]
        if self.is_open_ended:
            return theirs.startswith(mine), other.value.startswith(self.value)
        is_one = not other.is_open_ended
        return is_one and theirs == mine, is_one and other.value == self.value

    def is_alone_in(self, query: str) -> bool:
        """Whether *query* has the parameter once, plainly written, in every reading."""
        written = [
            _plain(value)
            for name, _, value in _pieces(query.split("&"))
            if _plain(name) == self.name
        ]
        names = [_read_name(name) for name, _, _ in _pieces(_SEPARATORS.split(query))]
        if len(written) != 1 or names.count(self.read_name) != 1:
            return False
        return (
            written[0].startswith(self.value) if self.is_open_ended else written[0] == self.value
        )


class UrlPattern(msgspec.Struct, frozen=True):
    """
    A part of a host: the URLs of *host* whose path is *path* or lies below it.

    `mumsnet.com/talk` covers `/talk` and `/talk/x`, not `/talkative`; ports make no difference.
    *is_open_ended*: the path begins with *path* (`/wiki/Talk:*`). *parameters* must all be in the
    query, in any position and whatever else it has. *covers_subdomains*: hosts under *host* too.
    """

    host: Host
    path: str
    parameters: tuple[QueryParameter, ...] = ()
    is_open_ended: bool = False
    covers_subdomains: bool = False

    def __str__(self) -> str:
        query = "&".join(map(str, self.parameters))
        return (
            f"{'*.' * self.covers_subdomains}{self.host}{self.path}{'*' * self.is_open_ended}"
            + (f"?{query}" if query else "")
        )

    def is_on(self, host: Host) -> bool:
        """Whether the pattern speaks of *host*."""
        return host == self.host or (self.covers_subdomains and host.is_under(self.host))

    def covers(self, url: Url) -> bool:
        """Whether *url* lies in this part of the host."""
        return self.is_on(url.host) and self.covers_page(url)

    def covers_page(self, url: Url) -> bool:
        """Whether path and query of *url* lie in this part, whatever its host."""
        if self.parameters:
            if url.query is None:
                return False
            read = read_query(url.query)
            if not all(each.is_among(read) for each in self.parameters):
                return False
        return self.covers_path(url.path)

    def covers_path(self, path: str) -> bool:
        """Whether *path* lies in this part, as far as the path tells."""
        if not self.is_open_ended:
            return is_part_blocked(path, self.path)
        begins = _read_prefix(self.path)
        return path.startswith(self.path) or any(
            read.startswith(begin) for read, begin in zip(_read_path(path), begins, strict=True)
        )

    @property
    def names(self) -> frozenset[str]:
        """The names of its parameters, as they are read."""
        return frozenset(each.read_name for each in self.parameters)

    def opens(self, url: Url) -> bool:
        """Whether *url* lies in this part in every reading, so that it may be opened with it."""
        return (
            self.is_on(url.host)
            and self.opens_path(url.path)
            and all(each.is_alone_in(url.query or "") for each in self.parameters)
        )

    def opens_path(self, path: str) -> bool:
        """Whether *path* lies in this part in every reading."""
        if not self.is_open_ended:
            return is_part_opened(path, self.path)
        return path.startswith(self.path) and all(
            read(path).startswith(read(self.path)) for read in _LENIENT_READINGS
        )


def is_path_within(path: str, prefix: str) -> bool:
    """Whether *path* is *prefix* or lies below it, segment by segment."""
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(bare + "/")


def is_part_blocked(path: str, prefix: str) -> bool:
    """Whether *path* lies in a blocked part, as written or as a lenient server reads it."""
    return is_path_within(path, prefix) or any(
        is_path_within(read, part)
        for read, part in zip(_read_path(path), _read_prefix(prefix), strict=True)
    )


def is_part_opened(path: str, prefix: str) -> bool:
    """Whether *path* lies in an opened part, as written and as a lenient server reads it."""
    return is_path_within(path, prefix) and all(
        is_path_within(read(path), read(prefix)) for read in _LENIENT_READINGS
    )


# One URL is compared with many patterns in a row, so a few places are enough for what is asked.
@functools.lru_cache(maxsize=64)
def _read_path(path: str) -> tuple[str, ...]:
    """Return *path* in each of the readings that may put it into a blocked part."""
    served = as_served(path)
    return served, as_served_without_parameters(path), _squeezed(served)


@functools.lru_cache(maxsize=4096)
def _read_prefix(prefix: str) -> tuple[str, ...]:
    """Return what each reading of a path is compared with."""
    # A part is what its file says: `/a;b` is not read as `/a`, which would be more.
    served = as_served(prefix)
    return served, served, _squeezed(served)


@functools.lru_cache(maxsize=64)
def read_query(query: str) -> frozenset[tuple[str, str]]:
    """Return the names and values of *query* as a lenient server may read them."""
    pieces = _pieces(_SEPARATORS.split(query))
    return frozenset((_read_name(name), _read_value(value)) for name, _, value in pieces)


def _pieces(written: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    return (piece.partition("=") for piece in written)


@functools.lru_cache(maxsize=4096)
def _read_parameter(parameter: QueryParameter) -> tuple[str, str]:
    return _read_name(quote(parameter.name)), _read_value(quote(parameter.value))


def _read_name(text: str) -> str:
    return _squeezed(_NAME_ENDS.split(_decoded(text), maxsplit=1)[0])


def _read_value(text: str) -> str:
    return _squeezed(_decoded(text))


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    for _ in range(_DECODING_ROUNDS):
        text = unquote_to_bytes(text).decode("utf-8", "replace")
    return text.lower()


def _squeezed(text: str) -> str:
    return _LEADING_COLONS.sub(r"\1", _LEFT_OUT.sub("", text))


def parse_pattern(text: str) -> UrlPattern:
    """
    Return the part of a site that is written like `*.wikipedia.org/wiki/Talk:*`.

    Raises NameSyntaxError that says what is wrong.
    """
    written = text.removeprefix("*.")
    authority, slash, rest = written.partition("/")
    url = parse_url(f"https://{written}")
    is_plain = url.port is None and "@" not in authority and "#" not in rest
    if not slash or not is_plain or not isinstance(url.host, DomainName):
        raise NameSyntaxError(f"`{text}` is no part of a site")
    path, is_open_ended = _without_star(url.path, text)
    if is_open_ended and path.endswith("/"):
        raise NameSyntaxError(f"`{text}` covers all below it without the last `/*` too")
    parameters = () if url.query is None else tuple(_parse_query(url.query, text))
    if path == "/" and not parameters:
        raise NameSyntaxError(f"`{text}` is a whole site")
    return UrlPattern(
        host=url.host,
        path=path,
        parameters=parameters,
        is_open_ended=is_open_ended,
        covers_subdomains=written != text,
    )


def _parse_query(query: str, text: str) -> Iterable[QueryParameter]:
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        begin, is_open_ended = _without_star(value, text)
        if not name or not value or "*" in name:
            raise NameSyntaxError(f"`{text}` has a parameter that is not written `name=value`")
        yield QueryParameter(_plain(name), _plain(begin), is_open_ended)


def _plain(written: str) -> str:
    return unquote_to_bytes(written.replace("+", " ")).decode("utf-8", "replace")


def _without_star(written: str, text: str) -> tuple[str, bool]:
    """Return *written* without the star at its end, and whether there was one."""
    begin = written.removesuffix("*")
    if "*" in begin:
        raise NameSyntaxError(f"`{text}` has a `*` elsewhere than before the host or at an end")
    return begin, begin != written
