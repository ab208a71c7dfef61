"""Who needs a second factor, and who may give whom a fresh start."""

import pytest

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.accounts import (
    Lack,
    lack_after_password,
    must_have_second_factor,
    require_may_invite,
)
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member


def member(*duties: Duty, id_: str = "one", audience: Audience = Audience.STAFF) -> Member:
    return Member(id_, "Some One", audience, id_, frozenset(duties))


@pytest.mark.parametrize("duty", list(Duty))
def test_the_duties_that_see_personal_data_need_a_second_factor(duty: Duty) -> None:
    expected = duty in {
        Duty.HEAD,
        Duty.CHAIR_OF_GOVERNORS,
        Duty.ONLINE_SAFETY_LEAD,
        Duty.DSL,
        Duty.TECHNICIAN,
    }

    assert expected == must_have_second_factor(member(duty))


@pytest.mark.parametrize(
    ("duties", "has_one", "is_required", "expected"),
    [
        ((Duty.HEAD,), False, True, Lack.SETTING_ONE_UP),
        ((Duty.HEAD,), False, False, None),
        ((Duty.HEAD,), True, True, Lack.SECOND_FACTOR),
        ((Duty.HEAD,), True, False, Lack.SECOND_FACTOR),
        ((), False, True, None),
        ((), True, False, Lack.SECOND_FACTOR),
    ],
)
def test_what_is_lacking_after_the_password(
    duties: tuple[Duty, ...], has_one: bool, is_required: bool, expected: Lack | None
) -> None:
    assert expected == lack_after_password(
        member(*duties), has_one=has_one, is_required=is_required
    )


TECHNICIAN, HEAD, CHAIR = (
    member(Duty.TECHNICIAN, id_="technician"),
    member(Duty.HEAD, id_="head"),
    member(Duty.CHAIR_OF_GOVERNORS, id_="chair", audience=Audience.VISITOR),
)
TEACHER, DSL = member(id_="teacher"), member(Duty.DSL, id_="dsl")


@pytest.mark.parametrize(
    ("by", "whom", "has_account"),
    [
        (TECHNICIAN, TEACHER, False),
        (TECHNICIAN, TEACHER, True),
        (TECHNICIAN, HEAD, False),
        (TECHNICIAN, DSL, False),
        (HEAD, TEACHER, True),
        (HEAD, DSL, True),
        (HEAD, TECHNICIAN, True),
        (HEAD, CHAIR, True),
        (CHAIR, HEAD, True),
    ],
)
def test_who_may_invite_whom(by: Member, whom: Member, has_account: bool) -> None:
    require_may_invite(by, whom, has_account=has_account)


@pytest.mark.parametrize(
    ("by", "whom", "has_account"),
    [
        (HEAD, HEAD, True),
        (TECHNICIAN, TECHNICIAN, False),
        # Whoever could take over these accounts could decide, or sign, in their name.
        (TECHNICIAN, HEAD, True),
        (TECHNICIAN, DSL, True),
        (TECHNICIAN, CHAIR, True),
        (CHAIR, TEACHER, True),
        (CHAIR, DSL, True),
        (TEACHER, DSL, False),
        (DSL, TEACHER, False),
        (member(Duty.HEAD, id_="p", audience=Audience.PUPIL), TEACHER, False),
        (HEAD, member(id_="pupil", audience=Audience.PUPIL), False),
        (HEAD, Member("none", "No Name", Audience.STAFF, None), False),
    ],
)
def test_who_may_not_invite_whom(by: Member, whom: Member, has_account: bool) -> None:
    with pytest.raises(NotAllowed):
        require_may_invite(by, whom, has_account=has_account)
