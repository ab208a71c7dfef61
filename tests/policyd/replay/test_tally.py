"""The counts stay small whatever the events hold."""

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.replay.outcome import Change, Total
from schoolgate_policyd.replay.tally import (
    MOST_ASKERS,
    MOST_NAMES_TOLD,
    NO_CATEGORY,
    Changed,
    Changes,
)


def changed(
    host: str, *, asker: str = "p1", requests: int = 1, category: str | None = None
) -> Changed:
    return Changed(
        change=Change.LOST,
        audience=Audience.PUPIL,
        host=host,
        category=category,
        requests=requests,
        asker=asker,
        periods=frozenset({Period.LUNCH, Period.LESSON}),
        rules=("rule",),
        in_part=False,
    )


def test_a_flood_of_names_does_not_hide_the_one_that_was_asked_for() -> None:
    changes = Changes(most_names=100)
    for number in range(5_000):
        changes.add(changed(f"flood-{number}.example"))
        if number % 10 == 0:
            changes.add(changed("real.example", requests=2))

    names, left_out = changes.names()

    assert "real.example" == names[0].host
    assert Total(500, 1000) == names[0].total
    assert len(names) <= 100
    assert 5_001 == len(names) + left_out
    # What is forgotten by name still counts for its category.
    assert Total(5_500, 6_000) == changes.effects(str.upper)[0].total


def test_more_names_than_are_told_are_counted() -> None:
    changes = Changes()
    for number in range(MOST_NAMES_TOLD + 7):
        changes.add(changed(f"n{number}.example"))

    names, left_out = changes.names()

    assert (MOST_NAMES_TOLD, 7) == (len(names), left_out)


def test_people_beyond_the_most_are_counted_as_one_more() -> None:
    changes = Changes()
    for number in range(MOST_ASKERS + 10):
        changes.add(changed("n.example", asker=f"p{number}"))
    changes.add(changed("n.example", asker="p0"))

    assert MOST_ASKERS + 1 == changes.effects(str)[0].people


def test_categories_are_named_periods_in_order_and_what_has_no_category_says_so() -> None:
    changes = Changes()
    changes.add(changed("a.example"))
    changes.add(changed("b.example", category="forum", requests=2))

    named, unnamed = changes.effects(str.upper)

    assert ("forum", "FORUM") == (named.category, named.category_name)
    assert (None, NO_CATEGORY) == (unnamed.category, unnamed.category_name)
    assert (Period.LESSON, Period.LUNCH) == named.periods
