"""Why an exception holds, in words."""

import pytest
import strategies as worlds
import test_decide as cases
from msgspec.structs import replace

from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.grounds import because, grounds
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.core.times import Period

AT_BREAK = Facts(
    subject=replace(
        cases.TEACHER,
        duties=(HeldDuty(Duty.DSL), HeldDuty(Duty.HEAD)),
        device_groups=frozenset({"trolley"}),
    ),
    period=Period.BREAK,
    is_in_own_hours=True,
    is_on_overtime=False,
    standing=frozenset({"break-access"}),
)
CHAT = worlds.CATALOGUE.services_by_id["chat"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(), ""),
        (Condition(audience=frozenset({Audience.STAFF})), ""),
        (Condition(period=frozenset({Period.BREAK})), "it is break"),
        (Condition(own_hours=True), "it is in their working hours"),
        (Condition(own_hours=False), "it is outside their working hours"),
        (Condition(overtime=True), "they are on overtime"),
        (Condition(overtime=False), "they are not on overtime"),
        (Condition(device=frozenset({DeviceKind.OWN_DEVICE})), "it is their own device"),
        (Condition(device_group=frozenset({"trolley"})), "the device is one of trolley"),
        (Condition(network=frozenset({"n2"})), "the network is n2"),
        (Condition(duty=frozenset({Duty.HEAD, Duty.GOVERNOR})), "they are the headteacher"),
        (
            Condition(duty=frozenset(Duty)),
            "they are the headteacher and the designated safeguarding lead",
        ),
        (Condition(platform=frozenset({"chat"})), "this is Chat"),
        (Condition(year_groups=(3, 6)), "they are in years 3 to 6"),
        (Condition(below_minimum_age=True), "they are too young for Chat"),
        (Condition(below_minimum_age=False), "they are old enough for Chat"),
        (Condition(person=frozenset({"p1"})), "it is about this person"),
        (
            Condition(overtime=False, standing=frozenset({"a", "b"})),
            "they are not on overtime and a and b are recorded",
        ),
    ],
)
def test_each_atom_gives_its_reason(condition: Condition, expected: str) -> None:
    assert expected == because(condition, AT_BREAK, CHAT)


def test_without_a_service_it_is_called_the_service() -> None:
    assert "they are old enough for the service" == because(
        Condition(below_minimum_age=False), AT_BREAK, None
    )


def test_the_first_exception_that_holds_is_the_reason() -> None:
    rule = replace(
        cases.STAFF_RULE,
        unless=(
            Condition(period=frozenset({Period.LUNCH})),
            Condition(overtime=False),
            Condition(period=frozenset({Period.BREAK})),
        ),
    )

    assert "they are not on overtime" == grounds(rule, (AT_BREAK,), (CHAT,))


def test_where_no_exception_holds_there_is_no_reason() -> None:
    rule = replace(cases.STAFF_RULE, unless=(Condition(period=frozenset({Period.LUNCH})),))

    assert "" == grounds(rule, (AT_BREAK,), (CHAT,))


def test_each_period_that_it_may_be_gives_its_reason_once() -> None:
    rule = replace(
        cases.STAFF_RULE, unless=(Condition(period=frozenset({Period.BREAK, Period.LUNCH})),)
    )
    at_lunch = replace(AT_BREAK, period=Period.LUNCH)

    assert "it is break, or it is lunch" == grounds(
        rule, (AT_BREAK, AT_BREAK, at_lunch), (CHAT, None)
    )
