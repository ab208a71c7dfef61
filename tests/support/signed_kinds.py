"""Every kind of signature: something to sign, what makes it stale, and what signing it does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from office import (
    DSL,
    HEAD,
    LEAD,
    LESSON,
    MACHINE,
    NETWORKS,
    SECOND_HEAD,
    TEACHER,
    form,
    policy,
    sign,
    source,
)
from policy_paper import GOVERNOR, LONDON, REASONS, SHARED, STRICT_TERMS, TECHNICIAN, proof
from policy_store import employ
from to_sign import (
    DOCUMENT,
    TODAY,
    direction_to_sign,
    duties_to_sign,
    lifting_to_sign,
    sign_day,
    sign_duties,
    sign_lifting,
    standing_to_sign,
)

from schoolgate_policyd.core.at_once import BlockedSite
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.store.signed_days import CALENDAR, DayToSign
from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.store.signing_desk import Signable
from schoolgate_policyd.workflow.blocks import BlockForm
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_policyd.workflow.delegations import DelegationForm
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.networks import NetworkEntry
from schoolgate_policyd.workflow.policy_versions import Direction, Minutes
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_policyd.workflow.standing_requests import StandingForm

_OPERATOR = HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"clips"}))
LATER = MACHINE + timedelta(minutes=1)
_SNOW = DayEntry(DayKind.CLOSED, TODAY, TODAY, "Snow")
_INSET = DayEntry(DayKind.CLOSED_FOR_PUPILS, TODAY, TODAY, "INSET")
_SITE = BlockedSite(DomainName("bad.example"))


@dataclass(frozen=True)
class KindOfSignature:
    """
    One kind: *to_sign* by the head, in a store in which it waits for them.

    *spoil* makes what was shown stale; *is_done* says whether what was signed was done.
    *says* is a line of its text, *of* the object and version that are signed.
    """

    to_sign: Callable[[DecisionStore], Signable]
    spoil: Callable[[DecisionStore], object]
    is_done: Callable[[DecisionStore], bool]
    says: str
    of: tuple[str, int]


def _decision(store: DecisionStore) -> Signable:
    number = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON).id
    answer = ReviewForm(are_in_place=True, why="seen")
    store.requests.review(number, by=LEAD.id, answer=answer, at=MACHINE, moment=LESSON)
    asked = store.requests.find(number)
    grant = grant_for(asked, policy().catalogue)
    effects = effects_of(grant, source(), asked.form.url, moment=LESSON)
    decision = DecisionForm(True, "good", HEAD.name, TODAY)
    shown = WouldOpen(grant, ("it opens",), ())
    return DecisionToSign(number, HEAD.id, decision, effects, shown, LONDON, LATER, LESSON)


def _delegation(store: DecisionStore) -> Signable:
    del store
    away = DelegationForm(TEACHER.id, LESSON, LESSON + timedelta(days=3), "away")
    return DelegationToSign(HEAD.id, away, TODAY, LONDON, LATER, LESSON)


def _standing(store: DecisionStore) -> Signable:
    asked = StandingForm("break", "at break", "own devices", date(2026, 12, 1))
    number = store.standing_requests.ask(DSL.id, asked, at=MACHINE).id
    answer = ReviewForm(are_in_place=True, why="they are")
    store.standing_requests.check(number, by=LEAD.id, answer=answer, at=MACHINE)
    return standing_to_sign(store, number, at=LATER)


def _block(store: DecisionStore) -> Signable:
    made = store.blocks.make(BlockForm(_SITE, False, "harm"), by=LEAD.id, at=MACHINE)
    return lifting_to_sign(store, made.number, reason="mended", at=LATER)


def _day(store: DecisionStore) -> Signable:
    del store
    return DayToSign(HEAD.id, _SNOW, DOCUMENT, TODAY, LATER)


def _network(store: DecisionStore) -> Signable:
    del store
    return NetworkToSign(HEAD.id, NETWORKS[0], _entry(Audience.STAFF), 0, DOCUMENT, LATER)


def _entry(audience: Audience) -> NetworkEntry:
    is_staff = audience is Audience.STAFF
    device = DeviceKind.SCHOOL_COMPUTER if is_staff else DeviceKind.UNKNOWN
    return NetworkEntry("Wi-Fi", audience, device, inspectable=True, reasons="the new block")


def _close_network(store: DecisionStore) -> None:
    closed = _entry(Audience.PUPIL)
    store.networks.change(NETWORKS[0], closed, version=0, by=HEAD.id, at=MACHINE)


def _policy(store: DecisionStore) -> Signable:
    employ(store)
    store.policies.take_up("hill", _content("1"), at=MACHINE, moment=LESSON)
    begun = store.policies.begin(
        "hill",
        _content("2"),
        by=TECHNICIAN.id,
        summary="Lunch alone",
        base=1,
        at=MACHINE,
        moment=LESSON,
    )
    number = begun.number
    store.policies.record(number, proof(begun, opens=False), by=TECHNICIAN.id)
    store.policies.propose(
        number, by=TECHNICIAN.id, reasons=REASONS, shared=SHARED, at=MACHINE, moment=LESSON
    )
    now = Direction(LESSON, is_for_safety=True)
    return direction_to_sign(number, now, shared=SHARED, at=LATER, moment=LESSON)


def _content(name: str) -> PolicyContent:
    return PolicyContent({"schools/hill.yaml": f"# {name}\n"}, f"{name:0>64}", STRICT_TERMS)


def _approve(store: DecisionStore) -> None:
    minutes = Minutes(TODAY, "FGB 7.2")
    store.policies.approve(2, by=GOVERNOR.id, minutes=minutes, today=TODAY, at=MACHINE)


def _is_in_force(store: DecisionStore) -> bool:
    version = store.policies.in_force("hill", LESSON)
    return version is not None and version.number == 2


KINDS: dict[SignedKind, KindOfSignature] = {
    SignedKind.DECISION: KindOfSignature(
        to_sign=_decision,
        spoil=lambda store: store.requests.withdraw(
            1, by=TEACHER.id, why="no", at=MACHINE, moment=LESSON
        ),
        is_done=lambda store: store.requests.find(1).grant is not None,
        says="Reasons for access: Science lesson",
        of=("1", 1),
    ),
    SignedKind.DELEGATION: KindOfSignature(
        to_sign=_delegation,
        spoil=lambda store: sign(store, _delegation(store), at=LATER),
        is_done=lambda store: bool(store.delegations.every()),
        says=f"Who decides: {TEACHER.name} ({TEACHER.id})",
        of=(HEAD.id, 0),
    ),
    SignedKind.STANDING: KindOfSignature(
        to_sign=_standing,
        spoil=lambda store: store.standing_requests.withdraw(1, by=DSL.id, why="no", at=MACHINE),
        is_done=lambda store: "break" in store.live(LESSON).standing,
        says="Until: 1 December 2026, that day included",
        of=("1", 2),
    ),
    SignedKind.BLOCK: KindOfSignature(
        to_sign=_block,
        spoil=lambda store: sign_lifting(store, 1, by=SECOND_HEAD.id),
        is_done=lambda store: store.blocks.find(1).lifted is not None,
        says="Opens: bad.example and everything below it, as far as the policy leaves it open",
        of=("1", 0),
    ),
    SignedKind.DIFFERENT_DAY: KindOfSignature(
        to_sign=_day,
        spoil=lambda store: sign_day(store, _INSET, by=SECOND_HEAD.id),
        is_done=lambda store: _SNOW in store.different_days.entries(TODAY),
        says="From: 20 November 2026, the whole day",
        of=(CALENDAR, 0),
    ),
    SignedKind.NETWORK: KindOfSignature(
        to_sign=_network,
        spoil=_close_network,
        is_done=lambda store: store.register(NETWORKS).networks[0].audience is Audience.STAFF,
        says="To whom: whoever asks from 127.0.1.0/24 and is not known otherwise",
        of=(NETWORKS[0].id, 0),
    ),
    SignedKind.POLICY: KindOfSignature(
        to_sign=_policy,
        spoil=_approve,
        is_done=_is_in_force,
        says="For safety, without waiting: yes",
        of=("2", 2),
    ),
    SignedKind.DUTY: KindOfSignature(
        to_sign=lambda store: duties_to_sign(store, TEACHER.id, _OPERATOR, at=LATER),
        spoil=lambda store: sign_duties(
            store, TEACHER.id, HeldDuty(Duty.GOVERNOR), by=SECOND_HEAD.id
        ),
        is_done=lambda store: store.person_records.one(TEACHER.id).duties == (_OPERATOR,),
        says="Duties from now on: account operator, on clips",
        of=(TEACHER.id, 1),
    ),
}
