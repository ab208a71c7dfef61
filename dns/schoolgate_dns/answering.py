"""The stages of an answer in their order, with its reasons."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from schoolgate_dns.decider import Decider
from schoolgate_dns.errors import UpstreamError, UpstreamUnreachable, WireError
from schoolgate_dns.finished.egress import Answered, AnsweredAddresses
from schoolgate_dns.messages import (
    ExtendedError,
    ExtendedErrorCode,
    Query,
    Rcode,
    answers,
    preparse,
)
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.outcome import Outcome, kind_of
from schoolgate_dns.replies.hints import NO_HINT, Hint, without_hints
from schoolgate_dns.served import Outsiders, Served
from schoolgate_dns.stages import parse, result
from schoolgate_dns.stages.canary import answer_canary
from schoolgate_dns.stages.chain import judge_chain
from schoolgate_dns.stages.crowd import Crowds, manner_of
from schoolgate_dns.stages.held import Held, HeldReplies
from schoolgate_dns.stages.name import judge_name
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.safe_search import safe_lookup, safe_name
from schoolgate_dns.stages.source import Links, NoLinks
from schoolgate_dns.stages.steer import Course, Inspection, course_of
from schoolgate_dns.stages.tunnel import Stopped, Tunnels
from schoolgate_dns.stages.who import Asked, WhoAsks
from schoolgate_policyd.core.decision import Decision

_NOT_SERVED = ExtendedError(ExtendedErrorCode.PROHIBITED)

log = structlog.get_logger(__name__)


class Zones(Protocol):
    """Who answers for which zone; `upstream.zones.ZonedResolver` in the running point."""

    def is_own_zone(self, name: bytes) -> bool:
        """Whether *name* (wire form) belongs to a server of its own."""
        ...

    def local_rcode(self, name: bytes) -> Rcode | None:
        """Return what a name that nobody outside can answer for is answered, None for others."""
        ...

    async def relay(self, octets: bytes, name: bytes) -> bytes:
        """Return what *name*'s own server says to a whole message. Raises UpstreamError."""
        ...


