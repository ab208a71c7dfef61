"""The way of a draft: proved, replayed, proposed, approved, refused, withdrawn; never signed."""

from typing import Any

from fastapi import APIRouter
from starlette import status

from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.policy_draft_shapes import (
    DraftShown,
    MeetingEntry,
    ProofShown,
    ProofState,
    ProposalEntry,
    ReplayShown,
    ReplayState,
    WithdrawalEntry,
    draft_shown,
)
from schoolgate_webui.api.policy_drafts import require_as_shown
from schoolgate_webui.api.shapes import Number
from schoolgate_webui.checks import Check
from schoolgate_webui.desk import Desk
from schoolgate_webui.drawer import BUSY, drafted, has_running
from schoolgate_webui.routes import draft_steps as steps
from schoolgate_webui.views.draft_checks import progress_of
from schoolgate_webui.views.drafts import Drafted

router = APIRouter(tags=["Drafts of the policy"])


@router.get("/policy/drafts/{number}/proof", summary="What the proof of a draft said")
def proof(desk: DeskDep, number: Number) -> ProofState:
    """Give what the proof said, and how far one is that runs now."""
    return _proof(desk, drafted(desk, number))


@router.post(
    "/policy/drafts/{number}/proof",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Prove a draft against its cases and promises",
)
def prove(desk: DeskDep, number: Number) -> ProofState:
    """Start the proof; what it says is read at the same address."""
    return _proof(desk, _started(desk, number, Check.PROOF))


@router.get("/policy/drafts/{number}/replay", summary="What the replay of a draft found")
def replay(desk: DeskDep, number: Number) -> ReplayState:
    """Give what the replay found, and how far one is that runs now."""
    return _replay(desk, drafted(desk, number))


@router.post(
    "/policy/drafts/{number}/replay",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Replay the last seven days with a draft",
)
def run_replay(desk: DeskDep, number: Number) -> ReplayState:
    """Start the replay; what it finds is read at the same address."""
    return _replay(desk, _started(desk, number, Check.REPLAY))


@router.post("/policy/drafts/{number}/propose", summary="Propose a draft")
def propose(desk: DeskDep, number: Number, entered: ProposalEntry) -> DraftShown:
    """Propose a draft of their own that was proved: from now on it stays as it is."""
    require_as_shown(drafted(desk, number), entered)
    steps.record_proposal(desk, number, entered.as_form())
    return _moved(desk, number)


@router.post("/policy/drafts/{number}/approve", summary="Record the governors' approval")
def approve(desk: DeskDep, number: Number, entered: MeetingEntry) -> DraftShown:
    """Record the meeting at which the governors approved exactly this."""
    require_as_shown(drafted(desk, number), entered)
    steps.record_approval(desk, number, entered.as_form())
    return _moved(desk, number)


@router.post("/policy/drafts/{number}/refuse", summary="Refuse a proposal")
def refuse(desk: DeskDep, number: Number, entered: ProposalEntry) -> DraftShown:
    """Refuse a proposal, with reasons."""
    require_as_shown(drafted(desk, number), entered)
    steps.record_refusal(desk, number, entered.as_form())
    return _moved(desk, number)


@router.post("/policy/drafts/{number}/withdraw", summary="Withdraw a version before its time")
def withdraw(desk: DeskDep, number: Number, entered: WithdrawalEntry) -> DraftShown:
    """Withdraw a draft, a proposal, or what is directed and not in force yet."""
    require_as_shown(drafted(desk, number), entered)
    steps.record_withdrawal(desk, number, entered.as_form())
    return _moved(desk, number)


def _moved(desk: Desk, number: int) -> DraftShown:
    desk.site.changed()
    return draft_shown(desk, drafted(desk, number))


def _started(desk: Desk, number: int, check: Check) -> Drafted:
    """Return the draft once *check* of it runs. Raises WrongState while another one does."""
    shown = drafted(desk, number)
    if not has_running(desk, shown, check):
        raise WrongState(BUSY)
    return shown


def _running(desk: Desk, shown: Drafted, check: Check) -> dict[str, Any]:
    checks, version = desk.site.checks, shown.version
    found = progress_of(check, version, checks)
    fault = checks.fault(check, version)
    return {"is_running": found.is_running, "says": found.says, "fault": fault}


def _proof(desk: Desk, shown: Drafted) -> ProofState:
    kept = shown.version.proof
    said = None
    if kept is not None:
        said = ProofShown(
            at=desk.now.recorded(kept.at),
            is_current=shown.version.is_said_by(kept),
            is_ok=kept.is_ok,
            faults=list(kept.faults),
            openings=list(kept.openings),
            opening_count=kept.opening_count,
            closings=list(kept.closings),
            closing_count=kept.closing_count,
            loosenings=list(kept.loosenings),
            coverage=list(kept.coverage),
        )
    return ProofState(**_running(desk, shown, Check.PROOF), proof=said)


def _replay(desk: Desk, shown: Drafted) -> ReplayState:
    kept = shown.version.replay
    found = None
    if kept is not None:
        # A name that one pupil asked for can be that pupil's own.
        shows_names = may(desk.member, Sight.BLOCKED_ATTEMPTS)
        found = ReplayShown(
            at=desk.now.recorded(kept.at),
            is_current=shown.version.is_said_by(kept),
            first=kept.first,
            last=kept.last,
            result=kept.result if shows_names else {**kept.result, "names": []},
        )
    return ReplayState(**_running(desk, shown, Check.REPLAY), replay=found)
