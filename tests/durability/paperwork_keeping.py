"""What keeps the school's records: the policy, mail, legal holds, checkpoints, forgetting."""

import random
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from deeds import NO_ENTRY, Deed, Done
from office import CHAIR, HEAD, LESSON, PUPIL, TEACHER
from policy_paper import REASONS, SHARED, TECHNICIAN, proof
from signing_by_hand import sign_direction

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.rulefiles.preset import ChangeTerms
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold
from schoolgate_policyd.workflow.policy_versions import VersionState

SCHOOL = "hill"
# One key for every process, as the box has one; anybody may know this one.
SIGNER = Signer("school.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def read_mail(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    if not store.outbox.read_on(at=at, moment=LESSON):
        return None
    waiting = store.outbox.due(at)
    if waiting and rng.random() < 0.7:
        store.outbox.sent(rng.choice(waiting).id, at=at)
    return NO_ENTRY


def hold(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    in_force = [each for each in store.legal_holds.every() if each.is_in_force]
    if in_force:
        number = rng.choice(in_force).id
        store.legal_holds.lift(number, why="settled", by=CHAIR.id, at=at)
        return AuditAction.LEGAL_HOLD_LIFTED, "legal-hold", number
    new = NewHold(HoldOn.PERSON, rng.choice((PUPIL.id, TEACHER.id)), "a claim")
    return (
        AuditAction.LEGAL_HOLD_PLACED,
        "legal-hold",
        store.legal_holds.place(new, by=HEAD.id, at=at).id,
    )


def direct_policy(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    """Take up, draft, propose and direct by turns, whatever comes next."""
    versions = store.policies.every(SCHOOL)
    content = PolicyContent({"schools/hill.yaml": f"# {at}\n"}, f"{at:%Y%m%d%H%M%S%f}", TERMS)
    if not versions:
        taken = store.policies.take_up(SCHOOL, content, at=at, moment=LESSON)
        return None if taken is None else (AuditAction.POLICY_TAKEN_UP, "policy", taken.number)
    newest, by = versions[-1], TECHNICIAN.id
    if newest.state is VersionState.DRAFT:
        store.policies.record(newest.number, proof(newest, opens=False), by=by)
        store.policies.propose(
            newest.number, by=by, reasons=REASONS, shared=SHARED, at=at, moment=LESSON
        )
        return AuditAction.POLICY_PROPOSED, "policy", newest.number
    if newest.state is VersionState.PROPOSED:
        if rng.random() < 0.2:
            store.policies.refuse(newest.number, by=HEAD.id, reasons=REASONS, at=at)
            return AuditAction.POLICY_REFUSED, "policy", newest.number
        sign_direction(store, newest, at=at)
        return AuditAction.POLICY_DIRECTED, "policy", newest.number
    current = store.policies.in_force(SCHOOL, LESSON)
    base = None if current is None else current.number
    begun = store.policies.begin(
        SCHOOL, content, by=by, summary="Lunch", base=base, at=at, moment=LESSON
    )
    return AuditAction.POLICY_DRAFT_BEGUN, "policy", begun.number


def checkpoint(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    if rng.random() < 0.5:
        store.checkpoints.want(by=HEAD.id, at=at)
        return AuditAction.CHECKPOINT_WANTED, "audit", "log"
    store.checkpoints.make(SIGNER, at=at)
    return NO_ENTRY


def leave(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    """Somebody comes and leaves; at times they are forgotten, which writes the file anew."""
    person = f"guest-{rng.randrange(10**9)}"
    new = NewPerson(person, "Zephyrine Quaverley", Audience.VISITOR, None)
    store.people.add(new, at=at, by=HEAD.id)
    record = store.person_records.one(person)
    store.people_changes.leave(
        person, LESSON, version=record.version, by=HEAD.id, at=at, moment=LESSON
    )
    if rng.random() < 0.5:
        store.retention.forget(person, by=HEAD.id, at=at)
        return AuditAction.RECORDS_DELETED, "person", person
    return AuditAction.PERSON_LEFT, "person", person


TERMS = ChangeTerms()
DEEDS = (
    Deed(read_mail, 5),
    Deed(hold, 1),
    Deed(direct_policy, 3),
    Deed(checkpoint, 2),
    Deed(leave, 1),
)
