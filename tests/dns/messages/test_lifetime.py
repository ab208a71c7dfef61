"""How long a reply may be kept, by what it says and what it leaves out (RFC 2308)."""

from typing import Any

import dns.rcode
import pytest
from dns_world import reply_to

from schoolgate_dns.messages import Lookup, wire

SOA = "example. 900 IN SOA ns.example. root.example. 1 2 3 4 30"
LONG_SOA = "example. 90000 IN SOA ns.example. root.example. 1 2 3 4 90000"
ALIAS = "a.example 300 IN CNAME b.example."


@pytest.mark.parametrize(
    ("type_", "records", "more", "lifetime_s"),
    [
        (1, ("a.example 300 IN A 192.0.2.1",), {}, 300),
        (1, (ALIAS, "b.example 200 IN A 192.0.2.1"), {}, 200),
        (1, (ALIAS,), {"authority": (SOA,)}, 30),
        (1, (ALIAS,), {"authority": (SOA,), "rcode": dns.rcode.NXDOMAIN}, 30),
        (1, (ALIAS,), {}, 300),
        (5, (ALIAS,), {"authority": (SOA,)}, 300),
        (255, (ALIAS,), {"authority": (SOA,)}, 300),
        (1, (), {"authority": (SOA,)}, 30),
        (1, (), {"authority": (LONG_SOA,)}, 3600),
        (1, (), {"authority": (LONG_SOA,), "rcode": dns.rcode.NXDOMAIN}, 3600),
        (1, (), {"authority": ("example. 20 IN SOA ns.example. r.example. 1 2 3 4 60",)}, 20),
        (1, (), {"authority": ("example. 900 IN NS ns.example.",)}, 0),
        (1, (), {"rcode": dns.rcode.NXDOMAIN}, 0),
        (1, ("a.example 1000000 IN A 192.0.2.1",), {}, 86_400),
    ],
)
def test_what_is_there_lasts_for_its_ttl_and_what_is_not_as_its_soa_says(
    type_: int, records: tuple[str, ...], more: dict[str, Any], lifetime_s: int
) -> None:
    query = wire.query_for(Lookup(b"\1a\7example\0", type_), 7)
    reply = wire.read_reply(reply_to(query, *records, **more).to_wire())

    assert lifetime_s == reply.lifetime_s
