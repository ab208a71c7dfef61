"""What devices are told of the school's encrypted DNS, read by dnspython."""

import dataclasses
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from dns_world import query

from schoolgate_dns.messages import wire
from schoolgate_dns.stages.discovery import (
    DISCOVERY_TTL_S,
    GatewayNameError,
    answer_discovery,
    designation_of,
)
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings

GATEWAY = "dns.school.example"
DOH_PATH = 'dohpath="/dns-query{?dns}"'
ADDRESSES = ("10.0.0.1", "10.0.0.2", "fd00::1")


def settings(
    *,
    address: str = "10.0.0.1",
    addresses: tuple[str, ...] = (),
    name: str = GATEWAY,
    **ports: Any,  # noqa: ANN401 - the ports' settings
) -> DnsSettings:
    files = {"certificate": Path("gateway.pem"), "key": Path("gateway.key")}
    encrypted = EncryptedDnsSettings(name=name, addresses=addresses, **files, **ports)
    return DnsSettings(address=address, encrypted=encrypted)


def told(
    name: str, type_: str = "SVCB", dns_settings: DnsSettings | None = None
) -> dns.message.Message | None:
    designation = designation_of(
        settings(addresses=ADDRESSES) if dns_settings is None else dns_settings
    )
    outcome = answer_discovery(wire.read_query(query(name, type_).to_wire()), designation)
    return None if outcome is None else dns.message.from_wire(outcome.octets)


def answers_of(message: dns.message.Message | None) -> list[str]:
    assert message is not None
    return [rrset_text for rrset in message.answer for rrset_text in rrset.to_text().split("\n")]


@pytest.mark.parametrize("name", ["_dns.resolver.arpa", "_DNS.Resolver.ARPA", f"_dns.{GATEWAY}"])
def test_a_device_learns_name_ways_ports_and_addresses(name: str) -> None:
    message = told(name)

    assert message is not None
    owner, ttl = name.lower(), DISCOVERY_TTL_S
    hints = 'ipv4hint="10.0.0.1,10.0.0.2" ipv6hint="fd00::1"'
    assert [
        f'{owner}. {ttl} IN SVCB 1 {GATEWAY}. alpn="dot" port="853" {hints}',
        f'{owner}. {ttl} IN SVCB 2 {GATEWAY}. alpn="h2" port="443" {hints} {DOH_PATH}',
    ] == answers_of(message)
    assert {
        f"{GATEWAY}. {ttl} IN A 10.0.0.1",
        f"{GATEWAY}. {ttl} IN A 10.0.0.2",
        f"{GATEWAY}. {ttl} IN AAAA fd00::1",
    } == {text for rrset in message.additional for text in rrset.to_text().split("\n")}
    assert message.flags & dns.flags.RA
    assert 0 == message.edns


def test_it_learns_other_ports_and_the_listening_address_if_no_other_is_configured() -> None:
    other = settings(tls_port=8853, https_port=8443)
    start = "_dns.resolver.arpa. 300 IN SVCB"

    assert [
        f'{start} 1 {GATEWAY}. alpn="dot" port="8853" ipv4hint="10.0.0.1"',
        f'{start} 2 {GATEWAY}. alpn="h2" port="8443" ipv4hint="10.0.0.1" {DOH_PATH}',
    ] == answers_of(told("_dns.resolver.arpa", dns_settings=other))


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("_dns.resolver.arpa", "A"),
        ("_dns.resolver.arpa", "HTTPS"),
        ("_dns.resolver.arpa", "ANY"),
        ("resolver.arpa", "SVCB"),
        ("resolver.arpa", "NS"),
        ("x._dns.resolver.arpa", "SVCB"),
        ("other.resolver.arpa", "AAAA"),
        (f"_dns.{GATEWAY}", "TXT"),
        (GATEWAY, "HTTPS"),
        (GATEWAY, "TXT"),
    ],
)
def test_everything_else_there_exists_and_has_nothing(name: str, type_: str) -> None:
    """RFC 9462 section 6.4: NODATA, for every type and name."""
    message = told(name, type_)

    assert message is not None
    assert dns.rcode.NOERROR == message.rcode()
    assert [] == message.answer
    assert [dns.rdatatype.SOA] == [rrset.rdtype for rrset in message.authority]


@pytest.mark.parametrize(
    ("type_", "expected"),
    [("A", ["10.0.0.1", "10.0.0.2"]), ("AAAA", ["fd00::1"])],
)
def test_the_gateways_own_name_leads_to_it(type_: str, expected: list[str]) -> None:
    assert [f"{GATEWAY}. 300 IN {type_} {each}" for each in expected] == answers_of(
        told(GATEWAY, type_)
    )


@pytest.mark.parametrize("name", ["_dns.resolver.arpa", "resolver.arpa"])
def test_without_encrypted_dns_there_is_none_to_be_found(name: str) -> None:
    message = told(name, dns_settings=DnsSettings())

    assert message is not None
    assert (dns.rcode.NOERROR, []) == (message.rcode(), message.answer)


@pytest.mark.parametrize(
    "name",
    [
        "resolver.arpa.example",
        "notresolver.arpa",
        "arpa",
        f"www.{GATEWAY}",
        f"x._dns.{GATEWAY}",
        "school.example",
        "a.example",
    ],
)
def test_other_names_are_none_of_its_business(name: str) -> None:
    assert told(name) is None


def test_without_encrypted_dns_the_gateways_name_is_as_any_other() -> None:
    assert told(GATEWAY, "A", DnsSettings()) is None


@pytest.mark.parametrize(
    ("named", "told_at"),
    [((), ["192.0.2.53", "2001:db8::53"]), (("10.0.0.1",), ["10.0.0.1"])],
)
def test_every_address_that_we_listen_at_is_told_unless_others_are_named(
    named: tuple[str, ...], told_at: list[str]
) -> None:
    both = dataclasses.replace(
        settings(address="192.0.2.53", addresses=named), further_addresses=("2001:db8::53",)
    )
    found = [answers_of(told(GATEWAY, each, both)) for each in ("A", "AAAA")]

    assert told_at == [text.split()[-1] for texts in found for text in texts]


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("dns.encrypted.addresses: ", settings(address="0.0.0.0")),
        ("dns.encrypted.addresses: ", settings(address="::")),
        ("dns.encrypted.name: `10.0.0.1` is an address", settings(name="10.0.0.1")),
        ("dns.encrypted.name: ", settings(name="not a name")),
    ],
)
def test_what_cannot_be_told_is_an_error_at_the_start(place: str, wrong: DnsSettings) -> None:
    with pytest.raises(GatewayNameError, match="^" + place.replace(".", r"\.")):
        designation_of(wrong)
