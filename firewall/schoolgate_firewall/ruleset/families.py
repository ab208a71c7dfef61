"""What differs between the two families of addresses, in nft's words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """
    One family of addresses.

    *hidden_headers* matches headers behind which the transport's could be hidden: IPv4's options,
    IPv6's extension headers (RFC 7045; fragments have been put together by then).
    """

    number: int
    ip: str
    nfproto: str
    address: str
    echo_request: str
    link_local: str
    hidden_headers: str


IPV4 = Family(
    number=4,
    ip="ip",
    nfproto="ipv4",
    address="ipv4_addr",
    echo_request="icmp type echo-request",
    link_local="169.254.0.0/16",
    hidden_headers="ip hdrlength > 5",
)
IPV6 = Family(
    number=6,
    ip="ip6",
    nfproto="ipv6",
    address="ipv6_addr",
    echo_request="icmpv6 type echo-request",
    link_local="fe80::/10",
    hidden_headers="ip6 nexthdr { 0, 43, 44, 51, 60, 135, 139, 140 }",
)
FAMILIES = (IPV4, IPV6)
