"""
What devices look up to find a network's encrypted DNS, and the gateway's own name.

A device that was only given an address asks it for `_dns.resolver.arpa` and learns under which
name, how and where the same resolver speaks encrypted (RFC 9462 section 4). One that was given
the name asks for `_dns.` before it (RFC 9461 section 3). Nothing of this leaves the gateway: an
upstream would name itself, and take the school's devices past the filter.
"""

import ipaddress
from typing import Final

import msgspec

from schoolgate_dns.errors import DnsError
from schoolgate_dns.messages import Query, Rcode
from schoolgate_dns.messages.answers import every_type_answer, negative_answer, own_answer
from schoolgate_dns.messages.own_records import OwnRecord
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.messages.service_records import Key, ServiceRecord
from schoolgate_dns.outcome import Outcome
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import DomainName, parse_host
from schoolgate_policyd.dns_settings import DnsSettings

DISCOVERY_TTL_S: Final = 300
# Settings only change with a new process; this bounds for how long an answer is kept.
DISCOVERY_LASTS_S: Final = 3600
DOH_TEMPLATE: Final = b"/dns-query{?dns}"
_RESOLVER_ARPA: Final = DomainName("resolver.arpa")
_SERVICE: Final = "_dns."
_HINTS: Final = ((RecordType.A, Key.IPV4_HINT), (RecordType.AAAA, Key.IPV6_HINT))


class GatewayNameError(DnsError):
    """The gateway's name or addresses cannot be told to devices; says what to change."""


class Designation(msgspec.Struct, frozen=True):
    """
    The resolver that we tell devices of, which is ourselves.

    *addresses* are its A and AAAA records, *services* the data of its SVCB records.
    """

    name: DomainName
    addresses: tuple[OwnRecord, ...]
    services: tuple[bytes, ...]

    def addresses_of(self, type_: int) -> list[OwnRecord]:
        """Return the records of one type."""
        return [each for each in self.addresses if each.type == type_]


def designation_of(dns: DnsSettings) -> Designation | None:
    """Return what *dns* says to tell devices, None for nothing. Raises GatewayNameError."""
    if dns.encrypted is None:
        return None
    name = _host(dns.encrypted.name)
    texts = dns.encrypted.addresses or (dns.address, *dns.further_addresses)
    addresses = tuple(_address_record(name, text) for text in texts)
    hints: dict[int, bytes] = {
        key: b"".join(each.octets for each in addresses if each.type == type_)
        for type_, key in _HINTS
    }
    hints = {key: octets for key, octets in hints.items() if octets}
    tls: dict[int, bytes] = {Key.ALPN: _alpn(b"dot"), Key.PORT: dns.encrypted.tls_port.to_bytes(2)}
    https: dict[int, bytes] = {
        Key.ALPN: _alpn(b"h2"),
        Key.PORT: dns.encrypted.https_port.to_bytes(2),
    }
    services = (
        # TLS first: the lower priority is the one to try, and it costs both sides less.
        _service(1, name, tls | hints),
        _service(2, name, https | hints | {Key.DOH_PATH: DOH_TEMPLATE}),
    )
    return Designation(name, addresses, services)


def answer_discovery(query: Query, designation: Designation | None) -> Outcome | None:
    """
    Return the answer to a question about the gateway itself, None to every other query.

    Without a *designation* there is no encrypted DNS to be found here, and nothing else either:
    resolver.arpa is never asked of anybody (RFC 9462 section 6.4).
    """
    if query.name.is_under(_RESOLVER_ARPA):
        is_service = query.name.text == f"{_SERVICE}{_RESOLVER_ARPA.text}"
    elif designation is None:
        return None
    elif query.name == designation.name:
        return _finished(_own_name(query, designation))
    elif query.name.text == f"{_SERVICE}{designation.name.text}":
        is_service = True
    else:
        return None
    if not is_service or designation is None or query.type != RecordType.SVCB:
        return _finished(_nothing(query))
    records = [
        OwnRecord(query.lookup.name, RecordType.SVCB, DISCOVERY_TTL_S, each)
        for each in designation.services
    ]
    return _finished(own_answer(query, records, designation.addresses))


def _own_name(query: Query, designation: Designation) -> bytes:
    if query.type == RecordType.ANY:
        return every_type_answer(query, DISCOVERY_TTL_S)
    records = designation.addresses_of(query.type)
    return own_answer(query, records) if records else _nothing(query)


def _nothing(query: Query) -> bytes:
    return negative_answer(query, Rcode.NOERROR, soa_ttl_s=DISCOVERY_TTL_S)


def _finished(octets: bytes) -> Outcome:
    return Outcome(octets, lasts_s=DISCOVERY_LASTS_S)


def _service(priority: int, name: DomainName, parameters: dict[int, bytes]) -> bytes:
    # Keys stand in ascending order (RFC 9460 section 2.2).
    start = priority.to_bytes(2) + _wire(name)
    return ServiceRecord(start, dict(sorted(parameters.items()))).octets()


def _alpn(protocol: bytes) -> bytes:
    return bytes([len(protocol)]) + protocol


def _wire(name: DomainName) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in name.labels) + b"\0"


def _host(text: str) -> DomainName:
    try:
        name = parse_host(text)
    except NameSyntaxError as error:
        raise GatewayNameError(f"dns.encrypted.name: {error}") from error
    if not isinstance(name, DomainName):
        raise GatewayNameError(
            f"dns.encrypted.name: `{text}` is an address; give the name in the certificate"
        )
    return name


def _address_record(name: DomainName, text: str) -> OwnRecord:
    address = ipaddress.ip_address(text)
    if address.is_unspecified:
        raise GatewayNameError(
            f"dns.encrypted.addresses: say at which addresses devices reach {name.text}, since "
            f"dns.address ({text}) is every one of this machine's"
        )
    type_ = RecordType.A if isinstance(address, ipaddress.IPv4Address) else RecordType.AAAA
    return OwnRecord(_wire(name), type_, DISCOVERY_TTL_S, address.packed)
