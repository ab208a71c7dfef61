"""Queries with whoever asks them, and what is held for them, as the stages of an answer see it."""

from datetime import datetime
from typing import Any

import dns.edns
import dns.message
import msgspec
from dns_world import LESSON, PUPIL, query, reply_to, source

from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.replies.held import Held
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, HostResource, Request
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.safe_search import SafeSearch, SearchService
from schoolgate_policyd.core.snapshot import compile_snapshot

EVERY_TYPE = ("A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "SRV", "CNAME", "CAA", "TYPE65280", "ANY")
FINDER = SearchService(
    id="finder",
    name="Finder",
    hosts=(DomainName("www.finder.example"),),
    strict=DomainName("safe.finder.example"),
    moderate=DomainName("mild.finder.example"),
)


def changed(policy: Source, **fields: Any) -> Source:  # noqa: ANN401 - fields of Policy or Catalogue
    """Return a school whose policy or catalogue has other *fields*."""
    in_catalogue = {key: fields.pop(key) for key in set(fields) & set(Catalogue.__struct_fields__)}
    catalogue = msgspec.structs.replace(policy.policy.catalogue, **in_catalogue)
    other: Policy = msgspec.structs.replace(policy.policy, catalogue=catalogue, **fields)
    return msgspec.structs.replace(policy, policy=other)


def searching(safe_search: SafeSearch | None = None) -> Source:
    """Return the small school with a search service, and *safe_search* as its choice."""
    return changed(source(), search_services=(FINDER,), safe_search=safe_search or SafeSearch())


def asked_for(
    name: str,
    type_: str = "A",
    *,
    client: str = PUPIL,
    moment: datetime = LESSON,
    school: Source | None = None,
    **message: Any,  # noqa: ANN401 - whatever `query` takes
) -> Asked:
    """Return a query from *client* with its subject."""
    snapshot = compile_snapshot(school or source())
    read = wire.read_query(query(name, type_, **message).to_wire())
    return Asked(read, client, snapshot.subject_at(client, moment), snapshot, moment)


def decided(asked: Asked, *chain: str) -> Decision:
    """Return the decision on the asked name and the aliases behind it."""
    resource = HostResource(asked.query.name, tuple(map(DomainName, chain)))
    return decide(Request(asked.subject, resource), asked.snapshot, asked.moment)


def held_for(
    asked: Asked,
    *records: str,
    age_s: int = 0,
    is_stale: bool = False,
    lookup: Lookup | None = None,
    **more: Any,  # noqa: ANN401 - whatever `reply_to` takes
) -> Held:
    """Return what an upstream said in *records*, to *lookup* or to what is asked."""
    octets = wire.query_for(lookup or asked.query.lookup, 7)
    reply = wire.read_reply(reply_to(octets, *records, **more).to_wire(max_size=65_535))
    return Held(reply, age_s, is_stale=is_stale, lasts_s=max(0, reply.lifetime_s - age_s))


def read_back(outcome: Outcome) -> dns.message.Message:
    """Return the answer as a library reads it that shares no code with ours."""
    return dns.message.from_wire(outcome.octets)


def extended_error(outcome: Outcome) -> tuple[int, str] | None:
    """Return code and text of the answer's extended error, None without one."""
    for option in read_back(outcome).options:
        if isinstance(option, dns.edns.EDEOption):
            return int(option.code), option.text or ""
    return None
