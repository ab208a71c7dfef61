"""Wrong passwords make the next attempt wait, longer each time and never for good."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from office import MACHINE

from schoolgate_policyd.workflow.signin import (
    FAILURES_COUNT_FOR,
    LONGEST_WAIT_FOR_ACCOUNT,
    LONGEST_WAIT_FOR_ADDRESS,
    wait_before_attempt,
)

NONE = timedelta()


def test_the_first_failures_cost_nothing_and_each_later_one_twice_as_much() -> None:
    waits = [wait_before_attempt([MACHINE] * times, [], MACHINE) for times in range(7)]

    assert [0, 0, 0, 1, 2, 4, 8] == [wait.total_seconds() for wait in waits]


def test_waiting_counts_from_the_last_failure() -> None:
    failures = [MACHINE] * 6

    assert timedelta(seconds=3) == wait_before_attempt(
        failures, [], MACHINE + timedelta(seconds=5)
    )
    assert NONE == wait_before_attempt(failures, [], MACHINE + timedelta(seconds=8))


def test_old_failures_are_forgotten() -> None:
    assert NONE == wait_before_attempt([MACHINE] * 50, [], MACHINE + FAILURES_COUNT_FOR)


def test_an_address_that_fails_on_many_accounts_waits_too() -> None:
    assert NONE == wait_before_attempt([], [MACHINE] * 19, MACHINE)
    assert timedelta(seconds=1) == wait_before_attempt([], [MACHINE] * 20, MACHINE)


@given(
    of_account=st.integers(0, 500),
    of_address=st.integers(0, 500),
    age=st.timedeltas(timedelta(days=-400), timedelta(days=400)),
)
def test_nobody_ever_waits_longer_than_the_longest_wait(
    of_account: int, of_address: int, age: timedelta
) -> None:
    now = MACHINE + age
    wait = wait_before_attempt([MACHINE] * of_account, [MACHINE] * of_address, now)

    assert NONE <= wait <= max(LONGEST_WAIT_FOR_ACCOUNT, LONGEST_WAIT_FOR_ADDRESS)
    # Once waited, the attempt is looked at.
    assert NONE == wait_before_attempt(
        [min(MACHINE, now)] * of_account, [min(MACHINE, now)] * of_address, now + wait
    )
