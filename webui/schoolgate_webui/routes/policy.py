"""The school's policy: what is in force in words, its versions, and what is between two."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.drafting.differences import differences
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, in_force_at
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.views import policy_versions
from schoolgate_webui.views.policy_page import policy_page
from schoolgate_webui.views.policy_versions import VersionsSeen
from schoolgate_webui.views.signing import proof_words

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

log = structlog.get_logger(__name__)


@router.get("/policy")
def in_force(desk: DeskDep) -> HTMLResponse:
    """Show the policy in force, the drafts on their way and every version."""
    seen = versions_seen(desk)
    current = in_force_at(seen.versions, desk.now.school)
    preset = None if current is None else _preset(desk, current)
    shown = policy_page(desk.site.policy_in_force.policy(), preset, seen)
    return desk.page("policy.html", policy=shown)


@router.get("/policy/versions/{number}")
def version(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show one version: who did what with it, and what it changed."""
    found = desk.site.decisions.policies.find(number)
    changed = differences_between(desk, found.base, found)
    shown = policy_versions.version_page(versions_seen(desk), found, changed)
    signed = desk.site.decisions.signings.of(SignedKind.POLICY, str(found.number))
    proofs = [proof_words(each, desk.site.names(), desk.now) for each in signed]
    return desk.page("policy_version.html", version=shown, proofs=proofs)


@router.get("/policy/compare")
def compare(
    desk: DeskDep,
    earlier: Annotated[int | None, Query(alias="from", ge=1, le=2**53)] = None,
    later: Annotated[int | None, Query(alias="to", ge=1, le=2**53)] = None,
) -> HTMLResponse:
    """Show in plain words what one version says otherwise than another."""
    seen = versions_seen(desk)
    pair = policy_versions.chosen(seen, earlier, later)
    changed = None if pair is None else differences_between(desk, pair[0].number, pair[1])
    shown = policy_versions.compare_page(seen, pair, changed)
    return desk.page("policy_compare.html", compared=shown)


def versions_seen(desk: Desk) -> VersionsSeen:
    """Return every version as whoever sits at *desk* sees them."""
    site = desk.site
    return VersionsSeen(site.workshop.every(), desk.member, site.names(), desk.now)


def _preset(desk: Desk, found: PolicyVersion) -> Preset | None:
    try:
        return desk.site.presets_read.of(found, desk.site.policy_in_force.policy())
    except SchoolgateError as error:
        log.error("a version of the policy cannot be read", number=found.number, cause=str(error))  # noqa: TRY400 - the cause says all
        return None


def differences_between(
    desk: Desk, earlier: int | None, later: PolicyVersion
) -> tuple[str, ...] | None:
    """Return the differences in words; None where one of the two cannot be read any more."""
    if earlier is None:
        return ()
    before = _preset(desk, desk.site.decisions.policies.find(earlier))
    after = _preset(desk, later)
    return None if before is None or after is None else differences(before, after)
