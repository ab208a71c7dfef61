"""
What a person signs: a program is told so, and where.

A token is nobody's signature. Who may not do it on the page is told that instead, and whoever may
not see the object that there is none.
"""

from typing import NoReturn

from fastapi import APIRouter

from schoolgate_policyd.store.networks import network_called
from schoolgate_policyd.workflow import (
    delegations,
    policy_acts,
    register_acts,
    restrictions,
    standing_requests,
)
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.request_rights import Act
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.problems import SignatureNeeded
from schoolgate_webui.api.shapes import LineId, Number, PersonId, Shape
from schoolgate_webui.drawer import drafted
from schoolgate_webui.request_pages import visible
from schoolgate_webui.school_desk import configured_networks

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
    delegations.require_may_give(desk.member)
    _refuse("/delegations")


@router.post("/standing/requests/{number}/decision", summary="Decide a standing permission")
def decide_standing(desk: DeskDep, number: Number) -> Signed:
    """Say where a standing permission is signed."""
    asked = desk.site.decisions.standing_requests.find(number)
    people = desk.site.decisions.people.members()
    standing_requests.require_may_decide(asked, desk.member, people)
    _refuse(f"/standing/requests/{number}")


@router.post("/blocks/{number}/lift", summary="Lift a block")
def lift_block(desk: DeskDep, number: Number) -> Signed:
    """Say where a block is lifted: that opens something, so the head proves who they are."""
    desk.site.decisions.blocks.find(number)
    _refuse(f"/blocks/{number}")


@router.post("/restrictions/{number}/decide", summary="Decide a proposed restriction")
def decide_restriction(desk: DeskDep, number: Number) -> Signed:
    """Say where a restriction is decided: what follows for a pupil, no program decides."""
    by = desk.member.id
    record, handling = desk.site.decisions.restrictions.find(number, by=by)
    restrictions.require_may_decide(record, handling, by)
    _refuse("/restrictions")


@router.post("/policy/versions/{number}/direct", summary="Direct a version of the policy")
def direct_policy(desk: DeskDep, number: Number) -> Signed:
    """Say where a version of the policy is directed."""
    version = drafted(desk, number).version
    people = desk.site.decisions.people.members()
    # What only tightens may be directed by whoever drafted it: the page asks for which it is.
    policy_acts.require_director(version, desk.member, people, is_safe=True)
    _refuse(f"/policy/drafts/{number}")


@router.post("/people/{person}/duties", summary="Give and take duties")
def give_duties(desk: DeskDep, person: PersonId) -> Signed:
    """Say where duties are given: a token must not make its owner's rights more."""
    record = desk.site.decisions.person_records.one(person)
    if record.has_left:
        raise NotAllowed("They have left the school: say first that they are back.")
    register_acts.require_may_give(desk.member, record.member)
    _refuse(f"/school/people/{person}/duties")


@router.put("/networks/{network}", summary="Change what is known of a network")
def change_network(desk: DeskDep, network: LineId) -> Signed:
    """Say where a network is changed: it may open for everybody on it what rules close."""
    network_called(configured_networks(desk), network)
    register_acts.require(desk.member, RegisterAct.KEEP)
    _refuse(f"/school/networks/{network}")


@router.post("/different-days", summary="Have a day go otherwise")
def direct_day(desk: DeskDep) -> Signed:
    """Say where the head signs that a day is different."""
    register_acts.require(desk.member, RegisterAct.DIRECT_DAYS)
    _refuse("/school/calendar/different")
