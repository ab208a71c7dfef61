"""A cell made concrete: hours that fit, duties of the service in question, sentences."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import msgspec
import pytest
import strategies as worlds

from schoolgate_policyd.core.names import Url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.proof.dimensions import DEVICE, DUTY, TIME, Trait
from schoolgate_policyd.core.proof.says import when, while_live, who
from schoolgate_policyd.core.proof.sites import (
    UNLISTED,
    UNLISTED_ADDRESS,
    OneNameEach,
    Part,
)
from schoolgate_policyd.core.proof.witness import Witness, own_hours, witness_of
from schoolgate_policyd.core.proof.year import Span
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty, Subject
from schoolgate_policyd.core.times import WorkingHours

LONDON = ZoneInfo("Europe/London")
NIGHT = Span(
    (), datetime(2026, 11, 20, 0, tzinfo=UTC), datetime(2026, 11, 20, 8, tzinfo=UTC), (False,)
)
DAY = Span(
    (), datetime(2026, 11, 20, 9, tzinfo=UTC), datetime(2026, 11, 20, 10, tzinfo=UTC), (True,)
)


@pytest.mark.parametrize(
    ("is_at_work", "span", "hours"),
    [
        ((True,), DAY, None),
        ((False,), NIGHT, None),
        ((True,), NIGHT, WorkingHours(time(0), time(23, 59, 59))),
        ((False,), DAY, WorkingHours(time(0), time(0, 1))),
        (
            (False,),
            msgspec.structs.replace(NIGHT, is_usual=(True,)),
            WorkingHours(time(23, 58), time(23, 59)),
        ),
    ],
)
def test_hours_are_the_usual_ones_or_fit_the_span(
    is_at_work: tuple[bool, ...], span: Span, hours: WorkingHours | None
) -> None:
    found = own_hours(is_at_work, span, LONDON)

    assert hours == found
    chosen = found or worlds.SCHOOL_TIME.staff_hours
    assert is_at_work[0] is worlds.SCHOOL_TIME.is_within(chosen, span.start)


def test_an_operator_runs_accounts_of_the_service_that_a_stand_in_stands_for() -> None:
    held = HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"service 0 from None"}))
    traits = [Trait() for _ in range(DEVICE + 1)]
    traits[DUTY] = Trait(subject=(("duties", (held, HeldDuty(Duty.DSL))),))
    traits[TIME] = Trait(span=DAY, is_at_work=(True,))
    found = witness_of(
        tuple(traits),
        Url("https", UNLISTED, None, "/"),
        LONDON,
        actual={"service 0 from None": "chat"},
        is_inspectable=True,
    )

    assert found.subject.duties == (
        HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"chat"})),
        HeldDuty(Duty.DSL),
    )


def test_a_subject_is_named_with_everything_that_makes_them_special() -> None:
    subject = Subject(
        audience=Audience.STAFF,
        device=DeviceKind.SCHOOL_MOBILE,
        duties=(HeldDuty(Duty.DSL), HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"x", "y"}))),
        classes=frozenset({"4B"}),
        year_group=0,
        age=30,
        overtime=frozenset({NIGHT.start.date()}),
    )

    assert who(subject) == (
        "a member of staff in Reception of class 4B aged 30 (the designated safeguarding lead, an "
        "account operator for x and y and on overtime that day) on a school tablet or phone that "
        "nothing can look into"
    )


def test_a_time_is_named_where_it_matters() -> None:
    witness = Witness(Subject(), Url("https", UNLISTED, None, "/"), DAY.start, DAY.end, Live())
    midnight = msgspec.structs.replace(
        witness, start=NIGHT.start, end=datetime(2026, 11, 21, tzinfo=UTC)
    )
    always = msgspec.structs.replace(witness, is_at_any_time=True)

    assert "on Friday 09:00–10:00 (20 November 2026)" == when(witness, LONDON)
    assert "on Friday all day (20 November 2026)" == when(midnight, LONDON)
    assert "at any time" == when(always, LONDON)
    assert "" == while_live(witness)


def test_parts_are_named_as_readers_know_them() -> None:
    chat = worlds.CATALOGUE.services[0]
    host = chat.domains[0]

    def name(url: Url, *services: object) -> str:
        return Part(url, (), tuple(services)).name  # type: ignore[arg-type]  # services or none

    assert "a site that no list names" == name(Url("https", UNLISTED, None, "/"))
    assert "a site by its number (192.0.2.1)" == name(Url("https", UNLISTED_ADDRESS, None, "/"))
    assert "chat.example/talk" == name(Url("https", host, None, "/talk"))
    assert "Chat (chat.example)" == name(Url("https", host, None, "/"), chat)


def test_each_large_list_has_a_name_and_nothing_else_is_on_any() -> None:
    names = OneNameEach()

    assert () == names.lists_of(UNLISTED)
