"""Every refusal that the kernel counted is told of once, by itself or together with others."""

from hypothesis import given
from hypothesis import strategies as st

from schoolgate_firewall.tallies import Key, Tallies

KEY: Key = ("unknown-address", b"\x7f\0\1\n")


def test_what_was_logged_is_not_told_of_again() -> None:
    tallies = Tallies()
    for _ in range(3):
        tallies.told(KEY)

    assert {} == tallies.look({KEY: 3})
    assert {} == tallies.look({KEY: 3})
    assert not tallies.is_owed


def test_what_was_counted_beyond_the_log_is_told_at_the_second_look() -> None:
    tallies = Tallies()
    tallies.told(KEY)

    assert {} == tallies.look({KEY: 5})
    assert tallies.is_owed
    assert {KEY: 4} == tallies.look({KEY: 5})
    assert {} == tallies.look({KEY: 5})


def test_a_line_that_comes_after_its_count_is_told_of_once() -> None:
    tallies = Tallies()
    tallies.look({KEY: 1})
    tallies.told(KEY)

    assert {} == tallies.look({KEY: 1})
    assert {} == tallies.look({KEY: 1})


def test_what_was_counted_before_us_is_not_told() -> None:
    tallies = Tallies()
    tallies.begin_with({KEY: 100})

    assert {} == tallies.look({KEY: 102})
    assert {KEY: 2} == tallies.look({KEY: 102})


def test_a_count_that_began_anew_is_added() -> None:
    tallies = Tallies()
    tallies.begin_with({KEY: 100})
    tallies.look({})
    tallies.look({KEY: 3})

    assert {KEY: 3} == tallies.look({KEY: 3})


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=20
    )
)
def test_the_sum_of_what_is_told_is_what_was_counted(
    steps: list[tuple[int, int, bool]],
) -> None:
    tallies, counted, unread, told = Tallies(), 0, 0, 0
    for refused, most_logged, is_looked_at in steps:
        counted += refused
        unread += min(refused, most_logged)
        if is_looked_at:
            # The log is read now and then, but always before a second look has passed.
            for _ in range(unread):
                tallies.told(KEY)
            told += unread
            unread = 0
            told += sum(tallies.look({KEY: counted}).values())
    for _ in range(unread):
        tallies.told(KEY)
    told += unread
    for _ in range(2):
        told += sum(tallies.look({KEY: counted}).values())

    assert counted == told
