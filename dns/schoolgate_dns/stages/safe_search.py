"""
Safe search: which name is looked up instead of a search service's own.

The client is told of an alias (`result.safe`), so that it sees where its address is from.
"""

from schoolgate_dns.messages import Lookup, Query
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.names import DomainName


def safe_name(asked: Asked) -> DomainName | None:
    """Return the name that is looked up instead of the asked one, None where that is itself."""
    return asked.snapshot.safe_name(asked.subject, asked.query.name)


def safe_lookup(query: Query, name: DomainName) -> Lookup:
    """
    Return what an upstream is asked so that *query* can be answered with the records of *name*.

    What *name* leads to is judged as ever; *name* itself is the school's choice and not judged.
    """
    labels = (label.encode("ascii") for label in name.labels)
    wire_name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    lookup = query.lookup
    return Lookup(wire_name, query.type, lookup.dnssec_ok, lookup.checking_disabled)
