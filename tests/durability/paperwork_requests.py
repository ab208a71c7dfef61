"""Requests from the draft to the end, deputies and standing permissions."""

import random
from datetime import date, datetime

from deeds import Deed, Done
from office import DSL, HEAD, LEAD, LESSON, NOON, TEACHER, form
from signing_by_hand import sign_decision, sign_delegation, sign_standing

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.workflow.forms import ReviewForm
from schoolgate_policyd.workflow.requests import OPEN_STATES, AccessRequest, State
from schoolgate_policyd.workflow.standing_requests import StandingForm

# As many as wait at once; more are withdrawn before others are asked for.
_MANY = 12
_REVIEWED = date(2027, 6, 1)
_PERMISSIONS = ("staff-break-access", "school-account")


def ask(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    if len(_in(store, *OPEN_STATES)) >= _MANY:
        return None
    url = f"https://www.clips.example/watch?v={rng.randrange(10**6)}"
    draft = None
    if rng.random() < 0.3:
        draft = store.request_drafts.save(TEACHER.id, {"url": url}, at=at).id
    asked = store.requests.submit(TEACHER.id, form(url), at=at, moment=LESSON, draft=draft)
    return AuditAction.REQUEST_SUBMITTED, "request", asked.id


def check(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    waiting = _in(store, State.SUBMITTED)
    if not waiting:
        return None
    number, is_fine = rng.choice(waiting).id, rng.random() < 0.85
    answer = ReviewForm(is_fine, "seen")
    store.requests.review(number, by=LEAD.id, answer=answer, at=at, moment=LESSON)
    said = AuditAction.MEASURES_CONFIRMED if is_fine else AuditAction.MEASURES_REFUSED
    return said, "request", number


def decide(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    waiting = _in(store, State.MEASURES_CONFIRMED)
    if not waiting:
        return None
    asked, is_approved = rng.choice(waiting), rng.random() < 0.8
    sign_decision(store, asked, is_approved=is_approved, at=at)
    said = AuditAction.REQUEST_APPROVED if is_approved else AuditAction.REQUEST_REFUSED
    return said, "request", asked.id


def withdraw(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    some = _in(store, *OPEN_STATES, State.APPROVED)
    if not some:
        return None
    number = rng.choice(some).id
    store.requests.withdraw(number, by=TEACHER.id, why="no need", at=at, moment=LESSON)
    return AuditAction.REQUEST_WITHDRAWN, "request", number


def change(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    some = _in(store, *OPEN_STATES, State.APPROVED)
    if not some:
        return None
    asked = rng.choice(some)
    store.requests.change(
        asked.id,
        by=TEACHER.id,
        form=form(f"{asked.form.url}&t={rng.randrange(99)}"),
        why="another film",
        at=at,
        moment=LESSON,
    )
    return AuditAction.REQUEST_CHANGED, "request", asked.id


def ask_back(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    waiting = _in(store, State.SUBMITTED)
    if not waiting:
        return None
    asked = rng.choice(waiting)
    talk = store.request_talk
    if asked.questions and asked.questions[-1].answer is None:
        talk.answer(asked.id, by=TEACHER.id, text="Because.", at=at, moment=LESSON)
        return AuditAction.QUESTION_ANSWERED, "request", asked.id
    talk.ask(asked.id, by=LEAD.id, question="Why?", at=at, moment=LESSON)
    return AuditAction.QUESTION_ASKED, "request", asked.id


def end_grants(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    grants = store.live(LESSON).grants
    if not grants:
        return None
    store.end_overdue(NOON, at=at)
    return AuditAction.GRANT_ENDED, "grant", rng.choice(grants).id


def name_deputy(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    live = [each for each in store.delegations.every() if each.withdrawn_at is None]
    if live:
        number = rng.choice(live).id
        store.delegations.end(number, by=HEAD.id, why="back", at=at, moment=LESSON)
        return AuditAction.DEPUTY_WITHDRAWN, "delegation", number
    given = sign_delegation(store, DSL.id, at=at)
    return AuditAction.DEPUTY_NAMED, "delegation", given


def ask_standing(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    wanted = StandingForm(rng.choice(_PERMISSIONS), "For news", "Watched", _REVIEWED)
    asked = store.standing_requests.ask(DSL.id, wanted, at=at)
    return AuditAction.STANDING_ASKED, "standing-request", asked.id


def move_standing(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    waiting = [each for each in store.standing_requests.every() if each.is_open]
    if not waiting:
        return None
    asked, is_fine = rng.choice(waiting), rng.random() < 0.8
    if rng.random() < 0.1:
        store.standing_requests.withdraw(asked.id, by=DSL.id, why="no need", at=at)
        return AuditAction.STANDING_WITHDRAWN, "standing-request", asked.id
    if asked.state is State.SUBMITTED:
        answer = ReviewForm(is_fine, "seen")
        store.standing_requests.check(asked.id, by=LEAD.id, answer=answer, at=at)
    else:
        sign_standing(store, asked, is_approved=is_fine, at=at)
    if is_fine:
        return AuditAction.STANDING_RECORDED, "standing", asked.form.name
    return AuditAction.STANDING_REFUSED, "standing-request", asked.id


def withdraw_standing(store: DecisionStore, rng: random.Random, at: datetime) -> Done:
    history = store.standing.history(rng.choice(_PERMISSIONS))
    standing = [
        each
        for each in history
        if each.withdrawn_at is None and each.kind is StandingRecordKind.HEAD_PERMISSION
    ]
    if not standing:
        return None
    record = standing[0]
    store.standing.withdraw(record.id, by=HEAD.id, at=at)
    return AuditAction.STANDING_WITHDRAWN, "standing", record.name


def _in(store: DecisionStore, *states: State) -> list[AccessRequest]:
    return [each for each in store.requests.every(limit=60) if each.state in states]


DEEDS = (
    Deed(ask, 8),
    Deed(check, 8),
    Deed(decide, 12),
    Deed(withdraw, 3),
    Deed(change, 3),
    Deed(ask_back, 3),
    Deed(end_grants, 2),
    Deed(name_deputy, 2),
    Deed(ask_standing, 2),
    Deed(move_standing, 5),
    Deed(withdraw_standing, 1),
)
