"""The addresses that ask, who each is for now, and what they were given in this minute."""

from datetime import datetime
from math import inf
from typing import Final

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import renew
from schoolgate_dns.finished.tables import Alike, FinishedAnswers, Table
from schoolgate_dns.finished.uses import Accounts, Counts, Seconds, Uses
from schoolgate_dns.stages.reach import Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject

# The memory is emptied when it is full: a flood of addresses costs time, never memory.
MAX_CLIENTS: Final = 65_536


class Client:
    """
    An address that asks, and who that is until the second *until* (of the monotonic clock).

    *packed* is the address, *address* the one by which the device is known. *answers* is where
    their finished answers are looked for first: their class's table, or one of their own where a
    grant or a restriction is theirs; then *shared* is the class's. *counts* are their uses of
    answers in this minute, *last* the newest seconds of those that block.
    """

    __slots__ = (
        "_snapshot",
        "address",
        "alike",
        "answers",
        "counts",
        "last",
        "packed",
        "reach",
        "shared",
        "source",
        "subject",
        "until",
    )

    def __init__(
        self,
        packed: bytes,
        source: Source,
        subject: Subject,
        snapshot: Snapshot,
        *,
        reach: Reach,
        until: float,
    ) -> None:
        self.alike: Alike = (snapshot.class_of(subject), reach)
        self.packed = packed
        self.source = source
        self.address = source.known_as
        self.reach = reach
        self.subject = subject
        self.until = until
        self.answers: Table = {}
        self.shared: Table | None = None
        self.counts: Counts = {}
        self.last: Seconds = {}
        self._snapshot = snapshot

    def find(
        self, key: bytes, finished: FinishedAnswer | None, second: int
    ) -> FinishedAnswer | None:
        """
        Return the answer to *key* that may be given in *second*, None if there is none.

        *finished* is what `answers` holds for it, perhaps not yet made right for this second.
        """
        if finished is None and self.shared is not None:
            shared = self.shared.get(key)
            # Used in this minute already, it was found untouched before.
            if shared is not None and (shared in self.counts or not self.is_touched(shared)):
                finished = shared
        if finished is None or finished.second == second or renew(finished, second):
            return finished
        return None

    @property
    def zone(self) -> str:
        """The school's time zone."""
        return self._snapshot.school_time.zone

    def has_overlay(self) -> bool:
        """Whether some names may be answered otherwise for them than for their class."""
        snapshot, subject = self._snapshot, self.subject
        return bool(snapshot.grants_of(subject) or snapshot.restrictions_on(subject))

    def is_touched(self, finished: FinishedAnswer) -> bool:
        """Whether a grant or a restriction of theirs may make another answer of *finished*."""
        return self._snapshot.is_touched(self.subject, finished.host, finished.chain)


class Clients:
    """
    Who asks, by packed address.

    *finished* are the answers of their classes; what they were given goes to *accounts* when a
    minute is over. *since* is the minute that is counted in (machine time, aware).
    """

    def __init__(self, finished: FinishedAnswers, accounts: Accounts, since: datetime) -> None:
        self.by_address: dict[bytes, Client] = {}
        self._finished = finished
        self._accounts = accounts
        self._since = _minute_of(since)
        self._ending: list[Client] = []

    def admit(self, client: Client) -> None:
        """Know *client* from now on."""
        if len(self.by_address) >= MAX_CLIENTS:
            self.forget_all()
        table = self._finished.table_of(client.alike)
        if client.has_overlay():
            client.answers, client.shared = self._finished.own_table(), table
        else:
            client.answers = table
        self.by_address[client.packed] = client
        if client.until != inf:
            self._ending.append(client)

    def keep(self, client: Client, key: bytes, finished: FinishedAnswer) -> None:
        """Let *finished* be found under *key* by all whom it fits, *client* among them."""
        if client.shared is None:
            self._finished.put(client.answers, key, finished)
        elif client.is_touched(finished):
            self._finished.put_own(client.answers, key, finished)
        else:
            self._finished.put(client.shared, key, finished)

    def end(self, second: int) -> None:
        """Forget those whose time is over in *second*."""
        if not self._ending:
            return
        for client in self._ending:
            if client.until <= second and self.by_address.get(client.packed) is client:
                del self.by_address[client.packed]
                self._account(client)
        self._ending = [each for each in self._ending if each.until > second]

    def turn(self, now: datetime) -> None:
        """Begin a new minute if *now* (machine time, aware) is in one."""
        minute = _minute_of(now)
        if minute != self._since:
            for client in self.by_address.values():
                self._account(client)
            self._since = minute

    def forget(self, client: Client) -> None:
        """Ask anew who *client* is."""
        if self.by_address.get(client.packed) is client:
            del self.by_address[client.packed]
            self._account(client)

    def forget_all(self) -> None:
        """Ask anew who everybody is."""
        for client in self.by_address.values():
            self._account(client)
        self.by_address.clear()
        self._ending.clear()
        self._finished.forget_own()

    def _account(self, client: Client) -> None:
        if client.counts:
            self._accounts.add(
                Uses(client.address, client.subject, self._since, client.counts, client.last)
            )
            client.counts, client.last = {}, {}


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
