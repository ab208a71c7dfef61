"""Conditions and rules in words."""

import pytest
import strategies as worlds
from hypothesis import given
from msgspec.structs import replace

from schoolgate_policyd.core import words
from schoolgate_policyd.core.rules import Condition, GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period

STAFF = frozenset({Audience.STAFF})
SERVICES = worlds.CATALOGUE.services_by_id
BREAK = Condition(
    audience=STAFF,
    period=frozenset({Period.LUNCH, Period.BREAK}),
    device=frozenset({DeviceKind.OWN_DEVICE}),
    standing=frozenset({"break-access"}),
)
RULE = Rule(
    id="staff-messaging",
    block=frozenset({"messaging", "forum"}),
    applies_to=(Condition(audience=STAFF),),
    cite=worlds.CITE,
    unless=(BREAK, Condition(duty=frozenset({Duty.DSL, Duty.ACCOUNT_OPERATOR}))),
    lifted_by=frozenset({GrantKind.SUPERVISED_SESSION, GrantKind.ACCESS_GRANT}),
)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(), "everybody"),
        (Condition(audience=frozenset(Audience)), "everybody"),
        (Condition(audience=frozenset({Audience.VISITOR, Audience.STAFF})), "staff and visitors"),
        (Condition(duty=frozenset({Duty.HEAD})), "headteachers"),
        (
            Condition(audience=STAFF, duty=frozenset({Duty.GOVERNOR, Duty.TECHNICIAN})),
            "staff who are governors or ICT technicians",
        ),
        (
            Condition(
                duty=frozenset({Duty.ACCOUNT_OPERATOR}), platform=frozenset({"chat", "gone"})
            ),
            "account operators for Chat or gone",
        ),
        (Condition(platform=frozenset({"video"})), "everybody for Video"),
        (Condition(year_groups=(3, 6)), "everybody in years 3 to 6"),
        (Condition(year_groups=(0, 2)), "everybody in Reception to year 2"),
        (Condition(year_groups=(0, 0)), "everybody in Reception"),
        (Condition(year_groups=(6, 6)), "everybody in year 6"),
        (Condition(below_minimum_age=True), "everybody too young for the service"),
        (Condition(below_minimum_age=False), "everybody old enough for the service"),
        (Condition(person=frozenset({"p-7", "p-1"})), "person p-1 or person p-7"),
        (Condition(audience=STAFF, person=frozenset({"p-7"})), "staff, being person p-7"),
        (Condition(audience=STAFF, own_hours=True), "staff in their working hours"),
        (Condition(own_hours=False), "everybody outside their working hours"),
        (Condition(overtime=True), "everybody on overtime"),
        (Condition(overtime=False), "everybody without overtime"),
        (Condition(network=frozenset({"n2", "n1"})), "everybody in the network n1 or n2"),
        (
            Condition(device_group=frozenset({"trolley"})),
            "everybody on devices of trolley",
        ),
        (Condition(standing=frozenset({"b", "a"})), "everybody, once a and b are recorded"),
        (
            BREAK,
            "staff at break or at lunch on their own devices, once break-access is recorded",
        ),
        (
            Condition(
                period=frozenset(Period) - {Period.BREAK, Period.LUNCH},
                device=frozenset(DeviceKind),
            ),
            (
                "everybody in lessons, before school, after school or while the school is closed "
                "on school computers, school tablets and phones, their own devices or unknown "
                "devices"
            ),
        ),
    ],
)
def test_a_condition_says_whom_where_and_when(condition: Condition, expected: str) -> None:
    assert expected == words.describe_condition(condition, SERVICES)


def test_whom_and_when_can_be_had_apart() -> None:
    """Differences between policies put their own verb between them."""
    assert "staff" == words.describe_who(BREAK)
    assert (
        "at break or at lunch on their own devices, once break-access is recorded"
        == words.describe_when(BREAK)
    )


def test_a_rule_says_who_may_not_reach_what_except_when_and_what_lifts_it() -> None:
    assert (
        "Staff may not reach forum or messaging, except at break or at lunch on their own "
        "devices, once break-access is recorded; and except designated safeguarding leads or "
        "account operators. Only an access grant or a supervised session can lift it."
    ) == words.describe_rule(RULE, worlds.CATALOGUE)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            replace(RULE, applies_to=(Condition(),), unless=(), lifted_by=frozenset()),
            "Nobody may reach forum or messaging. No grant lifts it.",
        ),
        (
            replace(
                RULE,
                applies_to=(
                    Condition(audience=STAFF, period=frozenset({Period.LESSON})),
                    Condition(period=frozenset({Period.CLOSED})),
                ),
                unless=(Condition(audience=STAFF, overtime=True), Condition(overtime=False)),
                lifted_by=frozenset(),
                locked=True,
            ),
            (
                "Staff may not reach forum or messaging in lessons; nobody may reach forum or "
                "messaging while the school is closed, except staff on overtime; and except "
                "without overtime. The rule is locked: nothing can lift it."
            ),
        ),
        (
            replace(RULE, unless=(Condition(audience=STAFF), Condition(standing=frozenset("x")))),
            (
                "Staff may not reach forum or messaging, except staff; and except once x is "
                "recorded. Only an access grant or a supervised session can lift it."
            ),
        ),
    ],
)
def test_rules_of_other_kinds(rule: Rule, expected: str) -> None:
    assert expected == words.describe_rule(rule, worlds.CATALOGUE)


@pytest.mark.parametrize(
    ("block", "social_media", "expected"),
    [
        ({"forum"}, {"forum", "messaging"}, "forum"),
        ({"forum", "messaging"}, {"forum", "messaging"}, "social media"),
        ({"forum", "messaging", "vpn"}, {"forum", "messaging"}, "social media or vpn"),
        ({"chat", "unknown-word"}, set(), "Chat or unknown word"),
        ({"everything"}, set(), "anything"),
    ],
)
def test_what_is_blocked_is_named(block: set[str], social_media: set[str], expected: str) -> None:
    assert expected == words.describe_blocked(
        frozenset(block), worlds.CATALOGUE, frozenset(social_media)
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VPN services", "VPN services"),
        ("Tor and the dark web", "Tor and the dark web"),
        ("Web proxies", "web proxies"),
    ],
)
def test_only_proper_names_keep_their_capital(name: str, expected: str) -> None:
    assert expected == words.inside(name)


def test_nothing_joined_is_nothing() -> None:
    assert "" == words.joined([])


@given(worlds.rules())
def test_every_rule_has_words(rule: Rule) -> None:
    text = words.describe_rule(rule, worlds.CATALOGUE)

    assert text.endswith(".")
    assert text[0].isupper()
    assert "  " not in text
    assert ", ," not in text
