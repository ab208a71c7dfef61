"""
Answers what is finished already: the loop that most queries never leave.

For each datagram: whose address is it, does their class have an answer to these very octets, is
it right for this second? Then the answer is written over the query. Everything that needs more
than that is a miss, and goes to `answering`.
"""

from collections.abc import Callable, Sequence

from schoolgate_dns.datagrams.slots import Slots
from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.clients import Client, Clients

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
        arena, peers = slots.arena, slots.peers
        answer_octets = slots.answer_octets
        clients = self._clients.by_address
        slot = -1
        for start, (peer_at, peer_end), length in zip(
            slots.starts, slots.peer_places, lengths, strict=False
        ):
            slot += 1
            client = clients.get(peers[peer_at:peer_end])
            if client is None:
                missed.append(slot)
                continue
            # All but the id: name and case, type, flags, EDNS. Nothing is parsed or lower-cased.
            key = arena[start + 2 : start + length]
            finished = client.answers.get(key)
            if finished is None or finished.second != second:
                finished = client.find(key, finished, second)
                if finished is None:
                    missed.append(slot)
                    continue
            counts = client.counts
            uses = counts.get(finished)
            if uses is not None:
                counts[finished] = uses + 1
            elif self._first_use(client, finished):
                counts[finished] = 1
            else:
                missed.append(slot)
                continue
            if finished.is_blocked:
                client.last[finished] = second
            # The id is the query's own, and stays where it is.
            answer = finished.octets
            octets = 2 + len(answer)
            arena[start + 2 : start + octets] = answer
            answer_octets[slot] = octets
        self.answered += len(lengths) - len(missed)
        return missed
