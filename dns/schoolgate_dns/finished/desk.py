"""
Answers what is finished already: the loop that most queries never leave.

For each datagram: whose address is it, were they given an answer to these very octets in this
minute, or has their class one, and is it right for this second? Then the answer is written over
the query. Everything that needs more than that is a miss, and goes to `answering`.
"""

from collections.abc import Callable, Sequence

from schoolgate_dns.datagrams.slots import Slots
from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.clients import Client, Clients
from schoolgate_dns.finished.use import Use

FirstUse = Callable[[Client, FinishedAnswer], bool]
"""Notes that a client is given an answer for the first time in a minute; False if it must not."""


class Desk:
    """Answers the *clients* that are known; *first_use* is called before an answer leaves."""

    def __init__(self, clients: Clients, first_use: FirstUse) -> None:
        self.answered = 0
        self._clients = clients
        self._first_use = first_use

    def serve(self, slots: Slots, lengths: Sequence[int], second: int) -> list[int]:
        """
        Answer in place what can be answered, of *slots* whose datagrams are *lengths* long.

        Return the slots that could not be; *second* is now's, of the monotonic clock.
        """
        missed: list[int] = []
        peers, answer_octets = slots.peers, slots.answer_octets
        by_address = self._clients.by_address
        slot = -1
        for datagram, place, length in zip(
            slots.datagrams, slots.peer_places, lengths, strict=False
        ):
            slot += 1
            client = by_address.get(peers[place])
            if client is None:
                missed.append(slot)
                continue
            # All but the id: name and case, type, flags, EDNS. Nothing is parsed or lower-cased.
            key = datagram[2:length]
            use = client.uses.get(key)
            if use is None or (use.second != second and not use.renew(second)):
                use = self._begin(client, key, second)
                if use is None:
                    missed.append(slot)
                    continue
            use.untold += 1
            # The id is the query's own, and stays where it is.
            answer = use.octets
            octets = 2 + len(answer)
            datagram[2:octets] = answer
            answer_octets[slot] = octets
        self.answered += len(lengths) - len(missed)
        return missed

    def _begin(self, client: Client, key: bytes, second: int) -> Use | None:
        """Begin to give *client* the answer to *key*, None if there is none or it must not go."""
        finished = client.find(key, second)
        if finished is None or not self._first_use(client, finished):
            return None
        return self._clients.begin(client, finished, second)
