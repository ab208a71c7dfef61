"""The addresses that ask, who each is for now, and what they were given in this minute."""

from datetime import datetime
from math import inf
from typing import Final

from schoolgate_dns.addresses import address_of
from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.finishing import renew
from schoolgate_dns.finished.tables import Alike, FinishedAnswers, Table
from schoolgate_dns.finished.use import Use
from schoolgate_dns.finished.uses import Accounts, Minute
from schoolgate_dns.stages.reach import Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject

# The memory is emptied when it is full: a flood of addresses costs time, never memory.
MAX_CLIENTS: Final = 65_536
# Of all clients in a minute; then what was counted is accounted for before the minute is over.
MAX_USES: Final = 200_000


class Client:
    """
    An address that asks, and who that is until the second *until* (of the monotonic clock).

    *packed* is the address, *text* the same as registers write it, and *address* the one by which
    the device is known. *answers* is where
    their finished answers are looked for first: their class's table, or one of their own where a
    grant or a restriction is theirs; then *shared* is the class's. *uses* are what they are given
    in this minute, by query, and *ended* those in whose place others are.
    """

    __slots__ = (
        "_snapshot",
        "address",
        "alike",
        "answers",
        "ended",
        "packed",
        "reach",
        "shared",
        "source",
        "subject",
        "text",
        "until",
        "uses",
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
        self.text = address_of(packed)
        self.source = source
        self.address = source.known_as
        self.reach = reach
        self.subject = subject
        self.until = until
        self.answers: Table = {}
        self.shared: Table | None = None
        self.uses: dict[bytes, Use] = {}
        self.ended: list[Use] = []
        self._snapshot = snapshot

    def find(self, key: bytes, second: int) -> FinishedAnswer | None:
        """Return the answer to *key* that may be given in *second*, None if there is none."""
        finished = self.answers.get(key)
        if finished is None and self.shared is not None:
            shared = self.shared.get(key)
            if shared is not None and not self.is_touched(shared):
                finished = shared
        if finished is None or finished.second == second or renew(finished, second):
            return finished
        return None

    def begin(self, finished: FinishedAnswer, second: int) -> Use:
        """Return the use of *finished* that begins in *second*."""
        ended = self.uses.get(finished.key)
        if ended is not None:
            self.ended.append(ended)
        use = self.uses[finished.key] = Use(finished, second)
        return use

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
    minute is over, or when there are *max_uses* in it. *since* is the minute that is counted in
    (machine time, aware).
    """

    def __init__(
        self,
        finished: FinishedAnswers,
        accounts: Accounts,
        since: datetime,
        max_uses: int = MAX_USES,
    ) -> None:
        self.by_address: dict[bytes, Client] = {}
        self._max_uses = max_uses
        self._uses = 0
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

    def keep(self, client: Client, finished: FinishedAnswer) -> None:
        """Let *finished* be found by all whom it fits, *client* among them."""
        if client.shared is None:
            self._finished.put(client.answers, finished)
        elif client.is_touched(finished):
            self._finished.put_own(client.answers, finished)
        else:
            self._finished.put(client.shared, finished)

    def begin(self, client: Client, finished: FinishedAnswer, second: int) -> Use:
        """Return the use of *finished* by *client* that begins in *second*."""
        if self._uses >= self._max_uses:
            self._account_all()
        self._uses += 1
        return client.begin(finished, second)

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
            self._account_all()
            self._since = minute

    def forget(self, client: Client) -> None:
        """Ask anew who *client* is."""
        if self.by_address.get(client.packed) is client:
            del self.by_address[client.packed]
            self._account(client)

    def forget_all(self) -> None:
        """Ask anew who everybody is."""
        self._account_all()
        self.by_address.clear()
        self._ending.clear()
        self._finished.forget_own()

    def _account_all(self) -> None:
        for client in self.by_address.values():
            self._account(client)
        self._uses = 0

    def _account(self, client: Client) -> None:
        if client.uses:
            uses = (*client.ended, *client.uses.values())
            self._accounts.add(Minute(client.address, client.subject, self._since, uses))
            client.uses, client.ended = {}, []


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
