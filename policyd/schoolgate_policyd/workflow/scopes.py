"""Which pages a request asks for, as the scope of a grant."""

from functools import cache

import msgspec
from publicsuffixlist import PublicSuffixList

from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host
from schoolgate_policyd.core.rules import (
    Grant,
    HostScope,
    PageScope,
    PrefixScope,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.workflow.requests import AccessRequest, RequestForm, ScopeChoice

# Names that never lead out of the school (RFC 6761, RFC 6762, RFC 8375 and common habit).
_LOCAL_SUFFIXES = tuple(
    DomainName(name)
    for name in (
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "home.arpa",
        "onion",
    )
)


def is_local(host: Host) -> bool:
    """Whether *host* is inside the school or the gateway, so that no grant is about it."""
    if isinstance(host, AddressLiteral):
        return not host.is_global
    return "." not in host.text or any(host.is_under(suffix) for suffix in _LOCAL_SUFFIXES)


def whole_site_of(host: Host) -> Host | None:
    """
    Return the registrable domain of *host*: what one owner has, no more.

    Names under which everybody may have a site (`github.io`, `co.uk`) are nobody's: None for
    those themselves. An address is its own site.
    """
    if isinstance(host, AddressLiteral):
        return host
    registrable = _suffixes().privatesuffix(host.text)
    return None if registrable is None else DomainName(registrable)


def service_of(host: Host, catalogue: Catalogue) -> Service | None:
    """Return the service that *host* belongs to; of several, the one that names it closest."""
    having = [each for each in catalogue.services if each.has_host(host)]
    return max(having, key=lambda each: (_closeness(each, host), each.id), default=None)


def scope_for(form: RequestForm, catalogue: Catalogue) -> Scope:
    """Return the scope that *form* asks for; a site that is a service is that whole service."""
    match form.scope:
        case ScopeChoice.PAGE:
            return PageScope(form.url)
        case ScopeChoice.PART:
            return PrefixScope(form.url)
        case ScopeChoice.SITE:
            service = service_of(form.url.host, catalogue)
            if service is not None:
                return ServiceScope(service.id)
            site = whole_site_of(form.url.host)
            if site is None:
                # Below such a name are other people's sites: only the name itself is meant.
                return PrefixScope(msgspec.structs.replace(form.url, path="/", query=None))
            return HostScope(site)


def grant_id(request: AccessRequest) -> str:
    """Return the id of the grant of this version of *request*: none is ever given twice."""
    of_version = "" if request.version == 1 else f"-{request.version}"
    return f"grant-{request.id}{of_version}"


def grant_for(request: AccessRequest, catalogue: Catalogue) -> Grant:
    """Return the grant that *request* asks for; it is in force only once it was signed."""
    form = request.form
    return Grant(
        id=grant_id(request),
        kind=form.kind,
        scope=scope_for(form, catalogue),
        starts_at=form.starts_at,
        ends_at=form.ends_at,
        people=frozenset({request.requester} if form.for_class is None else ()),
        classes=frozenset(() if form.for_class is None else {form.for_class}),
    )


def _closeness(service: Service, host: Host) -> int:
    return max(
        (len(domain.text) for domain in service.domains if host.is_under(domain)),
        default=0,
    )


@cache
def _suffixes() -> PublicSuffixList:
    # The private section stays on: two people's sites on one host name are two sites.
    return PublicSuffixList(only_icann=False)
