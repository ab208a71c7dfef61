"""Readers of host names, addresses and parts of sites, as rule files write them."""

import functools

from publicsuffixlist import PublicSuffixList

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host
from schoolgate_policyd.core.url_patterns import UrlPattern, parse_pattern
from schoolgate_policyd.rulefiles.fields import Reader, list_of, mapping, text
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.shared_hosts import shared_under
from schoolgate_policyd.rulefiles.survey import accepts

# Names that no registry hands out, below which every name is of one kind.
_WHOLE_TOP_LEVELS = frozenset({"onion", "i2p"})
# Suffixes under which public bodies alone get names.
_PUBLIC_BODIES = frozenset({"ac.uk", "gov.uk", "nhs.uk", "police.uk", "sch.uk"})


@accepts({"title": "a host", "type": "string", "pattern": r"^\S+$"})
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


@accepts({"title": "a host name", "type": "string", "pattern": r"^\S+\.\S+$|^onion$|^i2p$"})
def domain(node: Node, book: MistakeBook) -> DomainName | None:
    """Return a host name, not an address."""
    parsed = host(node, book)
    if isinstance(parsed, AddressLiteral):
        book.add(node.place, f"{shown(parsed.text)} is an address: a name must stand here")
        return None
    return parsed


def named_hosts(node: Node, book: MistakeBook) -> tuple[Host, ...] | None:
    """Return the hosts of a named group (Banks); the name is for the file's reader."""
    entries = mapping("a group of sites", node, ("name", "domains", "source"), book)
    if entries is None:
        return None
    entries.required("name", text)
    entries.optional("source", text, default=None)
    hosts: Reader[tuple[Host, ...]] = list_of(open_host)
    return entries.required("domains", hosts)


def blockable_host(node: Node, book: MistakeBook) -> Host | None:
    """Return a host that a block may cover: no public suffix, and none that many sites share."""
    parsed = host(node, book)
    return None if parsed is None or not _is_blockable(parsed, node, book) else parsed


def open_host(node: Node, book: MistakeBook) -> Host | None:
    """Return a host that may stay open: no suffix under which strangers register names."""
    parsed = host(node, book)
    if parsed is None or parsed.text in _PUBLIC_BODIES:
        return parsed
    return None if _is_too_wide(parsed, node, book) else parsed


def open_domain(node: Node, book: MistakeBook) -> DomainName | None:
    """Return a host name, not an address, that may stay open."""
    parsed = domain(node, book)
    if parsed is None or parsed.text in _PUBLIC_BODIES:
        return parsed
    return None if _is_too_wide(parsed, node, book) else parsed


def blockable_domain(node: Node, book: MistakeBook) -> DomainName | None:
    """Return a host name, not an address, that a block may cover."""
    parsed = domain(node, book)
    return None if parsed is None or not _is_blockable(parsed, node, book) else parsed


@accepts({"title": "a part of a site", "type": "string", "pattern": "/"})
def site_part(node: Node, book: MistakeBook) -> UrlPattern | None:
    """Return a part of a site, as `parse_pattern` reads it."""
    written = text(node, book)
    if written is None:
        return None
    try:
        pattern = parse_pattern(written)
    except NameSyntaxError:
        book.add(node.place, f"{shown(written)} is no part of a site: {_PART_REMEDY}")
        return None
    if pattern.covers_subdomains and _is_too_wide(pattern.host, node, book):
        return None
    return pattern


_PART_REMEDY = (
    "write host and path, like `mumsnet.com/talk`, `*.wikipedia.org/wiki/Talk:*` or "
    "`en.wikipedia.org/?action=edit`, or list a whole host in `domains`"
)


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


def _is_blockable(parsed: Host, node: Node, book: MistakeBook) -> bool:
    if _is_too_wide(parsed, node, book):
        return False
    shared = shared_under(parsed.text)
    if shared is None:
        return True
    what = "is a host that" if shared == parsed.text else f"covers `{shared}`, which"
    message = f"{shown(parsed.text)} {what} many other sites need: name what is meant"
    book.add(node.place, message)
    return False


def _remedy(written: str) -> str:
    if written.startswith(("*.", ".")):
        return "every name covers what is under it, so leave out what stands before it"
    if "/" in written:
        return "leave out scheme and path, or list a part of a site in `urls`"
    return "write it like `tiktok.com`"
