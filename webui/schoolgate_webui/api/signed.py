"""
What a person signs: a program is told so, and where.

A token is nobody's signature. Who may not sign it is told that instead, and whoever may not see
the object that there is none.
"""

from typing import NoReturn

from fastapi import APIRouter

from schoolgate_policyd.workflow.request_rights import Act
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.problems import SignatureNeeded
from schoolgate_webui.api.shapes import LineId, Number, PersonId, Shape
from schoolgate_webui.request_pages import visible

router = APIRouter(tags=["Signed by a person"])


class Signed(Shape):
    """Never given: a person signs on the page."""


def _refuse(page: str) -> NoReturn:
    raise SignatureNeeded(page)


@router.post("/requests/{number}/decision", summary="Decide a request")
def decide_request(desk: DeskDep, number: Number) -> Signed:
    """Say where the request is decided and signed."""
    visible(desk, number, Act.DECIDE)
    _refuse(f"/requests/{number}")


@router.post("/delegations", summary="Name a deputy")
def delegate(desk: DeskDep) -> Signed:
    """Say where a delegation is signed."""
    del desk
    _refuse("/delegations")


@router.post("/standing/requests/{number}/decision", summary="Decide a standing permission")
def decide_standing(desk: DeskDep, number: Number) -> Signed:
    """Say where a standing permission is signed."""
    desk.site.decisions.standing_requests.find(number)
    _refuse(f"/standing/requests/{number}")


@router.post("/blocks/{number}/lift", summary="Lift a block")
def lift_block(desk: DeskDep, number: Number) -> Signed:
    """Say where a block is lifted: that opens something, so the head proves who they are."""
    desk.site.decisions.blocks.find(number)
    _refuse(f"/blocks/{number}")


@router.post("/restrictions/{number}/decide", summary="Decide a proposed restriction")
def decide_restriction(desk: DeskDep, number: Number) -> Signed:
    """Say where a restriction is decided: what follows for a pupil, no program decides."""
    desk.site.decisions.restrictions.find(number, by=desk.member.id)
    _refuse("/restrictions")


@router.post("/policy/versions/{number}/direct", summary="Direct a version of the policy")
def direct_policy(desk: DeskDep, number: Number) -> Signed:
    """Say where a version of the policy is directed."""
    desk.site.decisions.policies.find(number)
    _refuse(f"/policy/drafts/{number}")


@router.post("/people/{person}/duties", summary="Give and take duties")
def give_duties(desk: DeskDep, person: PersonId) -> Signed:
    """Say where duties are given: a token must not make its owner's rights more."""
    desk.site.decisions.person_records.one(person)
    _refuse(f"/school/people/{person}/duties")


@router.put("/networks/{network}", summary="Change what is known of a network")
def change_network(desk: DeskDep, network: LineId) -> Signed:
    """Say where a network is changed: it may open for everybody on it what rules close."""
    del desk
    _refuse(f"/school/networks/{network}")


@router.post("/different-days", summary="Have a day go otherwise")
def direct_day(desk: DeskDep) -> Signed:
    """Say where the head signs that a day is different."""
    del desk
    _refuse("/school/calendar/different")
