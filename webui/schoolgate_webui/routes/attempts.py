"""Blocked attempts, live for the online safety lead and the DSL."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from starlette import status

from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.views.attempts import (
    MAX_ROWS,
    AttemptsPage,
    Wanted,
    attempts_page,
    filter_of,
)

router = APIRouter()

LIVE_FOR_S = 15 * 60
# htmx takes this answer as "do not ask again"; it is no status of HTTP's own.
_STOP_POLLING = 286


def _wanted(
    audience: str = "",
    who: str = "",
    name: str = "",
    rule: str = "",
    circumvention: Annotated[str, Query(max_length=3)] = "",
) -> Wanted:
    return Wanted(audience[:20], who, name, rule[:80], circumvention == "yes")


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("/attempts")
def attempts(desk: DeskDep, wanted: WantedDep) -> HTMLResponse:
    """Show the newest, which the page then asks for again every two seconds."""
    live_until = int(desk.now.machine.timestamp()) + LIVE_FOR_S
    return desk.page("attempts.html", attempts=_shown(desk, wanted, live_until))


@router.get("/attempts/rows")
def rows(
    desk: DeskDep, wanted: WantedDep, until: Annotated[int, Query(ge=0, le=2**40)] = 0
) -> HTMLResponse:
    """
    Give the rows alone.

    After a quarter of an hour the page stops asking: one that was left open is no use of it, and
    must not keep somebody signed in.
    """
    shown = _shown(desk, wanted, until)
    return desk.page(
        "attempts_rows.html",
        status_code=status.HTTP_200_OK if shown.is_live else _STOP_POLLING,
        attempts=shown,
    )


def _shown(desk: Desk, wanted: Wanted, live_until: int) -> AttemptsPage:
    found = desk.site.events.recent(filter_of(wanted), limit=MAX_ROWS)
    policy = desk.site.policy_in_force.policy()
    uninspectable = frozenset(
        each.id for each in desk.site.settings.networks if not each.inspectable
    )
    return attempts_page(wanted, found, policy, desk.now, live_until, uninspectable=uninspectable)
