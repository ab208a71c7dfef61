"""Why something is allowed or blocked: for an audience, or one person where that may be seen."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette import status

from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.explaining import explained
from schoolgate_policyd.questions import Question
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.views.at_once import said_of_rules
from schoolgate_webui.views.why import Result, WhyPage, result_of
from schoolgate_webui.views.why_form import Entered, question_of, why_form

router = APIRouter()

_MOST_FIELDS = 40


@router.get("/why")
def why(desk: DeskDep) -> HTMLResponse:
    """Show the form; with an address in the page's own, the answer beneath it."""
    entered = _entered(desk)
    may_ask_for_person = may(desk.member, Sight.BLOCKED_ATTEMPTS)
    if entered.get("person") and not may_ask_for_person:
        raise NotAllowed(
            "Only those who see blocked attempts may ask what the filter does for one person."
        )
    policy = desk.site.policy_in_force.policy()
    result, invalid = None, None
    if entered.is_asked:
        try:
            question = question_of(entered, policy, desk.site.decisions.people.find)
            result = _answered(desk, question)
        except InvalidForm as error:
            invalid = error
    form = why_form(entered, policy, may_ask_for_person=may_ask_for_person, invalid=invalid)
    return desk.page(
        "why.html",
        status_code=status.HTTP_200_OK
        if invalid is None
        else status.HTTP_422_UNPROCESSABLE_CONTENT,
        why=WhyPage(form, result),
    )


def _entered(desk: Desk) -> Entered:
    asked = desk.request.query_params
    pairs = asked.multi_items()[:_MOST_FIELDS]
    return Entered(
        values={name: value for name, value in pairs if name != "assume"},
        assume=tuple(value for name, value in pairs if name == "assume"),
    )


def _answered(desk: Desk, question: Question) -> Result:
    now = desk.now
    if question.person is not None:
        desk.site.decisions.audit.looked_at(
            question.person, at=now.machine, by=desk.member.id, by_way_of="page"
        )
    snapshot = desk.site.policy_in_force.snapshot(now.school)
    found = explained(question, lambda _: snapshot, now.school, with_week=True)
    if found.week is None:
        raise AssertionError("the week was asked for")
    moment = now.school if question.at is None else parse_moment(question.at, now.zone)
    said = said_of_rules(desk.site.decisions.blocks.in_force(), desk.site.names(), now)
    at_once = tuple(said[rule] for rule in found.answer.rules if rule in said)
    return result_of(found, found.week, now.local(moment), at_once)
