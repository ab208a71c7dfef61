"""Sites for pupils, training, who acknowledged the policy, mail, and one's own address."""

from datetime import date, datetime

from fastapi import APIRouter
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.outbox import Mail
from schoolgate_policyd.store.told import Listed, TrainingRecord
from schoolgate_policyd.workflow.acknowledging import has_to
from schoolgate_policyd.workflow.alert_words import said
from schoolgate_policyd.workflow.alerts import may_see_mail
from schoolgate_policyd.workflow.suggested_sites import read_site
from schoolgate_policyd.workflow.training import TrainingKind, read_training
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import newest_of, not_in_list, rest_of
from schoolgate_webui.api.shapes import (
    After,
    Entered,
    Limit,
    Named,
    Number,
    Page,
    Shape,
    Text,
    Word,
    known,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import today
from schoolgate_webui.views.moments import Now

router = APIRouter(tags=["Told and recorded"])

_NO_CONTENT = status.HTTP_204_NO_CONTENT


class SiteEntry(Entered):
    """A site that pupils are asked to use."""

    name: Word = ""
    url: Text = ""
    about: Text = ""


class SiteShown(Shape):
    """A site on the list that parents read."""

    number: int
    name: str
    url: str
    about: str


class TrainingEntry(Entered):
    """Training that was given, without pupils' names; days like 2026-11-20."""

    kind: Word = ""
    what: Word = ""
    for_whom: Word = ""
    given_on: Word = ""
    due_again_on: Word = ""


class TrainingShown(Shape):
    """Training that was given; *due_again_on* is null where it is not due again."""

    number: int
    kind: TrainingKind
    what: str
    for_whom: str
    given_on: date
    due_again_on: date | None
    recorded_by: Named
    recorded_at: datetime


class AcknowledgementShown(Shape):
    """
    Somebody of the staff, and the version of the policy that they acknowledged last.

    Null where they never have; *is_current* says whether that is the one in force.
    """

    person: Named
    version: int | None
    at: datetime | None
    is_current: bool


class MailShown(Shape):
    """A mail and what became of it; *why* is what stands in its way."""

    number: int
    recipient: Named
    has_address: bool
    subject: str
    made_at: datetime
    tries: int
    next_try_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    why: str | None


class MailList(Page[MailShown]):
    """Mails, the newest first, and how it goes: *failing_since* is null while mail leaves."""

    has_server: bool
    waiting: int
    without_address: int
    last_sent_at: datetime | None
    failing_since: datetime | None
    failing_why: str | None


class AddressShown(Shape):
    """Where the alerts of the token's owner go; null for nowhere."""

    email: str | None


@router.get("/suggested-sites", summary="Sites that pupils are asked to use")
def sites(desk: DeskDep) -> Page[SiteShown]:
    """List the sites by name."""
    return Page(items=[_site(each) for each in desk.site.decisions.suggested_sites.listed()])


@router.post("/suggested-sites", status_code=status.HTTP_201_CREATED, summary="List a site")
def list_site(desk: DeskDep, entered: SiteEntry) -> SiteShown:
    """Put a site on the list."""
    store, site = desk.site.decisions.suggested_sites, read_site(entered.as_form())
    return _site(store.add(site, by=desk.member.id, at=desk.now.machine))


@router.delete(
    "/suggested-sites/{number}", status_code=_NO_CONTENT, summary="Take a site off the list"
)
def unlist_site(desk: DeskDep, number: Number) -> Response:
    """Take a site off the list."""
    store = desk.site.decisions.suggested_sites
    store.remove(number, by=desk.member.id, at=desk.now.machine)
    return Response(status_code=_NO_CONTENT)


@router.get("/training", summary="Training that was given, newest first")
def training(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[TrainingShown]:
    """List what was given."""
    try:
        found = desk.site.decisions.training.every(after=after, limit=limit)
    except UnknownObject as error:
        raise not_in_list() from error
    return newest_of(
        desk.request,
        found,
        lambda each: _given(each, desk),
        number=lambda each: each.id,
        limit=limit,
    )


@router.post("/training", status_code=status.HTTP_201_CREATED, summary="Write training down")
def record_training(desk: DeskDep, entered: TrainingEntry) -> TrainingShown:
    """Write down what was given."""
    store, given = (
        desk.site.decisions.training,
        read_training(entered.as_form(), today=today(desk)),
    )
    return _given(store.record(given, by=desk.member.id, at=desk.now.machine), desk)


@router.get("/acknowledgements", summary="Which staff acknowledged the policy")
def acknowledgements(desk: DeskDep) -> Page[AcknowledgementShown]:
    """List the staff who sign in, those first who have still to acknowledge what is in force."""
    current = desk.site.acknowledging.in_force(desk.now.school)
    newest = desk.site.decisions.acknowledgements.newest()
    found = []
    for each in desk.site.decisions.people.members():
        if not has_to(each) or each.username is None:
            continue
        known_of = newest.get(each.id)
        found.append(
            AcknowledgementShown(
                person=Named(id=each.id, name=each.name),
                version=None if known_of is None else known_of.version,
                at=None if known_of is None else desk.now.recorded(known_of.at),
                is_current=known_of is not None
                and current is not None
                and known_of.version == current.number,
            )
        )
    return Page(items=sorted(found, key=lambda each: each.is_current))


@router.get("/mail", summary="Mail: what was sent, and what waits")
def mail(desk: DeskDep, after: After = None, limit: Limit = 50) -> MailList:
    """List the mails; those in confidence for whom they are alone."""
    outbox, now = desk.site.decisions.outbox, desk.now
    state, found = outbox.state(), outbox.listed(limit, before=after)
    return MailList(
        items=[
            _mail(each, now)
            for each in found
            if may_see_mail(each.kind, each.recipient_id, desk.member.id)
        ],
        next=rest_of(desk.request, found, number=lambda each: each.id, limit=limit),
        has_server=desk.site.settings.mail is not None,
        waiting=state.waiting,
        without_address=state.without_address,
        last_sent_at=None if state.last_sent_at is None else now.recorded(state.last_sent_at),
        failing_since=None if state.failing_since is None else now.recorded(state.failing_since),
        failing_why=state.why,
    )


@router.get("/me/email", summary="Where their own alerts go")
def email(desk: DeskDep) -> AddressShown:
    """Give the owner's own address."""
    return AddressShown(email=desk.site.decisions.email_addresses.of(desk.member.id))


def _site(listed: Listed) -> SiteShown:
    site = listed.site
    return SiteShown(number=listed.id, name=site.name, url=site.url, about=site.about)


def _mail(mail: Mail, now: Now) -> MailShown:
    return MailShown(
        number=mail.id,
        recipient=Named(id=mail.recipient_id, name=mail.recipient),
        has_address=mail.has_address,
        subject=said(mail.kind, mail.facts).subject,
        made_at=now.recorded(mail.made_at),
        tries=mail.tries,
        next_try_at=now.recorded(mail.next_try_at),
        sent_at=None if mail.sent_at is None else now.recorded(mail.sent_at),
        given_up_at=None if mail.given_up_at is None else now.recorded(mail.given_up_at),
        why=mail.why,
    )


def _given(record: TrainingRecord, desk: Desk) -> TrainingShown:
    given = record.training
    return TrainingShown(
        number=record.id,
        kind=given.kind,
        what=given.what,
        for_whom=given.for_whom,
        given_on=given.given_on,
        due_again_on=given.due_again_on,
        recorded_by=known(record.by, names_of(desk).people),
        recorded_at=desk.now.recorded(record.at),
    )
