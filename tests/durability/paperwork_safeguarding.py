"""Incidents, what follows from them, and what is blocked at once."""

import random
from datetime import datetime, timedelta

from deeds import Deed, Done
from office import DSL, HEAD, LEAD, LESSON, PUPIL, TEACHER
from signing_by_hand import sign
from to_sign import lifting_to_sign

from schoolgate_policyd.core.at_once import BlockedSite
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.rules import Citation, RestrictionKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.incidents import NewIncident
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.blocks import BlockForm
from schoolgate_policyd.workflow.incidents import (
    IncidentKind,
    IncidentState,
    IncidentSubject,
    Severity,
)
from schoolgate_policyd.workflow.restrictions import Proposal, RestrictionState

_MANY = 8
_CITE = Citation("Social Media Policy", "§9")


def open_incident(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    subject = IncidentSubject(Audience.PUPIL, PUPIL.id)
    severity = rng.choice(tuple(Severity))
    new = NewIncident(IncidentKind.CIRCUMVENTION, severity, subject, "A VPN", at)
    opened = store.incidents.open(new, by=TEACHER.id, at=at)
    return AuditAction.INCIDENT_OPENED, "incident", opened.id


def move_incident(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    some = store.incidents.seen_by(DSL.id, limit=_MANY)
    if not some:
        return None
    found, incidents = rng.choice(some), store.incidents
    number = found.id
    if found.state is IncidentState.CLOSED:
        incidents.reopen(number, by=DSL.id, why="again", at=at)
        return AuditAction.INCIDENT_REOPENED, "incident", number
    if found.state is IncidentState.NEW:
        incidents.take_up(number, by=DSL.id, at=at)
        return AuditAction.INCIDENT_TAKEN_UP, "incident", number
    match rng.randrange(3):
        case 0:
            incidents.note(number, by=DSL.id, text="asked at home", at=at)
            return AuditAction.INCIDENT_NOTED, "incident", number
        case 1:
            incidents.act(number, by=DSL.id, text="talked", at=at)
            return AuditAction.INCIDENT_ACTED, "incident", number
        case _:
            incidents.close(number, by=DSL.id, action="talked", outcome="understood", at=at)
            return AuditAction.INCIDENT_CLOSED, "incident", number


def propose(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    is_whole = rng.random() < 0.5
    proposal = Proposal(
        kind=RestrictionKind.SUPERVISED_ONLY if is_whole else RestrictionKind.WITHDRAWN_SERVICE,
        person=PUPIL.id,
        starts_at=LESSON,
        ends_at=LESSON + timedelta(days=rng.randrange(1, 9)),
        why="again",
        cite=_CITE,
        service=None if is_whole else "clips",
    )
    proposed = store.restrictions.propose(proposal, by=DSL.id, at=at)
    return AuditAction.RESTRICTION_PROPOSED, "restriction", proposed.id


def decide_restriction(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    some = [record for record, _ in store.restrictions.seen_by(HEAD.id)]
    open_ones = {RestrictionState.PROPOSED, RestrictionState.DECIDED}
    live = [each for each in some if each.state in open_ones]
    if not live:
        return None
    record = rng.choice(live)
    if record.state is RestrictionState.DECIDED:
        store.restrictions.end_early(record.id, by=HEAD.id, why="well", at=at, moment=LESSON)
        return AuditAction.RESTRICTION_ENDED_EARLY, "restriction", record.id
    is_approved = rng.random() < 0.8
    store.restrictions.decide(
        record.id, by=HEAD.id, is_approved=is_approved, reasons="so", at=at, moment=LESSON
    )
    said = AuditAction.RESTRICTION_DECIDED if is_approved else AuditAction.RESTRICTION_REFUSED
    return said, "restriction", record.id


def block(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    in_force = store.blocks.in_force()
    if len(in_force) < _MANY and rng.random() < 0.6:
        site = BlockedSite(parse_host(f"n{rng.randrange(10**6)}.example"))
        made = store.blocks.make(BlockForm(site, rng.random() < 0.5, "harm"), by=LEAD.id, at=at)
        return AuditAction.BLOCKED_AT_ONCE, "block", made.number
    if not in_force:
        return None
    number = rng.choice(in_force).number
    sign(store, lifting_to_sign(store, number, at=at), at=at)
    return AuditAction.BLOCK_LIFTED, "block", number


DEEDS = (
    Deed(open_incident, 2),
    Deed(move_incident, 6),
    Deed(propose, 2),
    Deed(decide_restriction, 5),
    Deed(block, 4),
)
