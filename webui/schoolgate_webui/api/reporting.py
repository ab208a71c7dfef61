"""Reporting something that was seen, by anybody, and hearing back by a code."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette import status

from schoolgate_policyd.store.sign_in_records import ApiCaller
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.errors import mistake_in
from schoolgate_policyd.workflow.reports import ReportState, form_of
from schoolgate_webui.api.problems import ScopeMissing, TooMany
from schoolgate_webui.api.shapes import Entered, Shape, Text, Word
from schoolgate_webui.guard import SiteDep
from schoolgate_webui.site import Visit
from schoolgate_webui.tokens import new_secret
from schoolgate_webui.views.report_public import ANSWERS

router = APIRouter(tags=["For anybody"])

_NOTHING_WRITTEN = "Write what you saw, or the address of the page."
_NO_SUCH_CODE = "There is no report with this code."

Once = Annotated[str, Field(min_length=32, max_length=200)]


class ReportEntry(Entered):
    """
    What was seen, and, for those who want to say it, by whom.

    *once* is a secret of the program's own: what is sent again with the same one is the same
    report.
    """

    saw: Text = ""
    name: Word = ""
    once: Once | None = None


class ReportMade(Shape):
    """
    A report that was made; *code* is what its answer is asked for with, and is shown this once.

    Null with a token: its owner reads the answer with their other reports, by *number*.
    """

    code: str | None
    number: int | None


class CodeEntry(Entered):
    """The code of a report: never part of an address, which is kept on shared computers."""

    code: Word = ""


class ReportAnswer(Shape):
    """How a report stands, for whoever made it; *answers* is what somebody wrote to them."""

    state: ReportState
    says: str
    reported_at: datetime
    answers: list[str]


@router.post("/reports", status_code=status.HTTP_201_CREATED, summary="Report what was seen")
def send(request: Request, site: SiteDep, entered: ReportEntry) -> ReportMade:
    """Record a report: in nobody's name without a token, in the owner's with one."""
    visit: Visit = request.state.visit
    reporter = _reporter(request)
    said = form_of(entered.saw, entered.name)
    if not said.saw:
        raise mistake_in("saw", _NOTHING_WRITTEN)
    _require_not_too_many(site, visit, is_look=False)
    made, code = site.decisions.reports.make(
        said, once=entered.once or new_secret(), reporter=reporter, at=visit.now.machine
    )
    is_own = reporter is not None
    return ReportMade(code=None if is_own else code, number=made.id if is_own else None)


@router.post("/reports/by-code", summary="The answer to a report")
def look_up(request: Request, site: SiteDep, entered: CodeEntry) -> ReportAnswer:
    """Give the answer to the report that has a code."""
    visit: Visit = request.state.visit
    _require_not_too_many(site, visit, is_look=True)
    found = site.decisions.reports.with_code(entered.code)
    if found is None:
        raise mistake_in("code", _NO_SUCH_CODE)
    return ReportAnswer(
        state=found.state,
        says=ANSWERS[found.state],
        reported_at=visit.now.recorded(found.reported_at),
        answers=[each.answer for each in found.steps if each.answer],
    )


def _reporter(request: Request) -> str | None:
    """Return whose report it is. Raises ScopeMissing for a token that was not made for that."""
    caller = request.state.caller
    if not isinstance(caller, ApiCaller):
        return None
    if Scope.CONCERNS_WRITE not in caller.token.scopes:
        raise ScopeMissing(Scope.CONCERNS_WRITE)
    return caller.member.id


def _require_not_too_many(site: SiteDep, visit: Visit, *, is_look: bool) -> None:
    wait = site.decisions.reports.try_from(visit.address, is_look=is_look, at=visit.now.machine)
    if wait > timedelta():
        raise TooMany(wait)
