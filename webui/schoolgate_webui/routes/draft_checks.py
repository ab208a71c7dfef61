"""The proof and the replay of a draft: started here, run elsewhere, looked at while they run."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_webui.checks import Check
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.drawer import BUSY, drafted, has_running
from schoolgate_webui.views.draft_checks import progress_of, proof_page, replay_page
from schoolgate_webui.views.drafts import Drafted, header_of

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_TEMPLATES = {Check.PROOF: "draft_proof.html", Check.REPLAY: "draft_replay.html"}


@router.get("/policy/drafts/{number}/proof")
def proof(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show what the proof of a draft says, or how far it is."""
    return _page(desk, drafted(desk, number), Check.PROOF)


@router.post("/policy/drafts/{number}/proof")
def prove(desk: DeskDep, number: Number) -> Response:
    """Start the proof."""
    return _start(desk, number, Check.PROOF)


@router.get("/policy/drafts/{number}/replay")
def replay(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show what the replay of a draft found, or how far it is."""
    return _page(desk, drafted(desk, number), Check.REPLAY)


@router.post("/policy/drafts/{number}/replay")
def run_replay(desk: DeskDep, number: Number) -> Response:
    """Start the replay of the last seven days."""
    return _start(desk, number, Check.REPLAY)


@router.get("/policy/drafts/{number}/progress/{check}")
def progress(desk: DeskDep, number: Number, check: Check) -> HTMLResponse:
    """Return how far a check is, for the page that asks each second; then that page comes anew."""
    version = desk.site.decisions.policies.find(number)
    found = progress_of(check, version, desk.site.checks)
    headers = {} if found.is_running else {"HX-Refresh": "true"}
    return desk.page("draft_progress.html", headers=headers, progress=found)


def _start(desk: Desk, number: int, check: Check) -> Response:
    shown = drafted(desk, number)
    if not has_running(desk, shown, check):
        return _page(desk, shown, check, refusal=BUSY)
    return RedirectResponse(f"{header_of(shown).href}/{check}", status.HTTP_303_SEE_OTHER)


def _page(desk: Desk, shown: Drafted, check: Check, refusal: str = "") -> HTMLResponse:
    checks = desk.site.checks
    page = proof_page(shown, checks) if check is Check.PROOF else replay_page(shown, checks)
    return desk.page(
        _TEMPLATES[check],
        status_code=status.HTTP_409_CONFLICT if refusal else status.HTTP_200_OK,
        page=page,
        replay=getattr(page, "replay", None),
        mistakes=[{"text": refusal, "href": "#run"}] if refusal else [],
    )
