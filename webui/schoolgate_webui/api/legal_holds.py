"""Legal holds: what must not be deleted although its time is over."""

from datetime import datetime

from fastapi import APIRouter
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.legal_holds import (
    HoldOn,
    LegalHold,
    may_see,
    parse_hold,
    parse_lifting,
)
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.request_shapes import Why
from schoolgate_webui.api.shapes import (
    Entered,
    Named,
    Number,
    Page,
    Shape,
    Text,
    Word,
    known,
    named,
)
from schoolgate_webui.desk import Desk

router = APIRouter(tags=["Records"])


class HoldEntry(Entered):
    """
    What must be kept, and why.

    *on* says which of the three it is: a *person* (a name or pseudonym), an *object* like
    incident/17, or a *kind* of record as `/retention` names it.
    """

    on: Word = ""
    person: Word = ""
    object: Word = ""
    kind: Word = ""
    reason: Text = ""


class HoldShown(Shape):
    """A legal hold: what is under it is not deleted; *lifted_at* is null while it is in force."""

    number: int
    on: HoldOn
    target: str
    reason: str
    placed_by: Named
    placed_at: datetime
    lifted_by: Named | None
    lifted_at: datetime | None
    lifted_why: str | None


@router.get("/legal-holds", summary="Legal holds")
def holds(desk: DeskDep) -> Page[HoldShown]:
    """List the legal holds that the token's owner may know of."""
    found = desk.site.decisions.legal_holds.every()
    return Page(items=[_shown(each, desk) for each in found if may_see(desk.member, each)])


@router.post("/legal-holds", status_code=status.HTTP_201_CREATED, summary="Place a legal hold")
def place(desk: DeskDep, entered: HoldEntry) -> HoldShown:
    """Place a legal hold; never on what is about themselves."""
    store = desk.site.decisions
    kinds = [each.name for each in KINDS]
    new = parse_hold(entered.as_form(), people=store.people.members(), kinds=kinds)
    return _shown(store.legal_holds.place(new, by=desk.member.id, at=desk.now.machine), desk)


@router.post("/legal-holds/{number}/lift", summary="Lift a legal hold")
def lift(desk: DeskDep, number: Number, entered: Why) -> HoldShown:
    """Lift a legal hold for good, with a reason."""
    kept = desk.site.decisions.legal_holds
    if not any(each.id == number and may_see(desk.member, each) for each in kept.every()):
        raise UnknownObject(f"there is no legal hold {number} for them")
    why = parse_lifting(entered.as_form())
    return _shown(kept.lift(number, why=why, by=desk.member.id, at=desk.now.machine), desk)


def _shown(hold: LegalHold, desk: Desk) -> HoldShown:
    names, now = names_of(desk).people, desk.now
    return HoldShown(
        number=hold.id,
        on=hold.on,
        target=hold.target,
        reason=hold.reason,
        placed_by=known(hold.placed_by, names),
        placed_at=now.recorded(hold.placed_at),
        lifted_by=named(hold.lifted_by, names),
        lifted_at=None if hold.lifted_at is None else now.recorded(hold.lifted_at),
        lifted_why=hold.lifted_why,
    )
