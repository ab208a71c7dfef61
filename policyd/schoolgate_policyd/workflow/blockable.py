"""What an address stands for when it is to be blocked, what is refused, what is warned of."""

from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import quote

from schoolgate_policyd.core.at_once import (
    Blockable,
    BlockedPart,
    BlockedService,
    BlockedSite,
    is_lesson_site,
)
from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.errors import NameSyntaxError, SchoolgateError
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, Url
from schoolgate_policyd.core.url_patterns import parse_pattern
from schoolgate_policyd.core.words import joined
from schoolgate_policyd.workflow.scopes import is_local, service_of, whole_site_of

_MOST_NAMED = 4
# What says where a link came from and not what it leads to: with it in the block, the same page
# without it would stay open.
_BESIDE_THE_POINT = frozenset(
    {
        "t",
        "si",
        "pp",
        "list",
        "index",
        "feature",
        "ab_channel",
        "fbclid",
        "gclid",
        "igshid",
        "ref",
        "source",
    }
)


class Extent(StrEnum):
    """How much of what an address leads to is blocked."""

    PART = "part"
    SITE = "site"
    SERVICE = "service"


class NotBlockable(SchoolgateError):  # noqa: N818 - it says what it is
    """This is never blocked, or not in this way; the message is a sentence that says why."""


def blockable(url: Url, extent: Extent, catalogue: Catalogue) -> Blockable:
    """Return what is blocked. Raises NotBlockable."""
    _require_outside(url.host)
    _require_no_help_line(url.host, catalogue)
    match extent:
        case Extent.PART:
            return _part(url)
        case Extent.SITE:
            return _site(url.host, catalogue)
        case Extent.SERVICE:
            return _service(url.host, catalogue)


def warnings_of(what: Blockable, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what whoever blocks should know first, in sentences; most blocks need none."""
    match what:
        case BlockedPart(pattern):
            return tuple(_about_part(pattern.host, catalogue))
        case BlockedSite(host):
            return tuple(_about_site(host, catalogue))
        case BlockedService():
            return ()


def name_of(what: Blockable, catalogue: Catalogue) -> str:
    """Return what is blocked, in words: `game.example and everything below it`."""
    match what:
        case BlockedPart(pattern):
            return f"{str(pattern).removeprefix('*.')} and everything below it"
        case BlockedSite(host):
            return f"{host} and everything below it"
        case BlockedService(service):
            known = catalogue.services_by_id.get(service)
            return f"all of {service if known is None else known.name}"


def site_of(host: Host) -> Host:
    """Return the site as people mean it: what stands before it as `www` makes no other site."""
    if isinstance(host, AddressLiteral) or not host.text.startswith("www."):
        return host
    bare = DomainName(host.text.removeprefix("www."))
    return host if whole_site_of(bare) is None else bare


def _require_outside(host: Host) -> None:
    if is_local(host):
        raise NotBlockable(
            "This address is inside the school: whoever looks after the network closes it there."
        )


def _require_no_help_line(host: Host, catalogue: Catalogue) -> None:
    for line in catalogue.help_lines:
        if any(host.is_under(each) for each in line.domains):
            raise NotBlockable(
                f"{host} belongs to a help line ({line.name}): nothing ever blocks help lines."
            )


def _part(url: Url) -> BlockedPart:
    if isinstance(url.host, AddressLiteral):
        raise NotBlockable("A site that has a number for a name is blocked as a whole site.")
    # A star stands for itself here, and not for whatever follows.
    path = url.path.replace("*", "%2A")
    asked = "&".join(_telling(url.query or ""))
    text = f"*.{site_of(url.host)}{path}" + (f"?{asked}" if asked else "")
    try:
        return BlockedPart(parse_pattern(text))
    except NameSyntaxError as error:
        raise NotBlockable(
            "This address is the front page of the site: choose the whole site, or enter the "
            "address of the page."
        ) from error


def _telling(query: str) -> Iterator[str]:
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        is_beside = name.lower() in _BESIDE_THE_POINT or name.lower().startswith("utm_")
        if name and value and "*" not in name and not is_beside:
            yield f"{name}={quote(value, safe='%').replace('*', '%2A')}"


def _site(host: Host, catalogue: Catalogue) -> BlockedSite:
    site = site_of(host)
    if isinstance(site, DomainName) and whole_site_of(site) is None:
        raise NotBlockable(
            f"{site} is no site: many people have sites below it. Enter the address of the one."
        )
    if is_lesson_site(site, catalogue):
        raise NotBlockable(
            f"{site} is a lesson site, or one that the school works with, and those stay open. "
            "Block the part of it that was reported."
        )
    return BlockedSite(site)


def _service(host: Host, catalogue: Catalogue) -> BlockedService:
    service = service_of(host, catalogue)
    if service is None:
        raise NotBlockable(f"{host} belongs to no service that is known: block the site.")
    for domain in service.domains:
        _require_no_help_line(domain, catalogue)
        for each in catalogue.essentials:
            is_open = any(each.is_under(other) for other in service.excluding)
            if domain.is_under(each) or (each.is_under(domain) and not is_open):
                raise NotBlockable(
                    f"{service.name} has pages for lessons ({each}), and those stay open. Block "
                    "the site or the part that was reported."
                )
    return BlockedService(service.id)


def _about_part(host: Host, catalogue: Catalogue) -> Iterator[str]:
    if is_lesson_site(host, catalogue):
        yield (
            f"{host} is a lesson site. This part of it closes where Schoolgate can look into "
            "connections; on other devices all of it stays open."
        )
    elif any(host.is_under(each) for each in catalogue.never_inspected):
        yield f"Schoolgate never looks into connections to {host}, so all of it closes."


def _about_site(host: Host, catalogue: Catalogue) -> Iterator[str]:
    whole = [each.name for each in catalogue.services if _is_within(each, host)]
    if whole:
        yield f"This closes all of {_listed(whole)}."
    spared = [str(each) for each in catalogue.essentials if each.is_under(host)]
    if spared:
        yield f"Lesson sites below it stay open: {_listed(spared)}."
    lines = [
        line.name
        for line in catalogue.help_lines
        if any(each.is_under(host) for each in line.domains)
    ]
    if lines:
        yield f"Help lines below it stay open: {_listed(lines)}."


def _is_within(service: Service, host: Host) -> bool:
    """Whether a whole domain of *service* goes with *host*."""
    return any(each.is_under(host) for each in service.domains)


def _listed(names: list[str]) -> str:
    shown, rest = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    return joined([*shown, *([f"{rest} more"] if rest > 0 else [])])
