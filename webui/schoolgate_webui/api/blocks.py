"""What is blocked at once."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette import status

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.workflow.blockable import name_of
from schoolgate_policyd.workflow.blocks import Block, parse_block
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import part_of
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
from schoolgate_webui.routes.reports import visible

router = APIRouter(tags=["Reports and blocks"])


class BlockEntry(Entered):
    """
    What is to be blocked, for whom and why; *report* is the report that it comes from.

    Where there is something to be known first, the answer says it with a word for *sure*.
    """

    url: Text = ""
    extent: Word = ""
    whom: Word = ""
    reason: Text = ""
    answer: Text = ""
    sure: Word = ""
    report: Annotated[int | None, Field(ge=1, le=2**53)] = None


class LiftedShown(Shape):
    """Who lifted a block, when and why."""

    by: Named
    at: datetime
    reason: str


class BlockShown(Shape):
    """A block at once; *lifted* is null while it is in force."""

    number: int
    what: str
    whom: str
    reason: str
    by: Named
    at: datetime
    lifted: LiftedShown | None
    page: str


@router.get("/blocks", summary="What is blocked at once")
def listed(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[BlockShown]:
    """List what is blocked at once, then what was."""
    store = desk.site.decisions.blocks
    return part_of(
        desk.request,
        (*store.in_force(), *store.lifted()),
        lambda each: _shown(desk, each),
        number=lambda each: each.number,
        after=after,
        limit=limit,
    )


@router.get("/blocks/{number}", summary="One block")
def one(desk: DeskDep, number: Number) -> BlockShown:
    """Give one block."""
    return _shown(desk, desk.site.decisions.blocks.find(number))


@router.post("/blocks", status_code=status.HTTP_201_CREATED, summary="Block at once")
def block(desk: DeskDep, entered: BlockEntry) -> BlockShown:
    """Block at once; it is in force within a second."""
    decisions, now, by = desk.site.decisions, desk.now, desk.member.id
    if entered.report is not None:
        visible(desk, entered.report)
    form = parse_block(entered.as_form(), _catalogue(desk))
    if entered.report is not None:
        made = decisions.reports.block(entered.report, by=by, form=form, at=now.machine)
    else:
        made = decisions.blocks.make(form, by=by, at=now.machine)
    desk.site.changed()
    return _shown(desk, made)


def _catalogue(desk: Desk) -> Catalogue:
    return desk.site.policy_in_force.policy().catalogue


def _shown(desk: Desk, found: Block) -> BlockShown:
    people, now, lifted = names_of(desk).people, desk.now, found.lifted
    return BlockShown(
        number=found.number,
        what=name_of(found.what, _catalogue(desk)),
        whom="everybody" if found.is_for_everybody else "pupils",
        reason=found.reason,
        by=known(found.by, people),
        at=now.recorded(found.at),
        lifted=None
        if lifted is None
        else LiftedShown(
            by=known(lifted.by, people), at=now.recorded(lifted.at), reason=lifted.reason
        ),
        page=f"/blocks/{found.number}",
    )
