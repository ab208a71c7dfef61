"""Blocking at once, from a report or by hand; the list; lifting a block again."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import Url, parse_url
from schoolgate_policyd.workflow import policy_acts
from schoolgate_policyd.workflow.blocks import Block, parse_block
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.policy_acts import Act
from schoolgate_policyd.workflow.policy_versions import VersionState
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.routes.reports import visible
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views import at_once
from schoolgate_webui.views.signing import proof_words

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_LONGEST_URL = 2000
_LONGEST_NUMBER = 15
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.get("/blocks")
def listed(desk: DeskDep) -> HTMLResponse:
    """Show what is blocked at once, and what was."""
    store, names = desk.site.decisions.blocks, desk.site.names()
    in_force, lifted = (
        tuple(at_once.line_of(each, _catalogue(desk), names, desk.now) for each in some)
        for some in (store.in_force(), store.lifted())
    )
    page = at_once.BlocksPage(may(desk.member, Sight.BLOCK_AT_ONCE), in_force, lifted)
    return desk.page("blocks.html", blocks=page)


@router.get("/blocks/new")
def form(
    desk: DeskDep,
    url: Annotated[str, Query()] = "",
    report: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Show the form, filled in from an address or a report."""
    number = _number(report)
    if number:
        found = visible(desk, number).form.url
        url = "" if found is None else str(found)
    return _form(desk, {"url": url[:_LONGEST_URL]}, report=number)


@router.post("/blocks/new")
def block(desk: DeskDep, entered: EnteredDep) -> Response:
    """Block at once; it is in force within a second."""
    site, now, by = desk.site, desk.now, desk.member.id
    number = _number(entered.get("report", ""))
    if number:
        visible(desk, number)
    try:
        parsed = parse_block(entered, _catalogue(desk))
        if number:
            made = site.decisions.reports.block(number, by=by, form=parsed, at=now.machine)
        else:
            made = site.decisions.blocks.make(parsed, by=by, at=now.machine)
    except InvalidForm as error:
        return _form(desk, entered, report=number, invalid=error)
    site.changed()
    return _see(made.number, "blocked")


@router.get("/blocks/{number}")
def one(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one block."""
    kept = kept_entry(desk, SignedKind.BLOCK, str(number))
    return _page(desk, desk.site.decisions.blocks.find(number), kept)


@router.post("/blocks/{number}/lift")
def lift(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Go on to signing that a block is lifted; once signed, it is open within a second."""
    found = desk.site.decisions.blocks.find(number)
    try:
        return go_and_sign(desk, SignedKind.BLOCK, str(number), entered)
    except InvalidForm as error:
        return _page(desk, found, entered, error)


def _catalogue(desk: Desk) -> Catalogue:
    return desk.site.policy_in_force.policy().catalogue


def _number(text: str) -> int:
    """Return the number of a report in a form or an address, 0 where there is none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_number else 0


def _form(
    desk: Desk,
    entered: Mapping[str, str],
    *,
    report: int,
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    page = at_once.form_page(
        _catalogue(desk), _url(entered.get("url", "")), entered, report=report, invalid=invalid
    )
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("block_new.html", status_code=status_code, form=page)


def _page(
    desk: Desk, found: Block, entered: Mapping[str, str], invalid: InvalidForm | None = None
) -> HTMLResponse:
    site, names = desk.site, desk.site.names()
    signed = site.decisions.signings.of(SignedKind.BLOCK, str(found.number))
    page = at_once.block_page(
        found,
        _catalogue(desk),
        names,
        desk.now,
        status=site.status(),
        version=site.decisions.version(),
        drafts=_drafts(desk, found),
        may_draft=policy_acts.may(desk.member, Act.DRAFT),
        may_lift=may(desk.member, Sight.LIFT_BLOCKS),
        proofs=tuple(proof_words(each, names, desk.now) for each in signed),
        entered=entered,
        invalid=invalid,
    )
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("block.html", status_code=status_code, block=page)


def _drafts(desk: Desk, found: Block) -> tuple[at_once.DraftLink, ...]:
    """Return the drafts of the policy whose forms can be filled in with what is blocked."""
    change = at_once.change_query(found)
    if change is None or not policy_acts.may(desk.member, Act.DRAFT):
        return ()
    kind, query = change
    return tuple(
        at_once.DraftLink(
            f"Version {each.number}: {each.summary}",
            f"/policy/drafts/{each.number}/changes/{kind}?{query}",
        )
        for each in desk.site.workshop.every()
        if each.state is VersionState.DRAFT
    )


def _url(text: str) -> Url | None:
    try:
        return parse_url(text) if text.strip() else None
    except NameSyntaxError:
        return None


def _see(number: int, done: str) -> RedirectResponse:
    return RedirectResponse(f"/blocks/{number}?done={done}", status.HTTP_303_SEE_OTHER)
