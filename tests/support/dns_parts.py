"""What a query is made of, to compare what was read in two ways: each is only itself."""

from schoolgate_dns.messages import Query


def parts_of(query: Query | None) -> tuple[object, ...] | None:
    """Return everything that *query* says, None where there is none."""
    if query is None:
        return None
    edns = query.edns
    said = edns and (edns.udp_octets, edns.version, edns.dnssec_ok, edns.has_options)
    asked = (query.name, query.type, query.question_class, query.question)
    return (*asked, query.lookup, query.flags, said)