class Answering:
    """
    Answers one message after another; `datagrams` and `streams` carry them to and fro.

    *zones* knows whom to ask, *tunnels* and *crowds* what clients did before. *egress* opens the
    ways to what they are told where there is a firewall, and *links* then know devices. *served*
    are the school's addresses, *outsiders* decides about all others. *local* answers names that
    are the gateway's own business. Without *inspection* nothing is steered to the proxy.
    `outcomes` counts what became of messages, `by_stream` those of connections.
    """

    def __init__(
        self,
        decider: Decider,
        replies: HeldReplies,
        recording: Recording,
        school_now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float],
        zones: Zones,
        tunnels: Tunnels,
        crowds: Crowds,
        egress: AnsweredAddresses | None,
        served: Served,
        outsiders: Outsiders,
        local: Callable[[Query], Outcome | None] = lambda _query: None,
        inspection: Inspection | None = None,
        links: Links = NoLinks(),  # noqa: B008 - it knows nothing
    ) -> None:
        self.by_stream = 0
        self.outcomes: Counter[str] = Counter()
        self._decider = decider
        self._who = WhoAsks(decider, school_now, links)
        self._replies = replies
        self._recording = recording
        self._monotonic = monotonic
        self._zones = zones
        self._tunnels = tunnels
        self._crowds = crowds
        self._egress = egress
        self._served = served
        self._outsiders = outsiders
        self._local = local
        self._inspection = inspection

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        """
        Return the answer to the message *octets* from the address *client*, None for silence.

        It never raises, and it waits for nothing but an upstream.
        """
        self.by_stream += not over_udp
        outcome = await self.outcome(octets, client, over_udp=over_udp)
        return None if outcome is None else answers.with_id_of(octets, outcome.octets)

    async def outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        """Return what becomes of a message; see `answer`. The answer's id is left at zero."""
        try:
            outcome = await self._outcome(octets, client, over_udp=over_udp)
        except Exception:
            # Whatever mistake of ours a message has found: its sender learns that we failed,
            # nobody else notices, and nothing was opened.
            log.exception("a query could not be answered")
            outcome = _failure(octets)
        self.outcomes[kind_of(outcome)] += 1
        return outcome

    async def _outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        # 0. An address outside the school may be a victim's, and gets next to nothing.
        if client not in self._served:
            return self._refused(octets, client, over_udp=over_udp)
        # 1. Nothing else may see bytes that nobody has bounded.
        query = parse.read(octets)
        if isinstance(query, parse.Finished):
            return None if query.answer is None else Outcome(query.answer)
        if isinstance(query, parse.ForZone):
            return await self._relayed(query, over_udp=over_udp)
        # 2. Canaries and the gateway's own names ask about the network, not about a site: no
        # subject, no event.
        outcome = answer_canary(query) or self._local(query)
        if outcome is None:
            outcome = await self._judged(query, client)
        return answers.fitted(query, outcome) if over_udp else outcome

    def _refused(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        if not self._outsiders.may_be_told(client, is_proven=not over_udp):
            return None
        query = parse.read(octets)
        if isinstance(query, parse.Finished):
            return None if query.answer is None else Outcome(query.answer)
        if isinstance(query, parse.ForZone):
            return Outcome(answers.header_only_answer(octets, Rcode.REFUSED))
        return Outcome(answers.negative_answer(query, Rcode.REFUSED, why=_NOT_SERVED))

    async def _judged(self, query: Query, client: str) -> Outcome:
        decide = self._decider.decide
        # 3. INVARIANT: the subject is known before the cache is asked. A finished answer kept
        # without the subject would serve a teacher's to a pupil.
        asked = self._who.identify(query, client)
        self._notice_crowd(asked)
        # 4. What is blocked by its name alone costs no upstream a question, nor tells it one.
        decision = judge_name(asked, decide)
        turned_away = self._turned_away(asked, decision)
        if turned_away is not None:
            return turned_away
        if query.type == RecordType.ANY:
            self._recording.note(asked, decision, is_blocked=False)
            return result.every_type(asked, decision)
        local_rcode = self._zones.local_rcode(query.lookup.name)
        if local_rcode is not None:
            self._recording.note(asked, decision, is_blocked=False)
            return result.locally_empty(asked, decision, local_rcode)
        return await self._looked_up(asked, decision, client)

    async def _looked_up(self, asked: Asked, decision: Decision, client: str) -> Outcome:
        """Return what the internet says of a name that is allowed by itself."""
        query, decide = asked.query, self._decider.decide
        # 5. A tunnel's names are all allowed, each by itself; and all of them are new. A page can
        # make a browser look up what it likes, but not close a help line or a lesson site by that.
        passage = self._tunnels.ask(asked, self._monotonic())
        if isinstance(passage, Stopped) and asked.snapshot.is_spared(query.name):
            passage = None
        if isinstance(passage, Stopped):
            self._recording.note_tunnel(asked, decision, passage)
            return result.stopped(asked, passage)
        # 6. Safe search changes what is looked up, so it comes before the cache.
        target = safe_name(asked)
        lookup = query.lookup if target is None else safe_lookup(query, target)
        # 7. The cache before the upstream; both know nothing of who asks.
        held = self._replies.get(lookup)
        if held is None:
            try:
                held = await self._replies.fetch(lookup)
            except UpstreamError as error:
                self._tunnels.failed(asked, passage)
                return result.failed(query, error)
            is_there = held.reply.rcode is not Rcode.NXDOMAIN
            self._tunnels.answered(
                passage, len(held.reply.octets), self._monotonic(), is_there=is_there
            )
            # The bell may have rung, or a grant ended, while we waited: then all is made anew.
            still = self._who.still(asked, decision)
            if still is None:
                return await self._judged(query, client)
            asked = still
        # 8. The aliases are known only now, and judged for this subject, cached or not.
        if held.reply.aliases:
            decision = judge_chain(asked, held.reply, decide)
        return self._turned_away(asked, decision, held) or self._allowed(asked, decision, held)

    def _notice_crowd(self, asked: Asked) -> None:
        query = asked.query
        crowd = self._crowds.note(
            asked.client, query.name.text, self._monotonic(), manner_of(query)
        )
        if crowd is not None:
            self._recording.note_crowd(crowd, asked.subject.network)

    def _turned_away(
        self, asked: Asked, decision: Decision, held: Held | None = None
    ) -> Outcome | None:
        """Return the answer that does not lead to the site, None where it may."""
        course = course_of(asked, decision, self._inspection)
        if course is Course.ALLOW:
            return None
        chain = () if held is None else held.reply.aliases
        if course is Course.BLOCK or self._inspection is None:
            outcome = result.blocked(asked, decision, chain=chain)
        else:
            outcome = result.steered(asked, decision, self._inspection, chain=chain)
        # Recorded once, by what the client is told.
        self._recording.note(asked, decision, is_blocked=outcome.is_blocked)
        return outcome

    def _allowed(self, asked: Asked, decision: Decision, held: Held) -> Outcome:
        self._recording.note(asked, decision, is_blocked=False)
        if held.reply.addresses and asked.reach.withholds(asked.query.type):
            return result.withheld(asked, decision, held)
        reply = without_hints(held.reply, _hints_kept_from(asked))
        target = safe_name(asked)
        if target is None:
            outcome = result.allowed(asked, decision, held, reply=reply)
        else:
            outcome = result.safe(asked, decision, held, target, reply=reply)
        return self._opened(outcome)

    def _opened(self, outcome: Outcome) -> Outcome:
        """Return *outcome* once its client may go where it leads; else that we failed."""
        asked, decision, egress = outcome.asked, outcome.decision, self._egress
        if egress is None or asked is None or decision is None:
            return outcome
        if not (outcome.addresses and asked.reach.is_held):
            return outcome
        answered = Answered(
            asked.source,
            asked.subject.network,
            (asked.query.name.text, *[each.text for each in outcome.chain]),
            tuple(sorted(outcome.addresses)),
            max((each for _, each in outcome.ttls), default=0),
            result.seconds_until(decision.valid_until, asked.moment),
        )
        if egress.note(answered, int(self._monotonic())):
            return outcome
        egress.failed += 1
        return result.failed(asked.query, UpstreamUnreachable("the firewall takes no address"))

    async def _relayed(self, message: parse.ForZone, *, over_udp: bool) -> Outcome:
        """Return what the zone's own server says to an update or to an exchange of keys."""
        if not self._zones.is_own_zone(message.name):
            return Outcome(answers.header_only_answer(message.octets, Rcode.REFUSED))
        try:
            reply = await self._zones.relay(message.octets, message.name)
        except UpstreamError:
            return Outcome(answers.header_only_answer(message.octets, Rcode.SERVFAIL))
        return Outcome(answers.way_to_tcp(reply) if over_udp else reply)


def _hints_kept_from(asked: Asked) -> Hint:
    """Return what would lead around the proxy, or where no way is open."""
    around = Hint.AROUND if asked.subject.is_closely_filtered else NO_HINT
    return around | Hint.ADDRESSES if asked.reach.is_held else around


def _failure(octets: bytes) -> Outcome | None:
    try:
        if preparse.header_of(octets).is_reply:
            return None
    except WireError:
        return None
    return Outcome(answers.header_only_answer(octets, Rcode.SERVFAIL))
