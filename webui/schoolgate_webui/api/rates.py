"""How often a token, or an address without one, may ask: a bucket that fills while nobody asks."""

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

# A program that reads a whole school's lists in one go is served; one that never stops waits.
PER_TOKEN_BURST = 120
PER_TOKEN_A_SECOND = 4.0
PER_ADDRESS_BURST = 30
PER_ADDRESS_A_SECOND = 0.5
# More callers than a school has; the one that asked longest ago is forgotten first.
MOST_KNOWN = 4096


class _Bucket(msgspec.Struct):
    left: float
    at: datetime


class Rate(msgspec.Struct, frozen=True):
    """How many at once, and how many a second after that."""

    burst: int
    a_second: float


PER_TOKEN = Rate(PER_TOKEN_BURST, PER_TOKEN_A_SECOND)
PER_ADDRESS = Rate(PER_ADDRESS_BURST, PER_ADDRESS_A_SECOND)


class Rates:
    """Counts who asked how often; used by one thread alone."""

    def __init__(self, *, per_token: Rate = PER_TOKEN, per_address: Rate = PER_ADDRESS) -> None:
        self._per_token = per_token
        self._per_address = per_address
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def of_token(self, token: int, at: datetime) -> timedelta:
        """Take one for *token*; return how long to wait where none is left."""
        return self._take(f"token {token}", self._per_token, at)

    def of_address(self, address: str, at: datetime) -> timedelta:
        """Take one for *address*; return how long to wait where none is left."""
        return self._take(f"address {address}", self._per_address, at)

    def _take(self, who: str, rate: Rate, at: datetime) -> timedelta:
        bucket = self._buckets.get(who)
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
