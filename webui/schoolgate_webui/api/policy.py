"""The policy: what is in force, its versions and their documents, and why something is blocked."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.explaining import explained
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.policy_versions import Move, PolicyVersion, Stage
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.paging import part_of
from schoolgate_webui.api.shapes import After, Limit, Named, Number, Page, Shape, named
from schoolgate_webui.routes.policy import differences_between, versions_seen
from schoolgate_webui.views.policy_page import policy_page
from schoolgate_webui.views.policy_versions import VersionsSeen
from schoolgate_webui.views.why_form import LONGEST_URL, Entered, question_of

router = APIRouter(tags=["Policy"])


class RuleShown(Shape):
    """A rule in words, what lifts it, and the section that it comes from."""

    says: str
    lifts: str
    cite: str


class PolicyShown(Shape):
    """The policy in force; *version* is null before one was taken up."""

    title: str
    edition: str
    review: str | None
    version: int | None
    rules: list[RuleShown]
    shared_rules: list[RuleShown]
    social_media: list[str]
    standing: list[str]


class VersionLine(Shape):
    """A version of the policy."""

    number: int
    stage: Stage
    summary: str
    author: Named | None
    base: int | None
    in_force_from: datetime | None


class PolicyStepShown(Shape):
    """What was done with a version; *by* is null for Schoolgate itself."""

    move: Move
    by: Named | None
    at: datetime
    reasons: str
    met_on: date | None
    minutes: str | None


class VersionShown(VersionLine):
    """A version with its steps and what its proof said."""

    steps: list[PolicyStepShown]
    is_proved: bool
    faults: list[str]
    openings: list[str]
    closings: list[str]
    page: str


class Document(Shape):
    """A rule file as it stands in a version."""

    name: str
    text: str


class Documents(Shape):
    """The rule files of a version."""

    number: int
    documents: list[Document]


class Differences(Shape):
    """
    What the version *later* says otherwise than *earlier*, in words.

    Null where one of the two cannot be read any more.
    """

    earlier: int
    later: int
    differences: list[str] | None


class WhyShown(Shape):
    """What the filter does, in sentences: the first says the question."""

    verdict: Verdict
    explanation: list[str]
    rules: list[str]
    until: str
    note: str


@router.get("/policy", summary="The policy in force")
def in_force(desk: DeskDep) -> PolicyShown:
    """Give the policy in force, in words."""
    policy, seen = desk.site.policy_in_force.policy(), versions_seen(desk)
    page = policy_page(policy, None, seen)
    current = [each for each in seen.versions if seen.stage_of(each) is Stage.IN_FORCE]
    return PolicyShown(
        title=policy.document.title,
        edition=policy.document.version,
        review=policy.document.review,
        version=current[-1].number if current else None,
        rules=[RuleShown(says=r.says, lifts=r.lifts, cite=r.cite) for r in page.own_rules],
        shared_rules=[
            RuleShown(says=r.says, lifts=r.lifts, cite=r.cite) for r in page.shared_rules
        ],
        social_media=list(page.social_media),
        standing=[each.id for each in policy.standing],
    )


@router.get("/policy/versions", summary="Versions of the policy, newest first")
def versions(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[VersionLine]:
    """List the versions."""
    seen = versions_seen(desk)
    return part_of(
        desk.request,
        reversed(seen.versions),
        lambda each: version_line(each, seen),
        number=lambda each: each.number,
        after=after,
        limit=limit,
    )


@router.get("/policy/versions/{number}", summary="One version")
def version(desk: DeskDep, number: Number) -> VersionShown:
    """Give one version: who did what with it, and what its proof said."""
    found, seen = desk.site.decisions.policies.find(number), versions_seen(desk)
    proof = found.proof
    return VersionShown(
        **version_line(found, seen).model_dump(),
        steps=[
            PolicyStepShown(
                move=each.move,
                by=named(each.actor, seen.names.people),
                at=desk.now.recorded(each.at),
                reasons=each.reasons,
                met_on=None if each.minutes is None else each.minutes.met_on,
                minutes=None if each.minutes is None else each.minutes.reference,
            )
            for each in found.steps
        ],
        is_proved=found.is_proved,
        faults=[] if proof is None else list(proof.faults),
        openings=[] if proof is None else list(proof.openings),
        closings=[] if proof is None else list(proof.closings),
        page=f"/policy/versions/{number}",
    )


@router.get("/policy/versions/{number}/documents", summary="The rule files of a version")
def documents(desk: DeskDep, number: Number) -> Documents:
    """Give the rule files of one version as they stand in it."""
    desk.site.decisions.policies.find(number)
    texts = desk.site.decisions.policies.texts(number)
    found = [Document(name=name, text=text) for name, text in sorted(texts.items())]
    return Documents(number=number, documents=found)


@router.get("/policy/compare", summary="What one version says otherwise than another")
def compare(
    desk: DeskDep,
    earlier: Annotated[int, Query(alias="from", ge=1, le=2**53)],
    later: Annotated[int, Query(alias="to", ge=1, le=2**53)],
) -> Differences:
    """Say in plain words what one version says otherwise than another."""
    policies = desk.site.decisions.policies
    policies.find(earlier)
    found = differences_between(desk, earlier, policies.find(later))
    return Differences(
        earlier=earlier, later=later, differences=None if found is None else list(found)
    )


@router.get("/why", summary="Why something is allowed or blocked")
def why(
    desk: DeskDep,
    *,
    url: Annotated[str, Query(max_length=LONGEST_URL)],
    audience: Audience = Audience.PUPIL,
    device: DeviceKind = DeviceKind.UNKNOWN,
    at: Annotated[str, Query(max_length=40)] = "",
    person: Annotated[str, Query(max_length=100)] = "",
) -> WhyShown:
    """Say what the filter does for an audience, or one person where the owner may ask that."""
    if person and not may(desk.member, Sight.BLOCKED_ATTEMPTS):
        raise NotAllowed(
            "Only those who see blocked attempts may ask what the filter does for one person."
        )
    values = {"url": url, "audience": audience.value, "device": device.value, "at": at}
    asked = Entered(values | {"person": person} if person else values)
    decisions, in_force_now = desk.site.decisions, desk.site.policy_in_force
    question = question_of(asked, in_force_now.policy(), decisions.people.find)
    if question.person is not None:
        decisions.audit.looked_at(
            question.person, at=desk.now.machine, by=desk.member.id, by_way_of="api"
        )
    snapshot = in_force_now.snapshot(desk.now.school)
    found = explained(question, lambda _: snapshot, desk.now.school)
    return WhyShown(
        verdict=found.answer.verdict,
        explanation=list(found.answer.explanation),
        rules=list(found.answer.rules),
        until=found.until,
        note=found.note,
    )


def version_line(found: PolicyVersion, seen: VersionsSeen) -> VersionLine:
    """Return a version as a line of a list."""
    direction = found.direction
    return VersionLine(
        number=found.number,
        stage=seen.stage_of(found),
        summary=found.summary,
        author=named(found.author, seen.names.people),
        base=found.base,
        in_force_from=None if direction is None else seen.now.local(direction.in_force_from),
    )
