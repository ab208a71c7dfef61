"""When the next bell rings for one request."""

from datetime import UTC, datetime

import msgspec
import test_decide as cases

from schoolgate_policyd.core.changes import Changes
from schoolgate_policyd.core.names import parse_domain
from schoolgate_policyd.core.rules import Condition, HostScope
from schoolgate_policyd.core.times import Period

BREAK_ENDS_LUNCH_BEGINS = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)


def test_a_rule_about_breaks_changes_at_bells_and_never_after_the_last_term() -> None:
    changes = Changes(cases.snapshot_with(), cases.TEACHER, [(cases.STAFF_RULE, None)], [])

    assert cases.BREAK == changes.after(cases.LESSON)
    assert cases.BREAK_ENDS == changes.after(cases.BREAK)
    assert BREAK_ENDS_LUNCH_BEGINS == changes.after(cases.BREAK_ENDS)
    assert changes.after(datetime(2026, 12, 24, tzinfo=UTC)) is None


def test_a_rule_that_no_bell_can_change_never_does() -> None:
    changes = Changes(cases.snapshot_with(), cases.PUPIL, [(cases.STAFF_RULE, None)], [])

    assert changes.after(cases.LESSON) is None


def test_a_grant_changes_things_at_both_its_ends() -> None:
    grant = cases.grant_of(HostScope(parse_domain("chat.example")))
    changes = Changes(cases.snapshot_with(), cases.PUPIL, [], [grant])

    assert grant.starts_at == changes.after(datetime(2026, 11, 20, tzinfo=UTC))
    assert grant.ends_at == changes.after(grant.starts_at)
    assert changes.after(grant.ends_at) is None


def test_a_rule_that_is_always_excepted_is_named_as_such_until_the_bell() -> None:
    """The verdict stays, its reasons do not: in the break nothing would block."""
    in_lessons = Condition(period=frozenset({Period.LESSON}))
    excepted = msgspec.structs.replace(
        cases.STAFF_RULE, applies_to=(in_lessons,), unless=(Condition(),)
    )
    always = msgspec.structs.replace(excepted, applies_to=(Condition(),))
    snapshot = cases.snapshot_with()

    assert cases.BREAK == Changes(snapshot, cases.TEACHER, [(excepted, None)], []).after(
        cases.LESSON
    )
    assert Changes(snapshot, cases.TEACHER, [(always, None)], []).after(cases.LESSON) is None
