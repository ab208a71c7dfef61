"""Readers of host names, addresses and parts of sites, as rule files write them."""

import functools

from publicsuffixlist import PublicSuffixList

from schoolgate_policyd.core.catalogue import UrlPattern
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host, parse_url
from schoolgate_policyd.rulefiles.fields import text
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import Node

# Names that no registry hands out, below which every name is of one kind.
_WHOLE_TOP_LEVELS = frozenset({"onion", "i2p"})


def host(node: Node, book: MistakeBook) -> Host | None:
    """Return a host name or an address in its usual spelling."""
    written = text(node, book)
    if written is None:
        return None
    try:
        parsed = parse_host(written)
    except NameSyntaxError:
        book.add(node.place, f"{shown(written)} is no host name: {_remedy(written)}")
        return None
    if isinstance(parsed, AddressLiteral):
        if parsed.text != written:
            # `1.1` and `16843009` are addresses to a browser, in a list they are slips.
            book.add(node.place, f"{shown(written)} is an address: write `{parsed}`")
            return None
    elif "." not in parsed.text and parsed.text not in _WHOLE_TOP_LEVELS:
        book.add(node.place, f"{shown(written)} covers a whole top-level domain: name a site")
        return None
    return parsed


def domain(node: Node, book: MistakeBook) -> DomainName | None:
    """Return a host name, not an address."""
    parsed = host(node, book)
    if isinstance(parsed, AddressLiteral):
        book.add(node.place, f"{shown(parsed.text)} is an address: a name must stand here")
        return None
    return parsed


def blockable_host(node: Node, book: MistakeBook) -> Host | None:
    """Return a host that a block may cover: no suffix under which strangers register names."""
    parsed = host(node, book)
    return None if parsed is None or _is_too_wide(parsed, node, book) else parsed


def blockable_domain(node: Node, book: MistakeBook) -> DomainName | None:
    """Return a host name, not an address, that a block may cover."""
    parsed = domain(node, book)
    return None if parsed is None or _is_too_wide(parsed, node, book) else parsed


def site_part(node: Node, book: MistakeBook) -> UrlPattern | None:
    """Return a part of a host, written as `mumsnet.com/talk`."""
    written = text(node, book)
    if written is None:
        return None
    name, slash, path = written.partition("/")
    try:
        url = parse_url(f"https://{written}")
    except NameSyntaxError:
        book.add(node.place, f"{shown(written)} is no part of a site: {_PART_REMEDY}")
        return None
    is_plain = url.port is None and url.query is None and "@" not in name and "#" not in path
    if not slash or url.path == "/" or not is_plain or not isinstance(url.host, DomainName):
        book.add(node.place, f"{shown(written)} is no part of a site: {_PART_REMEDY}")
        return None
    return UrlPattern(host=url.host, path=url.path)


_PART_REMEDY = "write host and path, like `mumsnet.com/talk`, or list a whole host in `domains`"


@functools.cache
def _public_suffixes() -> PublicSuffixList:
    # Below the private suffixes (github.io) strangers publish too, but each is one company's.
    return PublicSuffixList(only_icann=True)


def _is_too_wide(parsed: Host, node: Node, book: MistakeBook) -> bool:
    name = parsed.text
    if (
        isinstance(parsed, AddressLiteral)
        or name in _WHOLE_TOP_LEVELS
        or not _public_suffixes().is_public(name)
    ):
        return False
    book.add(node.place, f"{shown(name)} covers every site under it: name the sites meant")
    return True


def _remedy(written: str) -> str:
    if written.startswith(("*.", ".")):
        return "every name covers what is under it, so leave out what stands before it"
    if "/" in written:
        return "leave out scheme and path, or list a part of a site in `urls`"
    return "write it like `tiktok.com`"
