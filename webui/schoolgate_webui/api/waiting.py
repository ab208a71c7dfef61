"""What waits for the token's owner, as home has it: so much of it as the token may see."""

from datetime import datetime

from fastapi import APIRouter

from schoolgate_policyd.store.records import WaitingRequest
from schoolgate_policyd.workflow.actors import Task
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_webui.api.guard import CallerDep, DeskDep, names_of
from schoolgate_webui.api.request_shapes import RequestLine, line_of
from schoolgate_webui.api.shapes import Shape
from schoolgate_webui.desk import Desk
from schoolgate_webui.waiting import places_of, waiting_at

router = APIRouter(tags=["Token and gateway"])


class PlaceShown(Shape):
    """A place where something waits, and how much; the API has the path of its *page*."""

    page: str
    count: int


class WaitingRequestShown(RequestLine):
    """A request that waits for the token's owner: to do what, and since when."""

    task: Task
    waiting_since: datetime


class Waiting(Shape):
    """
    What waits for the token's owner; *requests* are the longest waiting first.

    *unseen* are scopes that the token lacks: what waits behind them is not among it.
    """

    places: list[PlaceShown]
    requests: list[WaitingRequestShown]
    unseen: list[Scope]


@router.get("/waiting", summary="What waits for the token's owner")
def waiting(desk: DeskDep, caller: CallerDep) -> Waiting:
    """Say where something waits for the owner, and give the requests that do."""
    scopes, places = caller.token.scopes, places_of(desk.member)
    seen = (each for each in places if each.scope in scopes)
    counts = waiting_at(seen, desk.site, desk.member, desk.now)
    return Waiting(
        places=[PlaceShown(page=page, count=count) for page, count in counts.items() if count],
        requests=_requests(desk) if Scope.REQUESTS_READ in scopes else [],
        unseen=sorted({each.scope for each in places} - scopes),
    )


def _requests(desk: Desk) -> list[WaitingRequestShown]:
    found = desk.site.decisions.requests.waiting_for(
        desk.member.id, at=desk.now.machine, moment=desk.now.school
    )
    return [_shown(each, desk) for each in found]


def _shown(waits: WaitingRequest, desk: Desk) -> WaitingRequestShown:
    return WaitingRequestShown(
        **line_of(waits.request, names_of(desk), desk.now).model_dump(),
        task=waits.turn.task,
        waiting_since=desk.now.recorded(waits.request.waiting_since),
    )
