"""
While the head is away: a deputy named in a dated delegation, which the head signs.

The deputy decides requests in the head's name, never their own. A delegation ends by its date or
when it is withdrawn, whichever comes first.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.core.times import local_date, moment_of, require_aware
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState, mistake_in, required
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import Signature
from schoolgate_policyd.workflow.signed_text import (
    Part,
    moment_words,
    person_words,
    signature_part,
    signed_text,
)

# A summer holiday; a longer absence is for governors to fill the post.
LONGEST = timedelta(weeks=6)
FURTHEST_AHEAD = timedelta(days=366)
DELEGATION_FIELDS = ("deputy", "starts_on", "ends_on", "reasons")


class Delegation(msgspec.Struct, frozen=True):
    """
    *head* lets *deputy* decide on [starts_at, ends_at) (aware, the school's clock).

    *given_at* and *withdrawn_at* are machine time.
    """

    id: int
    head: str
    deputy: str
    starts_at: datetime
    ends_at: datetime
    reasons: str
    given_at: datetime
    signature: Signature
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_why: str | None = None

    def is_live(self, moment: datetime) -> bool:
        """Whether it holds at *moment* (aware, the school's clock)."""
        is_now = self.starts_at <= require_aware(moment) < self.ends_at
        return is_now and self.withdrawn_at is None

    def is_over(self, moment: datetime) -> bool:
        """Whether it holds neither at *moment* nor later."""
        return self.withdrawn_at is not None or self.ends_at <= require_aware(moment)


class DelegationForm(msgspec.Struct, frozen=True):
    """What the head filled in."""

    deputy: str
    starts_at: datetime
    ends_at: datetime
    reasons: str


def live_at(
    delegations: Iterable[Delegation], people: tuple[Member, ...], moment: datetime
) -> tuple[Delegation, ...]:
    """
    Return those of *delegations* that hold at *moment* (aware).

    One whose head is no longer a head, or whose deputy can no longer stand in, does not.
    """
    heads = {each.id for each in people if each.holds(Duty.HEAD)}
    by_id = {each.id: each for each in people}
    return tuple(
        each
        for each in delegations
        if each.is_live(moment)
        and each.head in heads
        and each.deputy in by_id
        and may_be_deputy(by_id[each.deputy], each.head)
    )


def may_be_deputy(member: Member, head: str) -> bool:
    """Whether *member* may stand in for *head*: staff who can sign in, and no head themselves."""
    return (
        member.audience is Audience.STAFF
        and member.username is not None
        and member.id != head
        and not member.holds(Duty.HEAD)
    )


def parse_delegation(
    raw: Mapping[str, str],
    *,
    by: str,
    people: tuple[Member, ...],
    moment: datetime,
    zone: ZoneInfo,
) -> DelegationForm:
    """Return what head *by* typed in at *moment* (aware, school's clock). Raises InvalidForm."""
    entry = Entry(raw, DELEGATION_FIELDS)
    able = {each.id: each.id for each in people if may_be_deputy(each, by)}
    deputy = entry.choice("deputy", able, "Choose who decides in your name.")
    starts_on = entry.day("starts_on", "Enter the first day.")
    ends_on = entry.day("ends_on", "Enter the last day: every delegation has an end.")
    reasons = entry.text("reasons", "Give your reasons.")
    _check_days(entry, starts_on, ends_on, local_date(moment, zone))
    entry.raise_mistakes()
    if deputy is None or starts_on is None or ends_on is None:
        raise AssertionError("a form without mistakes lacks a value")
    return DelegationForm(
        deputy=deputy,
        starts_at=moment_of(starts_on, time(0), zone),
        ends_at=moment_of(ends_on + timedelta(days=1), time(0), zone),
        reasons=reasons,
    )


def require_may_give(by: Member) -> None:
    """Raise NotAllowed unless *by* may name a deputy."""
    if not by.holds(Duty.HEAD):
        raise NotAllowed("Only the headteacher names a deputy.")


def give(
    form: DelegationForm,
    *,
    by: Member,
    people: tuple[Member, ...],
    standing: tuple[Delegation, ...],
    signature: Signature,
    at: datetime,
    moment: datetime,
) -> Delegation:
    """
    Return the delegation that *by* signs, unnumbered.

    *standing* are those that are not over. Raises NotAllowed, InvalidForm.
    """
    require_may_give(by)
    if not any(each.id == form.deputy and may_be_deputy(each, by.id) for each in people):
        raise NotAllowed("A deputy is a member of staff who can sign in.")
    required("reasons", form.reasons, "Give your reasons.")
    if form.ends_at <= max(form.starts_at, moment) or form.ends_at - form.starts_at > LONGEST:
        raise mistake_in("ends_on", "It lasts six weeks at most.")
    if any(_overlap(each, form) and each.head == by.id for each in standing):
        raise WrongState("You have named a deputy for some of these days: withdraw that first.")
    return Delegation(
        id=0,
        head=by.id,
        deputy=form.deputy,
        starts_at=form.starts_at,
        ends_at=form.ends_at,
        reasons=form.reasons,
        given_at=require_aware(at),
        signature=signature,
    )


def delegation_text(
    delegation: Delegation, *, head: Member, deputy: Member, zone: ZoneInfo
) -> str:
    """Return exactly what *head* signs."""
    fields = (
        ("Headteacher", person_words(head.name, head.id)),
        ("Who decides", person_words(deputy.name, deputy.id)),
        ("From", moment_words(delegation.starts_at, zone)),
        ("Until", moment_words(delegation.ends_at, zone)),
        ("Reasons", delegation.reasons),
    )
    signed_on = ("Date", day_words(delegation.signature.signed_on))
    return signed_text(
        "Delegation of decisions on requests",
        (Part("Delegation", fields), signature_part(head, signed_on)),
    )


def may_end(delegation: Delegation, member: Member) -> bool:
    """Whether *member* may withdraw it: a head, the chair of governors, the deputy themselves."""
    return member.id == delegation.deputy or member.holds(Duty.HEAD, Duty.CHAIR_OF_GOVERNORS)


def end(
    delegation: Delegation, *, by: Member, why: str, at: datetime, moment: datetime
) -> Delegation:
    """Return *delegation* withdrawn. Raises NotAllowed, WrongState, InvalidForm."""
    if not may_end(delegation, by):
        raise NotAllowed("The headteacher, the chair of governors or the deputy withdraws it.")
    if delegation.is_over(moment):
        raise WrongState("It is over already.")
    return msgspec.structs.replace(
        delegation,
        withdrawn_at=require_aware(at),
        withdrawn_by=by.id,
        withdrawn_why=required("why", why, "Say why it is withdrawn."),
    )


def _overlap(delegation: Delegation, form: DelegationForm) -> bool:
    return delegation.starts_at < form.ends_at and form.starts_at < delegation.ends_at


def _check_days(entry: Entry, starts_on: date | None, ends_on: date | None, today: date) -> None:
    if starts_on is not None:
        if starts_on < today:
            entry.mistake("starts_on", "It cannot start before today.")
        elif starts_on > today + FURTHEST_AHEAD:
            entry.mistake("starts_on", "It must start within a year.")
    if starts_on is None or ends_on is None:
        return
    if ends_on < starts_on:
        entry.mistake("ends_on", "The last day must not be before the first.")
    elif ends_on - starts_on >= LONGEST:
        entry.mistake("ends_on", "It lasts six weeks at most: name a deputy again after that.")
