"""
Address literals as browsers read them, and which addresses are of the public internet.

Sources: WHATWG URL Standard (IPv4 parser, IPv6 parser), RFC 6052 (NAT64), the IANA
special-purpose registries as Python's ipaddress knows them.
"""

import ipaddress

from schoolgate_policyd.core.errors import NameSyntaxError

# All of IPv6 that IANA gives to the public internet. Outside of it Python calls some ranges
# global that lead inside: site-local fec0::/10, and ::/96, which carries IPv4 addresses.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def is_public_address(text: str) -> bool:
    """
    Whether *text* is an address of the public internet.

    IPv4 addresses carried inside IPv6 ones (mapped, 6to4, Teredo, NAT64) are judged by what they
    carry, since a translator on the way would connect there. Raises ValueError on other text.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        carried = carried_ipv4(address)
        if carried is not None:
            return carried.is_global and not carried.is_multicast
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


def carried_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that *address* leads to: mapped, 6to4, Teredo or NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in ipaddress.ip_network("64:ff9b::/96"):  # RFC 6052 well-known prefix
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def parse_ipv6(text: str) -> str:
    """Return the canonical form of an IPv6 address in brackets; a mapped one is its IPv4 self."""
    if not text.endswith("]") or "%" in text:
        raise NameSyntaxError(f"`{text}` is not an IPv6 address")
    try:
        address = ipaddress.IPv6Address(text[1:-1])
    except ValueError as error:
        raise NameSyntaxError(f"`{text}` is not an IPv6 address") from error
    # An IPv4-mapped address reaches the IPv4 host, so it is that host.
    mapped = address.ipv4_mapped
    return str(mapped if mapped is not None else address)


def parse_ipv4(parts: list[str], text: str) -> str:
    """Read decimal, octal and hexadecimal parts, one to four of them (WHATWG IPv4 parser)."""
    if len(parts) > 4:  # noqa: PLR2004 - an IPv4 address has four parts
        raise NameSyntaxError(f"`{text}` is not an IPv4 address")
    numbers = [_parse_number(part, text) for part in parts]
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):  # noqa: PLR2004
        raise NameSyntaxError(f"`{text}` is not an IPv4 address: a part is too large")
    value = last
    for position, number in enumerate(leading):
        value += number * 256 ** (3 - position)
    return str(ipaddress.IPv4Address(value))


def _parse_number(part: str, text: str) -> int:
    try:
        if part.startswith("0x"):
            return int(part[2:] or "0", 16)
        if len(part) > 1 and part.startswith("0"):
            return int(part, 8)
        return int(part, 10)
    except ValueError as error:
        raise NameSyntaxError(f"`{text}` is not an IPv4 address: `{part}`") from error
