"""The stages of an answer in their order, with its reasons."""

from collections.abc import Callable
from datetime import datetime

import structlog

from schoolgate_dns import answers, preparse
from schoolgate_dns.decider import Decider
from schoolgate_dns.errors import UpstreamError, WireError
from schoolgate_dns.messages import Query, Rcode
from schoolgate_dns.record_types import RecordType
from schoolgate_dns.stages import parse, result
from schoolgate_dns.stages.canary import answer_canary
from schoolgate_dns.stages.chain import judge_chain
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.name import is_blocked, judge_name
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.who import WhoAsks

log = structlog.get_logger(__name__)


class Answering:
    """Answers one message after another; `server` carries them to and fro."""

    def __init__(
        self,
        decider: Decider,
        replies: HeldReplies,
        recording: Recording,
        school_now: Callable[[], datetime],
    ) -> None:
        self._decider = decider
        self._who = WhoAsks(decider, school_now)
        self._replies = replies
        self._recording = recording

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        """
        Return the answer to the message *octets* from the address *client*, None for silence.

        It never raises, and it waits for nothing but an upstream.
        """
        try:
            answer = await self._answer(octets, client, over_udp=over_udp)
        except Exception:
            # Whatever mistake of ours a message has found: its sender learns that we failed,
            # nobody else notices, and nothing was opened.
            log.exception("a query could not be answered")
            answer = _failure(octets)
        return None if answer is None else answers.with_id_of(octets, answer)

    async def _answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        # 1. Nothing else may see bytes that nobody has bounded.
        query = parse.read(octets)
        if isinstance(query, parse.Finished):
            return query.answer
        # 2. Canaries ask about the network, not about a site: no subject, no event.
        answer = answer_canary(query)
        if answer is None:
            answer = await self._judged(query, client)
        return answers.fitted_to_udp(query, answer) if over_udp else answer

    async def _judged(self, query: Query, client: str) -> bytes:
        decide = self._decider.decide
        # 3. INVARIANT: the subject is known before the cache is asked. A finished answer kept
        # without the subject would serve a teacher's to a pupil.
        asked = self._who.identify(query, client)
        # 4. What is blocked by its name alone costs no upstream a question, nor tells it one.
        decision = judge_name(asked, decide)
        if is_blocked(decision):
            self._recording.note(asked, decision)
            return result.blocked(asked, decision)
        if query.type == RecordType.ANY:
            self._recording.note(asked, decision)
            return result.every_type(asked, decision)
        # 5. The cache before the upstream; both know nothing of who asks.
        held = self._replies.get(query.lookup)
        if held is None:
            try:
                held = await self._replies.fetch(query.lookup)
            except UpstreamError as error:
                return result.failed(query, error)
            # The bell may have rung, or a grant ended, while we waited.
            asked = self._who.identify(query, client)
            decision = judge_name(asked, decide)
        # 6. The aliases are known only now, and judged for this subject, cached or not.
        if held.reply.aliases:
            decision = judge_chain(asked, held.reply, decide)
        # 7. Recorded once, by what the client is told.
        self._recording.note(asked, decision)
        if is_blocked(decision):
            return result.blocked(asked, decision)
        return result.allowed(asked, decision, held)


def _failure(octets: bytes) -> bytes | None:
    try:
        if preparse.header_of(octets).is_reply:
            return None
    except WireError:
        return None
    return answers.header_only_answer(octets, Rcode.SERVFAIL)
