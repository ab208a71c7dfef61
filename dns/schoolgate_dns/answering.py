"""The stages of an answer in their order, with its reasons."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from schoolgate_dns.decider import Decider
from schoolgate_dns.errors import UpstreamError, UpstreamUnreachable
from schoolgate_dns.finished.egress import Answered, AnsweredAddresses
from schoolgate_dns.messages import (
    ExtendedError,
    ExtendedErrorCode,
    Query,
    Rcode,
    answers,
)
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.pursuit import Pursuit
from schoolgate_dns.replies.held import Held
from schoolgate_dns.replies.hints import NO_HINT, Hint, without_hints
from schoolgate_dns.served import Outsiders, Served
from schoolgate_dns.stages import parse, result
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.canary import answer_canary
from schoolgate_dns.stages.chain import judge_chain
from schoolgate_dns.stages.crowd import Crowds, manner_of
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.name import judge_name
from schoolgate_dns.stages.parsed import Finished, ForZone
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.safe_search import safe_lookup, safe_name
from schoolgate_dns.stages.source import Links, NoLinks
from schoolgate_dns.stages.steer import Course, Inspection, course_of
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_dns.stages.waiting import Found, Suspended, Waiting
from schoolgate_dns.stages.who import WhoAsks
from schoolgate_dns.tunnels.passage import Stopped
from schoolgate_policyd.core.decision import Decision

_NOT_SERVED: Final = ExtendedError(ExtendedErrorCode.PROHIBITED)


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


class Answering(Pursuit):
    """
    Answers one message after another; `datagrams` and `streams` carry them to and fro.

    *zones* knows whom to ask, *tunnels* and *crowds* what clients did before. *egress* opens the
    ways to what they are told where there is a firewall, and *links* then know devices. *served*
    are the school's addresses, *outsiders* decides about all others. *local* answers names that
    are the gateway's own business. Without *inspection* nothing is steered to the proxy.
    How a message goes through the stages, and what is counted of it, is `pursuit`'s.
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
        super().__init__(replies)
        self._decider = decider
        self._who = WhoAsks(decider, school_now, links)
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

    def _begun(
        self, octets: bytes, client: str, *, over_udp: bool
    ) -> Outcome | Suspended | ForZone | None:
        # 0. An address outside the school may be a victim's, and gets next to nothing.
        if client not in self._served:
            return self._refused(octets, client, over_udp=over_udp)
        # 1. Nothing else may see bytes that nobody has bounded.
        query = parse.read(octets)
        if isinstance(query, Finished):
            return None if query.answer is None else Outcome(query.answer)
        if isinstance(query, ForZone):
            return query
        # 2. Canaries and the gateway's own names ask about the network, not about a site: no
        # subject, no event.
        step = answer_canary(query) or self._local(query) or self._judged(query, client)
        if isinstance(step, Waiting):
            return Suspended(octets, client, step, over_udp=over_udp)
        return answers.fitted(query, step) if over_udp else step

    def _refused(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        if not self._outsiders.may_be_told(client, is_proven=not over_udp):
            return None
        query = parse.read(octets)
        if isinstance(query, Finished):
            return None if query.answer is None else Outcome(query.answer)
        if isinstance(query, ForZone):
            return Outcome(answers.header_only_answer(octets, Rcode.REFUSED))
        return Outcome(answers.negative_answer(query, Rcode.REFUSED, why=_NOT_SERVED))

    def _judged(self, query: Query, client: str) -> Outcome | Waiting:
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
        return self._looked_up(asked, decision)

    def _looked_up(self, asked: Asked, decision: Decision) -> Outcome | Waiting:
        """Return what the internet says of a name that is allowed by itself."""
        query = asked.query
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
            return Waiting(asked, decision, passage, lookup)
        return self._told(asked, decision, held)

    def _gone_on(self, suspended: Suspended, found: Found) -> Outcome | Suspended:
        waiting = suspended.waiting
        asked, passage = waiting.asked, waiting.passage
        query = asked.query
        step: Outcome | Waiting
        if isinstance(found, UpstreamError):
            self._tunnels.failed(asked, passage)
            step = result.failed(query, found)
        else:
            reply = found.reply
            is_there = reply.rcode is not Rcode.NXDOMAIN
            self._tunnels.answered(
                passage, len(reply.octets), self._monotonic(), is_there=is_there
            )
            # The bell may have rung, or a grant ended, while we waited: then all is made anew.
            still = self._who.still(asked, waiting.decision)
            if still is None:
                step = self._judged(query, suspended.client)
                if isinstance(step, Waiting):
                    return Suspended(
                        suspended.octets, suspended.client, step, over_udp=suspended.over_udp
                    )
            else:
                step = self._told(still, waiting.decision, found)
        return answers.fitted(query, step) if suspended.over_udp else step

    def _told(self, asked: Asked, decision: Decision, held: Held) -> Outcome:
        # 8. The aliases are known only now, and judged for this subject, cached or not.
        if held.reply.aliases:
            decision = judge_chain(asked, held.reply, self._decider.decide)
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
            max((each.seconds for each in outcome.ttls), default=0),
            result.seconds_until(decision.valid_until, asked.moment),
        )
        if egress.note(answered, int(self._monotonic())):
            return outcome
        egress.failed += 1
        return result.failed(asked.query, UpstreamUnreachable("the firewall takes no address"))

    async def _said_by_zone(self, message: ForZone, *, over_udp: bool) -> Outcome:
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
