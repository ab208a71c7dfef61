"""A legal hold names objects that are there, and says nothing of matters about whoever asks."""

import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from office import CHAIR, DSL, HEAD, LEAD, MACHINE, PUPIL
from paper_stages import Make, adding, assignment, incident, report, restriction, supervised
from sqlalchemy import select, text
from told_stages import look

import schoolgate_policyd
import schoolgate_webui
from schoolgate_policyd.store.about import MATTERS, is_not_about, people_about_in
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.held_objects import HOLDABLE, is_there_in
from schoolgate_policyd.store.models import AuditPersonalRow, AuditRow, ReportAboutRow
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import IncidentState
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold, may_see
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reports import ReportState
from schoolgate_policyd.workflow.restrictions import RestrictionState

# The table and the column with whom it is about, to make one about somebody else.
ABOUT: dict[str, tuple[Make, str]] = {
    "incident": (incident(IncidentState.NEW), "incidents"),
    "restriction": (restriction(RestrictionState.PROPOSED), "restrictions"),
    "look": (look, "looks"),
    "assignment": (assignment(), "device_assignments"),
    "supervised-session": (supervised(), "supervised_sessions"),
}
# What somebody asked for, holds or did themselves, or what is about nobody.
ABOUT_NOBODY = {
    "acknowledgement",
    "api-token",
    "block",
    "claim",
    "class",
    "delegation",
    "device",
    "different-day",
    "grant",
    "network",
    "passkey",
    "policy",
    "request",
    "session",
    "site",
    "standing",
    "standing-request",
    "training",
}
# Entries of the audit are on these as well, which are no records that a hold could keep.
NO_OBJECTS = {"audit", "figures", "first-run", "legal-hold", "records", "register", "school"}


def make_about(store: DecisionStore, kind: str, who: Member) -> None:
    """Make the matter *kind*/1 about *who*."""
    if kind == "report":
        report(ReportState.WAITING)(store)
        adding(lambda: ReportAboutRow(report_id=1, person_id=who.id))(store)
        return
    make, table = ABOUT[kind]
    if who.id == PUPIL.id:
        make(store)
        return
    # What was proposed is never changed, so it is made about them at once.
    with store.database.writing() as session:
        triggers = session.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"),
            {"t": table},
        ).all()
        for name, _ in triggers:
            session.execute(text(f"DROP TRIGGER {name}"))
    make(store)
    with store.database.writing() as session:
        session.execute(text(f"UPDATE {table} SET person_id = :who"), {"who": who.id})  # noqa: S608 - the table is named above
        for _, sql in triggers:
            session.execute(text(sql))


def kinds_in_the_source() -> set[str]:
    """Return each kind of object that an entry of the audit or a kind of retention names."""
    folders = (Path(each.__file__).parent for each in (schoolgate_policyd, schoolgate_webui))
    sources = chain.from_iterable(folder.rglob("*.py") for folder in folders)
    named = re.compile(r'\bon(?:, details)? ?= ?\(\s*"([a-z-]+)",')
    return {kind for path in sources for kind in named.findall(path.read_text())}


def test_every_kind_of_object_may_be_held_and_is_about_whom_it_names() -> None:
    assert set(HOLDABLE) == kinds_in_the_source() - NO_OBJECTS
    assert set(HOLDABLE) - {"person"} == set(MATTERS) | ABOUT_NOBODY
    assert set(MATTERS) == {*ABOUT, "report"}


@pytest.mark.parametrize("kind", MATTERS)
def test_whom_a_matter_is_about_sees_no_hold_on_it_and_cannot_lift_it(
    store: DecisionStore, kind: str
) -> None:
    make_about(store, kind, HEAD)
    placed = store.legal_holds.place(
        NewHold(HoldOn.OBJECT, f"{kind}/1", "a complaint"), by=CHAIR.id, at=MACHINE
    )

    assert frozenset({HEAD.id}) == placed.about
    assert (False, True) == (may_see(HEAD, placed), may_see(DSL, placed))
    with store.database.reading() as session:
        on_holds = (
            select(AuditRow.id)
            .join(AuditPersonalRow, AuditPersonalRow.id == AuditRow.id)
            .where(AuditRow.object_kind == "legal-hold")
        )
        assert [] == list(session.scalars(on_holds.where(is_not_about(HEAD.id))))
        assert 1 == len(list(session.scalars(on_holds.where(is_not_about(DSL.id)))))


def refusal(store: DecisionStore, target: str, by: str) -> tuple[object, str]:
    with pytest.raises(InvalidForm) as caught:
        store.legal_holds.place(NewHold(HoldOn.OBJECT, target, "why"), by=by, at=MACHINE)
    return caught.value.mistakes, str(caught.value)


@pytest.mark.parametrize("kind", MATTERS)
def test_a_matter_about_whoever_asks_is_answered_like_one_that_is_not_there(
    store: DecisionStore, kind: str
) -> None:
    make_about(store, kind, HEAD)

    assert refusal(store, f"{kind}/2", HEAD.id) == refusal(store, f"{kind}/1", HEAD.id)
    assert () == store.legal_holds.every()


@pytest.mark.parametrize(
    "target",
    ["incident/01", "incident/x", "legal-hold/1", "nothing/1", "device/none", "person/no"],
)
def test_an_object_that_is_not_there_is_not_held(store: DecisionStore, target: str) -> None:
    incident(IncidentState.NEW)(store)

    refusal(store, target, DSL.id)


def removed_device(store: DecisionStore) -> str:
    store.devices.remove("tablet", version=1, by=HEAD.id, at=MACHINE)
    return "device/tablet"


@pytest.mark.parametrize(
    "named",
    [
        lambda _: f"person/{LEAD.id}",
        lambda _: "class/4B",
        lambda _: "device/tablet",
        removed_device,
    ],
)
def test_a_part_of_the_register_is_held_also_when_it_is_gone(
    store: DecisionStore, named: Callable[[DecisionStore], str]
) -> None:
    target = named(store)

    kind, _, id_ = target.partition("/")
    with store.database.reading() as session:
        assert is_there_in(session, kind, id_)
        about = people_about_in(session, HoldOn.OBJECT, target)
    assert about == (frozenset({id_}) if kind == "person" else frozenset())
