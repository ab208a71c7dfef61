"""Versions of the policy in lists, one on its page, and two beside each other."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, may
from schoolgate_policyd.workflow.policy_versions import (
    Move,
    Origin,
    PolicyStep,
    PolicyVersion,
    Stage,
    came_into_force,
    stage_at,
)
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.requests import Names, TimelineStep
from schoolgate_webui.views.stages import Tag

STAGE_TAGS: Mapping[Stage, Tag] = {
    Stage.DRAFT: Tag("Draft", "govuk-tag--grey"),
    Stage.WAITING_FOR_GOVERNORS: Tag("Waits for governors", "govuk-tag--yellow"),
    Stage.WAITING_FOR_HEAD: Tag("Waits for headteacher", "govuk-tag--yellow"),
    Stage.REFUSED: Tag("Refused", "govuk-tag--red"),
    Stage.WITHDRAWN: Tag("Withdrawn", "govuk-tag--grey"),
    Stage.TO_COME: Tag("To come"),
    Stage.IN_FORCE: Tag("In force", "govuk-tag--green"),
    Stage.SUPERSEDED: Tag("No longer in force", "govuk-tag--grey"),
    Stage.OVERTAKEN: Tag("Overtaken", "govuk-tag--orange"),
}
ON_THE_WAY = frozenset(
    {Stage.DRAFT, Stage.WAITING_FOR_GOVERNORS, Stage.WAITING_FOR_HEAD, Stage.TO_COME}
)


class VersionsSeen(msgspec.Struct, frozen=True):
    """Every version, oldest first, and who looks at them when."""

    versions: tuple[PolicyVersion, ...]
    member: Member
    names: Names
    now: Now

    def stage_of(self, version: PolicyVersion) -> Stage:
        """Return where *version* stands now."""
        return stage_at(version, self.versions, self.now.school)


class VersionRow(msgspec.Struct, frozen=True):
    """A version in a list."""

    number: int
    href: str
    summary: str
    tag: Tag
    who: str
    when: str
    may_bring_back: bool


class VersionPage(msgspec.Struct, frozen=True):
    """What `/policy/versions/{number}` prints; *differences* None where it cannot be read."""

    row: VersionRow
    steps: tuple[TimelineStep, ...]
    base: int | None
    differences: tuple[str, ...] | None
    proof: tuple[str, ...]


class ComparePage(msgspec.Struct, frozen=True):
    """
    What `/policy/compare` prints.

    *earlier* and *later* are what its form says; *differences* is None where nothing is compared.
    """

    choices: tuple[VersionRow, ...]
    earlier: int | None
    later: int | None
    differences: tuple[str, ...] | None


_DONE: Mapping[Move, str] = {
    Move.TAKEN_UP: "Taken up from the rule files",
    Move.BEGUN: "Drafted",
    Move.PROPOSED: "Proposed",
    Move.APPROVED: "Approved in the governors’ name",
    Move.DIRECTED: "Directed",
    Move.REFUSED: "Refused",
    Move.WITHDRAWN: "Withdrawn",
}


def version_page(
    seen: VersionsSeen, version: PolicyVersion, differences: tuple[str, ...] | None
) -> VersionPage:
    """Return the page about one version."""
    proof = version.proof
    return VersionPage(
        row=row_of(version, seen),
        steps=tuple(step_line(each, seen) for each in version.steps),
        base=version.base,
        differences=differences,
        proof=() if proof is None else (*proof.faults, *proof.coverage),
    )


def step_line(step: PolicyStep, seen: VersionsSeen) -> TimelineStep:
    """Return a step in words."""
    by = "" if step.actor is None else f" by {seen.names.person(step.actor)}"
    return TimelineStep(
        kind="done",
        what=f"{_DONE[step.move]}{by}",
        when=day_and_time(seen.now.recorded(step.at)),
        why=step.reasons,
    )


def chosen(
    seen: VersionsSeen, earlier: int | None, later: int | None
) -> tuple[PolicyVersion, PolicyVersion] | None:
    """Return the two versions to compare: those asked for, else what is in force and before."""
    known = {each.number: each for each in seen.versions}
    if earlier in known and later in known:
        return known[earlier], known[later]
    line = came_into_force(seen.versions, seen.now.school)
    return (line[-2], line[-1]) if earlier is None and later is None and len(line) > 1 else None


def compare_page(
    seen: VersionsSeen,
    pair: tuple[PolicyVersion, PolicyVersion] | None,
    differences: tuple[str, ...] | None,
) -> ComparePage:
    """Return the page that compares *pair*, None where there is nothing to compare yet."""
    numbers = [each.number for each in (seen.versions[-2:] if pair is None else pair)]
    earlier, later = numbers if len(numbers) > 1 else (None, None)
    return ComparePage(version_rows(seen), earlier, later, differences)


def version_rows(seen: VersionsSeen) -> tuple[VersionRow, ...]:
    """Return the versions for a list, the newest first."""
    return tuple(row_of(each, seen) for each in reversed(seen.versions))


def row_of(version: PolicyVersion, seen: VersionsSeen) -> VersionRow:
    """Return *version* for a list."""
    stage = seen.stage_of(version)
    directed = version.step(Move.DIRECTED)
    if directed is not None:
        who = f"Directed by {seen.names.person(directed.actor or '')}"
    elif version.origin is Origin.DRAFT:
        who = f"Drafted by {seen.names.person(version.author or '')}"
    else:
        who = "From the rule files"
    direction = version.direction
    since = None if direction is None else day_and_time(seen.now.local(direction.in_force_from))
    folder = "drafts" if stage in ON_THE_WAY else "versions"
    return VersionRow(
        number=version.number,
        href=f"/policy/{folder}/{version.number}",
        summary=version.summary,
        tag=STAGE_TAGS[stage],
        who=who,
        when="" if since is None else f"from {since}",
        may_bring_back=stage is Stage.SUPERSEDED and may(seen.member, Act.DRAFT),
    )
