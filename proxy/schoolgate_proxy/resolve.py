"""
A host's addresses and CNAME chain, asked of the school's upstream.

The proxy connects only to addresses found here, never to one of the client's choosing. Answers
are kept for as long as their TTL says, within bounds, and equal questions at once are one.
"""

import asyncio
import ipaddress
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from schoolgate_policyd.core.errors import NameSyntaxError, SchoolgateError
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, parse_host
from schoolgate_proxy.destinations import Destinations

SHORTEST_TTL_S = 1
LONGEST_TTL_S = 300
FAILURE_TTL_S = 5
MOST_ANSWERS = 10_000
LONGEST_CHAIN = 16
_UPSTREAM = re.compile(r"(?P<address>[0-9.]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


class Unreachable(StrEnum):
    """Why a host cannot be reached."""

    NO_SUCH_NAME = "no-such-name"
    NO_ANSWER = "no-answer"
    PRIVATE = "private"


class UpstreamError(SchoolgateError):
    """An upstream cannot be used; the message names the setting."""


class ResolveError(SchoolgateError):
    """A host cannot be reached; *reason* says why."""

    def __init__(self, reason: Unreachable) -> None:
        super().__init__(f"the host cannot be reached: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a host is: *addresses*, each permitted, best first, and the CNAMEs on the way."""

    addresses: tuple[str, ...]
    chain: tuple[Host, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    found: Destination | Unreachable


class Resolver:
    """
    Asks *upstreams*; none means the system's resolv.conf.

    An upstream is `address`, `address:port` or `tls://address:port#name`. Those over HTTPS are
    left to the DNS point, and are not enough alone. *timeout_s* bounds one attempt, twice that
    a question. Unless it *takes_literals* an address in a name's place leads nowhere: on a
    gateway nobody is connected to an address of their own choosing. *monotonic* is a clock in
    seconds.
    """

    def __init__(
        self,
        upstreams: Sequence[str],
        destinations: Destinations,
        *,
        timeout_s: float = 2.0,
        takes_literals: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream = _upstream_of(upstreams)
        self._upstream.timeout = timeout_s
        self._upstream.lifetime = 2 * timeout_s
        self._destinations = destinations
        self._takes_literals = takes_literals
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Task[_Kept]] = {}

    async def resolve(self, host: Host) -> Destination:
        """Return where *host* is. Raises ResolveError."""
        if isinstance(host, AddressLiteral):
            if not self._takes_literals:
                raise ResolveError(Unreachable.NO_SUCH_NAME)
            if not self._destinations.is_permitted(host.text):
                raise ResolveError(Unreachable.PRIVATE)
            return Destination((host.text,))
        kept = self._kept.get(host.text)
        if kept is None or kept.until <= self._monotonic():
            kept = await self._ask_once(host)
        if isinstance(kept.found, Unreachable):
            raise ResolveError(kept.found)
        return kept.found

    def avoid(self, address: str) -> None:
        """Put *address*, which did not answer, behind the others of each host that has it."""
        for name, kept in self._kept.items():
            found = kept.found
            if isinstance(found, Destination) and found.addresses[0] == address:
                turned = (*found.addresses[1:], address)
                self._kept[name] = _Kept(kept.until, Destination(turned, found.chain))

    async def _ask_once(self, host: DomainName) -> _Kept:
        asking = self._asking.get(host.text)
        if asking is None:
            asking = asyncio.create_task(self._ask(host))
            self._asking[host.text] = asking
            asking.add_done_callback(lambda _: self._asking.pop(host.text, None))
        # One client that goes away must not end the question for the others.
        return await asyncio.shield(asking)

    async def _ask(self, host: DomainName) -> _Kept:
        answers = await asyncio.gather(
            self._records(host, "A"), self._records(host, "AAAA"), return_exceptions=True
        )
        found: list[dns.resolver.Answer] = []
        for answer in answers:
            if isinstance(answer, dns.resolver.Answer):
                found.append(answer)
            elif not isinstance(answer, dns.exception.DNSException | OSError):
                raise answer
        kept = self._kept_from(found, answers)
        if len(self._kept) >= MOST_ANSWERS:
            self._kept.clear()
        self._kept[host.text] = kept
        return kept

    async def _records(self, host: DomainName, kind: str) -> dns.resolver.Answer:
        name = dns.name.from_text(host.text)
        return await self._upstream.resolve(name, kind, raise_on_no_answer=False, search=False)

    def _kept_from(
        self,
        found: Sequence[dns.resolver.Answer],
        answers: Sequence[dns.resolver.Answer | BaseException],
    ) -> _Kept:
        now = self._monotonic()
        addresses = tuple(dict.fromkeys(str(record) for each in found for record in each))
        if not addresses:
            # Nothing to connect to. A name that exists without addresses is no such name here.
            is_silent = any(
                isinstance(each, BaseException) and not isinstance(each, dns.resolver.NXDOMAIN)
                for each in answers
            )
            reason = Unreachable.NO_ANSWER if is_silent else Unreachable.NO_SUCH_NAME
            return _Kept(now + FAILURE_TTL_S, reason)
        ttl_s = min(each.chaining_result.minimum_ttl for each in found if each.rrset)
        until = now + min(max(ttl_s, SHORTEST_TTL_S), LONGEST_TTL_S)
        permitted = tuple(each for each in addresses if self._destinations.is_permitted(each))
        if not permitted:
            return _Kept(until, Unreachable.PRIVATE)
        chain = _chain_of(found)
        if chain is None:
            return _Kept(now + FAILURE_TTL_S, Unreachable.NO_ANSWER)
        return _Kept(until, Destination(permitted, chain))


def _chain_of(found: Sequence[dns.resolver.Answer]) -> tuple[Host, ...] | None:
    """Return the CNAME targets in order; None if one cannot be judged, being no host name."""
    chain: dict[Host, None] = {}
    for answer in found:
        for cname in answer.chaining_result.cnames:
            for record in cname:
                try:
                    chain[parse_host(record.target.to_text(omit_final_dot=True))] = None
                except NameSyntaxError:
                    return None
    return tuple(chain) if len(chain) <= LONGEST_CHAIN else None


def _upstream_of(upstreams: Sequence[str]) -> dns.asyncresolver.Resolver:
    try:
        resolver = dns.asyncresolver.Resolver(configure=not upstreams)
    except dns.resolver.NoResolverConfiguration as error:
        raise UpstreamError(
            "the system's resolv.conf names no resolver: set dns.upstreams"
        ) from error
    if upstreams:
        resolver.nameservers = _nameservers(upstreams)
    return resolver


def _nameservers(upstreams: Sequence[str]) -> list[dns.nameserver.Nameserver | str]:
    """Return those of *upstreams* that can be asked from here. Raises UpstreamError."""
    asked = [_nameserver(each) for each in upstreams if not each.startswith("https://")]
    if not asked:
        # Our own DNS point would answer, but as whoever the gateway is, and with ourselves as
        # the address of what we are to look into.
        raise UpstreamError(
            "dns.upstreams: the proxy cannot ask https:// upstreams: add a tls:// upstream, or an "
            "address"
        )
    return [*asked]


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    """
    Return the upstream `address`, `address:port` or `tls://address:port#name`.

    An IPv6 address with a port stands in brackets. Raises UpstreamError.
    """
    place, _, name = text.removeprefix("tls://").partition("#")
    is_encrypted = text.startswith("tls://")
    match = _UPSTREAM.fullmatch(place)
    try:
        if match is None:
            literal = place[1:-1] if place.startswith("[") and place.endswith("]") else place
            address, port = ipaddress.ip_address(literal), 853 if is_encrypted else 53
        else:
            address, port = ipaddress.ip_address(match["address"].strip("[]")), int(match["port"])
    except ValueError as error:
        raise UpstreamError(
            f"dns.upstreams: `{text}` is not an address, or an address and a port"
        ) from error
    if not is_encrypted and not name:
        return dns.nameserver.Do53Nameserver(str(address), port)
    if not is_encrypted or not name:
        raise UpstreamError(f"dns.upstreams: `{text}` must be an address, or tls://address#name")
    return dns.nameserver.DoTNameserver(str(address), port, name)
