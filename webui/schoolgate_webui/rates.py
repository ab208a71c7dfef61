"""How often somebody may ask for pages, or a program: a bucket that fills while nobody asks."""

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from schoolgate_policyd.store.attempts import counted_as

# More callers than a school has; the one that asked longest ago is forgotten first.
MOST_KNOWN = 4096


class Rate(msgspec.Struct, frozen=True):
    """How many at once, and how many a second after that."""

    burst: int
    a_second: float


# A program that reads a whole school's lists in one go is served; one that never stops waits.
PER_TOKEN = Rate(120, 4.0)
PER_PROGRAMS_ADDRESS = Rate(30, 0.5)
# Nobody reads as fast. A window in which the log runs by itself asks every two seconds.
PER_PERSON = Rate(240, 2.0)
# A classroom, or a whole school whose pages come through one server, has one address.
PER_PAGES_ADDRESS = Rate(600, 10.0)


class _Bucket(msgspec.Struct):
    left: float
    at: datetime


class Rates:
    """
    Counts who asked how often; used by one thread alone.

    Callers are told apart by what they showed, those who showed nothing by their address.
    """

    def __init__(self, *, per_caller: Rate, per_address: Rate) -> None:
        self._callers = _Buckets(per_caller)
        self._addresses = _Buckets(per_address)

    def of_token(self, token: int, at: datetime) -> timedelta:
        """Take one for a program's *token*; return how long to wait where none is left."""
        return self._callers.take(str(token), at)

    def of_person(self, person: str, address: str, at: datetime) -> timedelta:
        """
        Take one for *person* at *address*; return how long to wait where none is left.

        However often they sign in there they count once, and whoever stole a session and is
        elsewhere keeps them from nothing.
        """
        return self._callers.take(f"{person} {counted_as(address)}", at)

    def of_address(self, address: str, at: datetime) -> timedelta:
        """Take one for *address*; return how long to wait where none is left."""
        return self._addresses.take(counted_as(address), at)


def for_programs() -> Rates:
    """Return the rates of the API."""
    return Rates(per_caller=PER_TOKEN, per_address=PER_PROGRAMS_ADDRESS)


def for_pages() -> Rates:
    """Return the rates of the pages."""
    return Rates(per_caller=PER_PERSON, per_address=PER_PAGES_ADDRESS)


class _Buckets:
    """The buckets of one kind of caller: a flood of others does not make it forget one."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, at: datetime) -> timedelta:
        """Take one for *who*; return how long to wait where none is left."""
        rate, bucket = self._rate, self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = _Bucket(float(rate.burst), at)
            if len(self._buckets) > MOST_KNOWN:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(who)
        # A clock that was set back gives nothing and takes nothing.
        passed = max((at - bucket.at).total_seconds(), 0.0)
        bucket.left = min(bucket.left + passed * rate.a_second, float(rate.burst))
        bucket.at = at
        if bucket.left < 1.0:
            return timedelta(seconds=(1.0 - bucket.left) / rate.a_second)
        bucket.left -= 1.0
        return timedelta()
