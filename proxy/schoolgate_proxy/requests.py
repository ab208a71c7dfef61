"""
What to do with a CONNECT, with a ClientHello and with a request.

Everything here is pure and returns one of a closed set of answers. A connection may bear several
names (CONNECT, SNI, Host): the strictest verdict counts, and names that differ are an attempt to
get round the filter, refused even where each name alone is allowed, since together they prove
nothing of where the connection leads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    Resource,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_proxy.asked import Asked, on_host


class Attempt(StrEnum):
    """A way round the filter that the proxy notices itself, as events name it."""

    NAME_MISMATCH = "name-mismatch"
    TUNNEL = "tunnel"
    NO_NAME = "no-name"
    ENCRYPTED_NAME = "encrypted-name"


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision and the resource that it is about."""

    resource: Resource
    decision: Decision


@dataclass(frozen=True, slots=True)
class PassThrough:
    """The bytes go through untouched, on the origin's own certificate."""

    judged: Judged


@dataclass(frozen=True, slots=True)
class LookInside:
    """The proxy answers TLS with a certificate of the school's and decides each request."""

    judged: Judged
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """The CONNECT itself is answered with 403 and the block page."""

    judged: Judged


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """The connection ends without an answer: nothing could show one."""

    judged: Judged
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """The request goes to the origin."""

    judged: Judged


@dataclass(frozen=True, slots=True)
class BlockPage:
    """The request is answered with 403 and the block page."""

    judged: Judged
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Misdirected:
    """Each name alone is allowed, but they differ: 421, and an honest client asks anew."""

    judged: Judged
    attempt: Attempt = Attempt.NAME_MISMATCH


ConnectAnswer = PassThrough | LookInside | Refuse
HelloAnswer = PassThrough | LookInside | CloseConnection
RequestAnswer = Forward | BlockPage | Misdirected


def on_connect(
    subject: Subject, asked: HostResource, snapshot: Snapshot, moment: datetime
) -> ConnectAnswer:
    """Return what becomes of a CONNECT to *asked* at *moment* (aware)."""
    judged = _judge(subject, asked, snapshot, moment)
    decision = judged.decision
    is_seen_into = subject.inspectable and not snapshot.is_never_inspected(asked.host)
    match decision.verdict:
        case Verdict.ALLOW:
            return PassThrough(judged)
        case Verdict.BLOCK | Verdict.DEPENDS if is_seen_into:
            return LookInside(judged)
        case Verdict.DEPENDS if decision.uninspected is Verdict.ALLOW:
            return PassThrough(judged)
        case Verdict.BLOCK | Verdict.DEPENDS:
            return Refuse(judged)
        case _:
            assert_never(decision.verdict)


def on_hello(
    subject: Subject,
    connect: HostResource,
    sni: HostResource | None,
    snapshot: Snapshot,
    moment: datetime,
) -> HelloAnswer:
    """
    Return what becomes, at *moment* (aware), of a ClientHello inside a CONNECT to *connect*.

    Without *sni* the CONNECT's name alone is judged.
    """
    if sni is None or sni.host == connect.host:
        answer = on_connect(subject, connect, snapshot, moment)
        return CloseConnection(answer.judged) if isinstance(answer, Refuse) else answer
    both = (connect, sni)
    strictest = _strictest(_judge(subject, each, snapshot, moment) for each in both)
    may_look = not any(snapshot.is_never_inspected(each.host) for each in both)
    if subject.inspectable and may_look:
        return LookInside(strictest, Attempt.NAME_MISMATCH)
    return CloseConnection(strictest, Attempt.NAME_MISMATCH)


def on_request(
    subject: Subject,
    asked: Asked,
    known: Mapping[str, HostResource],
    snapshot: Snapshot,
    moment: datetime,
) -> RequestAnswer:
    """
    Return what becomes of a request at *moment* (aware).

    *known* has, by a host's text, its CNAME chain where it was looked up.
    """
    strictest = _strictest(
        _judge(subject, each, snapshot, moment) for each in resources_of(asked, known)
    )
    if strictest.decision.verdict is not Verdict.ALLOW:
        return BlockPage(strictest, None if asked.is_consistent else Attempt.NAME_MISMATCH)
    return Forward(strictest) if asked.is_consistent else Misdirected(strictest)


def resources_of(asked: Asked, known: Mapping[str, HostResource]) -> tuple[UrlResource, ...]:
    """Return what has to be allowed for *asked* to be: its URL on each name that it bears."""
    return tuple(
        UrlResource(
            on_host(asked.url, host),
            known[host.text].chain if host.text in known else (),
        )
        for host in asked.names
    )


def _judge(subject: Subject, resource: Resource, snapshot: Snapshot, moment: datetime) -> Judged:
    return Judged(resource, decide(Request(subject, resource), snapshot, moment))


_STRICTNESS = {Verdict.BLOCK: 0, Verdict.DEPENDS: 1, Verdict.ALLOW: 2}


def _strictest(all_judged: Iterable[Judged]) -> Judged:
    """Return the strictest; of equals one that is no help line, so that no event names those."""
    return min(
        all_judged,
        key=lambda each: (_STRICTNESS[each.decision.verdict], each.decision.is_help_line),
    )
