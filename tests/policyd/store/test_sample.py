"""The sample school's people: put in once, all or none, with passwords that work."""

from datetime import date
from pathlib import Path

import pytest
from office import LESSON, MACHINE

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import PeopleFileError
from schoolgate_policyd.store.people_file import read_people_file
from schoolgate_policyd.store.records import SignedIn
from schoolgate_policyd.store.sample import SampleAccount, seed

PEOPLE_FILE = default_rules_dir() / "samples" / "people.yaml"


def seeded(store: DecisionStore) -> tuple[SampleAccount, ...]:
    accounts = seed(store, PEOPLE_FILE, at=MACHINE, moment=LESSON)
    assert accounts is not None
    return accounts


def test_everybody_who_is_shown_a_password_can_sign_in_with_it(empty: DecisionStore) -> None:
    accounts = seeded(empty)

    for account in accounts:
        outcome = empty.credentials.sign_in(
            account.username, account.password, address="::1", at=MACHINE, moment=LESSON
        )
        assert isinstance(outcome, SignedIn)
        assert account.name == outcome.session.member.name
        assert account.password not in repr(account)
    assert len(accounts) == len({account.password for account in accounts})
    duties = {duty for account in accounts for duty in account.duties}
    assert set(Duty) - {Duty.GOVERNOR} == duties


def test_a_second_start_changes_nothing(empty: DecisionStore) -> None:
    seeded(empty)
    before = empty.version(), empty.audit.recent(limit=500)

    assert seed(empty, PEOPLE_FILE, at=MACHINE, moment=LESSON) is None
    assert before == (empty.version(), empty.audit.recent(limit=500))


def test_the_devices_are_those_that_the_readme_speaks_of(empty: DecisionStore) -> None:
    seeded(empty)
    people = {each.id: each for each in empty.people.members()}
    owners = {each.address: people[each.owner] for each in empty.people.devices() if each.owner}

    assert "teacher" == owners["127.0.2.10"].username
    assert Audience.STAFF is owners["127.0.3.10"].audience
    assert (Audience.PUPIL, frozenset({"4B"})) == (
        owners["127.0.1.10"].audience,
        owners["127.0.1.10"].classes,
    )
    assert {"4B"} <= {each.id for each in empty.people.classes()}
    pupils = [each for each in people.values() if each.audience is Audience.PUPIL]
    assert {None} == {each.username for each in pupils}


def test_the_break_access_is_recorded_with_both_records(empty: DecisionStore) -> None:
    seeded(empty)

    assert frozenset({"staff-break-access"}) == empty.live(LESSON).standing
    permission = empty.standing.permissions()[0]
    assert permission.is_in_force_at(LESSON)
    assert date(2027, 11, 20) == permission.review_on


GOOD = """
classes: [{id: 4B, name: Class 4B}]
people:
  - {id: swift, name: Head, audience: staff, username: head, duties: [head]}
  - {id: robin, name: Lead, audience: staff, username: lead, duties: [online-safety-lead]}
  - {id: acorn, name: Pupil, audience: pupil, classes: [4B], year_group: 4, age: 8}
devices: [{address: 127.0.2.10, id: phone, owner: swift}]
standing:
  - {name: staff-break-access, permitted_by: swift, permission: yes they may, confirmed_by: robin,
     controls: seen, review_after_days: 365}
"""


def test_a_good_file_has_no_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(GOOD)

    assert ["swift", "robin", "acorn"] == [each.id for each in read_people_file(path).people]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("audience: pupil", "audience: child", "`child` is no audience"),
        ("duties: [head]", "duties: [header]", "did you mean `head`"),
        ("duties: [head]", "duties: [head, {duty: head, platforms: [x]}]", "twice"),
        ("classes: [4B],", "classes: [4C],", "`4C`, which is no class"),
        ("id: robin", "id: swift", "the person `swift` stands here twice"),
        ("username: lead", "username: head", "the user name `head` stands here twice"),
        ("username: lead", "username: Le ad", "no user name"),
        ("owner: swift", "owner: nobody", "who is nobody"),
        ("owner: swift", "owner: swift, is_shared: true", "shared and has an owner"),
        ("127.0.2.10", "127.0.2", "is no address"),
        ("age: 8", "age: 800", "no whole number"),
        ("age: 8", "age: 8, username: pup", "pupils neither sign in"),
        ("permitted_by: swift", "permitted_by: robin", "does not hold the duty `head`"),
        ("people:", "persons:", "needs `people`"),
        ("name: Lead,", "", "needs `name`"),
        ("id: phone", "id: ../phone", "cannot be an id"),
        ("people:", "people: [", ""),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line_and_nothing_is_put_in(
    tmp_path: Path, empty: DecisionStore, before: str, after: str, message: str
) -> None:
    path = tmp_path / "people.yaml"
    assert before in GOOD
    path.write_text(GOOD.replace(before, after, 1))

    with pytest.raises(PeopleFileError, match=r"people\.yaml:\d+") as raised:
        seed(empty, path, at=MACHINE, moment=LESSON)
    assert message in str(raised.value)
    assert empty.people.is_empty()
    assert 0 == empty.version()


def test_a_missing_file_is_named(tmp_path: Path, empty: DecisionStore) -> None:
    with pytest.raises(PeopleFileError, match=r"nowhere\.yaml"):
        seed(empty, tmp_path / "nowhere.yaml", at=MACHINE, moment=LESSON)
