"""
How long to wait after wrong passwords: longer each time, never for good.

Failures are counted for an account from one address, so that nobody can keep the owner of an
account out from another; and for an address, so that nobody can try every account in turn.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

FREE_FAILURES_OF_ACCOUNT = 3
LONGEST_WAIT_FOR_ACCOUNT = timedelta(minutes=5)
FREE_FAILURES_OF_ADDRESS = 20
LONGEST_WAIT_FOR_ADDRESS = timedelta(minutes=1)
FREE_FAILURES_OF_CODE = 5
LONGEST_WAIT_FOR_CODE = timedelta(minutes=15)
FAILURES_COUNT_FOR = timedelta(hours=1)
FAILURES_OF_CODE_COUNT_FOR = timedelta(days=1)


def wait_before_attempt(
    of_account: Sequence[datetime], of_address: Sequence[datetime], now: datetime
) -> timedelta:
    """
    Return how long to wait before the next attempt is looked at; zero is not at all.

    *of_account* are the failures of this account from this address since it last succeeded,
    *of_address* those of any account from this address (aware, machine time, any order).
    """
    return max(
        _wait(of_account, FREE_FAILURES_OF_ACCOUNT, LONGEST_WAIT_FOR_ACCOUNT, now),
        _wait(of_address, FREE_FAILURES_OF_ADDRESS, LONGEST_WAIT_FOR_ADDRESS, now),
    )


def wait_before_code(
    everywhere: Sequence[datetime], of_address: Sequence[datetime], now: datetime
) -> timedelta:
    """
    Return how long to wait before the next one-time code is looked at; zero is not at all.

    *everywhere* are the failures of this person's codes from any address since one was right.
    Whoever guesses knows the password already; at a guess in fifteen minutes, day and night, with
    three codes of a million that would be right, they succeed in one year of ten.
    """
    return max(
        _wait(
            everywhere,
            FREE_FAILURES_OF_CODE,
            LONGEST_WAIT_FOR_CODE,
            now,
            FAILURES_OF_CODE_COUNT_FOR,
        ),
        _wait(of_address, FREE_FAILURES_OF_ADDRESS, LONGEST_WAIT_FOR_ADDRESS, now),
    )


def _wait(
    failures: Sequence[datetime],
    free: int,
    longest: timedelta,
    now: datetime,
    count_for: timedelta = FAILURES_COUNT_FOR,
) -> timedelta:
    # A failure from the future is one before the clock was set back: it counts as just now.
    recent = [min(each, now) for each in failures if now - each < count_for]
    beyond = len(recent) - free
    if beyond < 0:
        return timedelta()
    # Doubling is bounded before it is computed: a flood must not make a huge number.
    delay = min(timedelta(seconds=2 ** min(beyond, 12)), longest)
    return max(max(recent) + delay - now, timedelta())
