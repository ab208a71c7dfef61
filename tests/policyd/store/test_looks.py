"""An opened record: with its audit entry or not at all, for one viewer, and never for long."""

from datetime import timedelta

import pytest
from office import DSL, HEAD, LEAD, MACHINE, PUPIL, TEACHER
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.looks import OPEN_FOR, LookForm, LookReason
from schoolgate_policyd.workflow.people import Member

FORM = LookForm(LookReason.SAFEGUARDING, "a worried note of 3 March")


def test_a_look_is_open_for_its_viewer_until_its_end(store: DecisionStore) -> None:
    look = store.looks.open(PUPIL.id, by=DSL.id, form=FORM, at=MACHINE)

    assert {PUPIL.id: look} == store.looks.open_now(DSL.id, MACHINE)
    assert {} == store.looks.open_now(LEAD.id, MACHINE)
    assert {} == store.looks.open_now(DSL.id, MACHINE - timedelta(seconds=1))
    assert {PUPIL.id: look} == store.looks.open_now(
        DSL.id, MACHINE + OPEN_FOR - timedelta(seconds=1)
    )
    assert {} == store.looks.open_now(DSL.id, MACHINE + OPEN_FOR)


def test_it_is_in_the_audit_with_its_reason(store: DecisionStore) -> None:
    look = store.looks.open(TEACHER.id, by=LEAD.id, form=FORM, at=MACHINE)
    entry = store.audit.recent(limit=1)[0]

    assert look == store.looks.recent(limit=1)[0]
    assert (AuditAction.RECORD_OPENED, LEAD.id, "person", TEACHER.id) == (
        entry.action,
        entry.actor,
        entry.object_kind,
        entry.object_id,
    )
    assert {"look": look.id, "reason": FORM.reason.value} == entry.details


@pytest.mark.parametrize(
    ("person", "by"), [(HEAD, LEAD), (LEAD, LEAD), (TEACHER, DSL), (PUPIL, HEAD)]
)
def test_what_may_not_be_opened_leaves_nothing(
    store: DecisionStore, person: Member, by: Member
) -> None:
    before = store.looks.recent(limit=1), store.audit.recent(limit=1)
    with pytest.raises(NotAllowed):
        store.looks.open(person.id, by=by.id, form=FORM, at=MACHINE)

    assert before == (store.looks.recent(limit=1), store.audit.recent(limit=1))


def test_nothing_is_taken_out_without_an_open_record(store: DecisionStore) -> None:
    late = MACHINE + timedelta(days=1)
    with pytest.raises(NotAllowed):
        store.looks.exported(PUPIL.id, by=DSL.id, at=late, what="events")

    store.looks.open(PUPIL.id, by=DSL.id, form=FORM, at=late)
    store.looks.exported(PUPIL.id, by=DSL.id, at=late, what="events")
    assert AuditAction.EXPORTED is store.audit.recent(limit=1)[0].action


def test_what_was_said_of_a_look_is_never_changed(store: DecisionStore) -> None:
    store.looks.open(PUPIL.id, by=DSL.id, form=FORM, at=MACHINE)
    with pytest.raises(StoreError, match="never changed"), store.database.writing() as session:
        session.execute(text("UPDATE looks SET reason = 'prevention-of-crime'"))


def test_the_key_of_pseudonyms_is_made_once(store: DecisionStore) -> None:
    key = store.looks.pseudonym_key()

    assert 32 == len(key)
    assert key == store.looks.pseudonym_key()


def test_everybody_is_told_with_their_duties_and_year(store: DecisionStore) -> None:
    everybody = {each.member.id: each for each in store.looks.everybody()}

    assert {each.id for each in store.people.members()} <= set(everybody)
    assert HEAD.duties == everybody[HEAD.id].member.duties
    assert (PUPIL.name, PUPIL.audience) == (
        everybody[PUPIL.id].member.name,
        everybody[PUPIL.id].member.audience,
    )
    years = {each.id: each.year_group for each in store.people.register(()).people}
    assert years[PUPIL.id] == everybody[PUPIL.id].year
