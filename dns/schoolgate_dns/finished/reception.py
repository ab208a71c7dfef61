"""
Where queries are received: who asks is known here, and what was answered is kept here.

`desk` answers what is finished. What is not goes through every stage of `answering`, and comes
back finished where it may be given again.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from math import floor, inf
from typing import Any, Final

import structlog

from schoolgate_dns.addresses import address_of
from schoolgate_dns.datagrams.slots import Slots
from schoolgate_dns.decider import Decider
from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.clients import Client, Clients
from schoolgate_dns.finished.desk import Desk
from schoolgate_dns.finished.egress import Answered, AnsweredAddresses
from schoolgate_dns.finished.finishing import finish, longest_ttl_s, renew
from schoolgate_dns.finished.tables import FinishedAnswers
from schoolgate_dns.finished.uses import Accounts
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.outcomes import CallingOutcomes, Outcomes
from schoolgate_dns.served import Served
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.result import seconds_until
from schoolgate_dns.stages.source import Links, NoLinks
from schoolgate_policyd.core.snapshot import Snapshot

# The school's clock may be set: by more than this, and every end that was reckoned is wrong.
LARGEST_STEP_S: Final = 0.1
MOST_TOLD: Final = 200
# Of clients whose address may be another device's: two milliseconds' work.
MOST_LOOKED_AT: Final = 500
# The longest name, its type and an OPT record; what has more in it would fill the tables.
MAX_FINISHED_QUERY_OCTETS: Final = 300

log = structlog.get_logger(__name__)


class Reception:
    """
    Serves batches, and works on what is not finished with *outcomes*.

    *school_now* and *machine_now* are the two clocks (aware), *egress* the ways that answers
    opened where there is a firewall, and *links* then know the devices. *crowds* looks for
    sources that are many devices. *served* are the school's own addresses.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        decider: Decider,
        recording: Recording,
        egress: AnsweredAddresses | None,
        *,
        crowds: Crowds,
        served: Served,
        monotonic: Callable[[], float],
        school_now: Callable[[], datetime],
        machine_now: Callable[[], datetime],
        links: Links = NoLinks(),  # noqa: B008 - it knows nothing
    ) -> None:
        self.finished = FinishedAnswers()
        self.accounts = Accounts()
        self.clients = Clients(self.finished, self.accounts, machine_now())
        self.desk = Desk(self.clients, self._first_use)
        self._outcomes = outcomes
        self._calling = outcomes if isinstance(outcomes, CallingOutcomes) else None
        self._decider = decider
        self._recording = recording
        self._egress = egress
        self._crowds = crowds
        self._served = served
        self._monotonic = monotonic
        self._school_now = school_now
        self._machine_now = machine_now
        self._links = links
        self._changes = links.changes
        self._doubtful: list[Client] = []
        self._second = -1
        self._ahead_s = 0.0
        self._in_force = decider.snapshot

    def serve(self, slots: Slots, lengths: Sequence[int], now_s: float) -> list[int]:
        """Answer in place what is finished; return the slots that are not. See `Desk.serve`."""
        second = int(now_s)
        if second != self._second:
            self._turn(second, now_s)
        return self.desk.serve(slots, lengths, second)

    def tick(self) -> None:
        """Go on to the present second, though nobody asked; call it about every second."""
        now_s = self._monotonic()
        self._turn(int(now_s), now_s)

    def tell(self) -> bool:
        """Make events of some uses in minutes that are over; return whether more are left."""
        uses = self.accounts.take(MOST_TOLD)
        ahead = self._school_now() - self._machine_now()
        second = int(self._monotonic())
        for minute, use in uses:
            self._recording.note_use(minute, use, lambda last: second - last, ahead)
        if len(uses) == MOST_TOLD:
            return True
        self._recording.end_past()
        return False

    def tell_all(self) -> None:
        """Make events of everything that was counted: this is the end."""
        self.clients.forget_all()
        while self.tell():
            pass

    def put_in_force(self, snapshot: Snapshot) -> None:
        """Take note that *snapshot* is in force: who asks may be another, and so the answers."""
        self._forget_clients()
        # Grants, claims and restrictions are about single clients: classes' answers stay.
        if not snapshot.decides_classes_like(self._in_force):
            self.finished.clear()
        self._in_force = snapshot

    async def work_on(self, octets: bytes, packed: bytes) -> bytes | None:
        """Return the answer to a datagram that was not finished, None for silence."""
        client = self.clients.by_address.get(packed)
        older = None if client is None else self._older(client, octets)
        if older is not None:
            return octets[:2] + older.octets
        address = address_of(packed) if client is None else client.text
        return self.given(
            octets, packed, address, await self._outcomes.outcome(octets, address, over_udp=True)
        )

    def begin(
        self, octets: bytes, packed: bytes, answered: Callable[[bytes | None], None]
    ) -> Coroutine[Any, Any, bytes | None] | None:
        """
        Do what `work_on` does, and tell *answered* what that returns, perhaps at once.

        Return what has to be awaited for it instead where a call cannot tell.
        """
        if self._calling is None:
            return self.work_on(octets, packed)
        client = self.clients.by_address.get(packed)
        older = None if client is None else self._older(client, octets)
        if older is not None:
            answered(octets[:2] + older.octets)
            return None
        address = address_of(packed) if client is None else client.text
        given = _Giving(self, octets, packed, address, answered)
        work = self._calling.start(octets, address, given)
        return None if work is None else self._given_later(octets, packed, address, work)

    async def _given_later(
        self,
        octets: bytes,
        packed: bytes,
        address: str,
        work: Coroutine[Any, Any, Outcome | None],
    ) -> bytes | None:
        return self.given(octets, packed, address, await work)

    def given(
        self, octets: bytes, packed: bytes, address: str, outcome: Outcome | None
    ) -> bytes | None:
        """Return the answer that *outcome* is, and keep it if it may be given again."""
        if outcome is None:
            return None
        # Whoever is not served is no client: nothing finished is ever looked for on their behalf.
        if address in self._served:
            self._keep(octets, packed, outcome)
        return octets[:2] + outcome.octets[2:]

    def _older(self, client: Client, octets: bytes) -> FinishedAnswer | None:
        """Return an answer that was set aside when the tables were full, if it still is right."""
        finished = self.finished.find_older(client.alike, octets[2:])
        if finished is None or not renew(finished, self._second):
            return None
        is_touched = client.shared is not None and client.is_touched(finished)
        if is_touched:
            return None
        if not self._first_use(client, finished):
            return None
        self.clients.begin(client, finished, self._second).untold += 1
        return finished

    def _client(self, packed: bytes) -> Client:
        client = self.clients.by_address.get(packed)
        if client is not None:
            return client
        snapshot, moment = self._decider.snapshot, self._school_now()
        source = self._links.source_at(address_of(packed))
        subject = snapshot.subject_at(source.known_as, moment)
        until = inf if subject.known_until is None else self._second_of(subject.known_until)
        reach = self._links.reach_of(source, subject.network)
        client = Client(packed, source, subject, snapshot, reach=reach, until=until)
        # In the very second in which a claim ends they are asked for anew each time.
        if until > self._second:
            self.clients.admit(client)
        return client

    def _keep(self, octets: bytes, packed: bytes, outcome: Outcome) -> None:
        """Keep *outcome* if it may be given again, to whoever it fits."""
        asked = outcome.asked
        if asked is None or outcome.decision is None or not outcome.lasts_s:
            return
        # Cookies and the like differ from one query to the next, and never come again.
        has_options = asked.query.edns is not None and asked.query.edns.has_options
        # While an upstream was asked, another snapshot may have come into force.
        if has_options or asked.snapshot is not self._decider.snapshot:
            return
        client = self._client(packed)
        # A claim may have ended meanwhile: then it was judged for somebody else than they are now.
        if client.subject != asked.subject or client.reach != asked.reach:
            return
        if len(octets) > MAX_FINISHED_QUERY_OCTETS:
            return
        key = octets[2:]
        finished = finish(outcome, key, asked.query, outcome.decision, self._monotonic())
        self.clients.keep(client, finished)

    def _first_use(self, client: Client, finished: FinishedAnswer) -> bool:
        if client.reach.is_held and finished.addresses and not self._opened(client, finished):
            return False
        self._recording.note_first(client, finished, self._school_now())
        crowd = self._crowds.note(client.address, finished.host.text, self._monotonic())
        if crowd is not None:
            self._recording.note_crowd(crowd, client.subject.network)
        return True

    def _opened(self, client: Client, finished: FinishedAnswer) -> bool:
        """Whether *client* may go now where *finished* leads."""
        if self._egress is None:
            return True
        answered = Answered(
            client.source,
            client.subject.network,
            finished.names,
            finished.addresses,
            longest_ttl_s(finished, self._second),
            seconds_until(finished.decision.valid_until, self._school_now()),
        )
        return self._egress.note(answered, self._second)

    def open_anew(self) -> None:
        """Open and tell every way anew when it is next asked for: nobody knows of them."""
        self._forget_clients()

    def _forget_clients(self) -> None:
        """Ask anew who everybody is, and open every way anew."""
        self.clients.forget_all()
        if self._egress is not None:
            self._egress.forget()

    def _look_at_links(self) -> None:
        """Forget whose address may be another device's now, some in every second."""
        if not self._doubtful and self._links.changes != self._changes:
            self._changes = self._links.changes
            self._doubtful = list(self.clients.by_address.values())
        looked_at, self._doubtful = (
            self._doubtful[:MOST_LOOKED_AT],
            self._doubtful[MOST_LOOKED_AT:],
        )
        for client in looked_at:
            if not self._links.is_still(client.source):
                self.clients.forget(client)

    def _turn(self, second: int, now_s: float) -> None:
        """Go on to *second*: claims end, minutes turn, and clocks may have been set."""
        self._second = second
        self.clients.end(second)
        self.clients.turn(self._machine_now())
        self._look_at_links()
        ahead_s = self._school_now().timestamp() - now_s
        if abs(ahead_s - self._ahead_s) > LARGEST_STEP_S:
            self._forget_clients()
            self.finished.clear()
        self._ahead_s = ahead_s

    def _second_of(self, moment: datetime) -> int:
        """Return the last whole second of the monotonic clock before *moment* of the school's."""
        return floor(moment.timestamp() - self._ahead_s)


class _Giving:
    """Tells *answered* what `Reception.given` makes of an outcome."""

    __slots__ = ("_address", "_answered", "_octets", "_packed", "_reception")

    def __init__(
        self,
        reception: Reception,
        octets: bytes,
        packed: bytes,
        address: str,
        answered: Callable[[bytes | None], None],
    ) -> None:
        self._reception = reception
        self._octets = octets
        self._packed = packed
        self._address = address
        self._answered = answered

    def __call__(self, outcome: Outcome | None) -> None:
        try:
            answer = self._reception.given(self._octets, self._packed, self._address, outcome)
        except Exception:
            # Nobody else's answer, who may be told in the same turn, is to be lost by it.
            log.exception("an answer could not be given")
            answer = None
        self._answered(answer)
