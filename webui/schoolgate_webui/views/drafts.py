"""A draft of the policy: how far it is, what is to be done next and by whom."""

import msgspec

from schoolgate_policyd.core.words import joined
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, directors, may, may_withdraw
from schoolgate_policyd.workflow.policy_gate import SAYS
from schoolgate_policyd.workflow.policy_versions import (
    Origin,
    PolicyVersion,
    Stage,
    VersionState,
    in_force_at,
    stage_at,
    terms_for,
)
from schoolgate_webui.checks import Check, Checks
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.policy_versions import STAGE_TAGS
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.stages import Tag

_GREY = "govuk-tag--grey"
_GREEN, _YELLOW, _RED = "govuk-tag--green", "govuk-tag--yellow", "govuk-tag--red"
_WITHDRAWABLE = frozenset(
    {Stage.DRAFT, Stage.WAITING_FOR_GOVERNORS, Stage.WAITING_FOR_HEAD, Stage.TO_COME}
)


class Drafted(msgspec.Struct, frozen=True):
    """A draft with what its pages need to know of it: every version, who looks, and when."""

    version: PolicyVersion
    versions: tuple[PolicyVersion, ...]
    people: tuple[Member, ...]
    member: Member
    names: Names
    now: Now

    @property
    def stage(self) -> Stage:
        """Where it stands now."""
        return stage_at(self.version, self.versions, self.now.school)

    @property
    def is_open(self) -> bool:
        """Whether *member* may change it: their own, and not proposed yet."""
        version = self.version
        is_draft = version.state is VersionState.DRAFT and version.origin is Origin.DRAFT
        return is_draft and self.member.id == version.author and may(self.member, Act.DRAFT)

    @property
    def is_left_behind(self) -> bool:
        """Whether another version came into force since it was drafted."""
        current = in_force_at(self.versions, self.now.school)
        number = None if current is None else current.number
        is_waiting = self.version.state in {VersionState.DRAFT, VersionState.PROPOSED}
        return self.version.base != number and (is_waiting or self.stage is Stage.OVERTAKEN)

    @property
    def directors(self) -> tuple[Member, ...]:
        """Those who may direct it."""
        proof = self.version.proof
        is_safe = self.version.is_proved and proof is not None and proof.only_tightens
        return directors(self.version, self.people, is_safe=is_safe)


class Header(msgspec.Struct, frozen=True):
    """What stands at the top of every page about a draft."""

    number: int
    href: str
    summary: str
    tag: Tag
    shown: str


class TaskRow(msgspec.Struct, frozen=True):
    """A line of the task list; without *href* it cannot be started yet, or not by them."""

    text: str
    href: str
    tag: Tag
    says: str


class DraftPage(msgspec.Struct, frozen=True):
    """What `/policy/drafts/{number}` prints; *changes* None where it cannot be read."""

    header: Header
    sentence: str
    left_behind: str
    may_rebase: bool
    tasks: tuple[TaskRow, ...]
    changes: tuple[str, ...]
    differences: tuple[str, ...] | None
    actions: tuple[tuple[str, str], ...]
    author: str
    base: int | None


def header_of(drafted: Drafted) -> Header:
    """Return the top of the pages about the draft."""
    version = drafted.version
    return Header(
        number=version.number,
        href=f"/policy/drafts/{version.number}",
        summary=version.summary,
        tag=STAGE_TAGS[drafted.stage],
        shown=version.digest,
    )


def draft_page(
    drafted: Drafted,
    changes: tuple[str, ...],
    differences: tuple[str, ...] | None,
    checks: Checks,
) -> DraftPage:
    """Return the task list of a draft."""
    version = drafted.version
    left_behind = ""
    if drafted.is_left_behind:
        left_behind = (
            f"It was drafted on version {version.base}, and another one has come into force since "
            "then. It can be made anew on that one: nothing in it is lost."
        )
    return DraftPage(
        header=header_of(drafted),
        sentence=sentence(drafted),
        left_behind=left_behind,
        may_rebase=bool(left_behind) and may(drafted.member, Act.DRAFT),
        tasks=tasks(drafted, checks),
        changes=changes,
        differences=differences,
        actions=_actions(drafted),
        author=drafted.names.person(version.author or ""),
        base=version.base,
    )


def sentence(drafted: Drafted) -> str:
    """Return where the draft stands and whom it waits for."""
    version, stage = drafted.version, drafted.stage
    says = f"It {SAYS[stage]}."
    if stage is Stage.WAITING_FOR_HEAD:
        able = joined((each.name for each in drafted.directors), "or")
        return f"{says} It can be directed by {able}." if able else says
    direction = version.direction
    if stage is Stage.TO_COME and direction is not None:
        when = day_and_time(drafted.now.local(direction.in_force_from))
        return f"It was directed and comes into force on {when}."
    return says


def tasks(drafted: Drafted, checks: Checks) -> tuple[TaskRow, ...]:
    """Return the steps from the first change to the direction, in order."""
    version = drafted.version
    href = f"/policy/drafts/{version.number}"
    count = len(version.changes)
    made = "1 change" if count == 1 else f"{count} changes"
    rows = [
        TaskRow(
            "Changes",
            f"{href}/changes",
            Tag(made if count else "None yet", _GREEN if count else _GREY),
            "What is to be different.",
        ),
        TaskRow("Proof", f"{href}/proof", proof_tag(drafted, checks), _proof_says(version)),
        TaskRow(
            "Replay of the last seven days",
            f"{href}/replay",
            replay_tag(drafted, checks),
            "Who would have gained and lost what.",
        ),
        _proposal(drafted, href),
    ]
    if terms_for(version, drafted.versions).approval is not None:
        rows.append(_approval(drafted, href))
    rows.append(_direction(drafted, href))
    return tuple(rows)


def proof_tag(drafted: Drafted, checks: Checks) -> Tag:
    """Return how far the proof is."""
    version, proof = drafted.version, drafted.version.proof
    if checks.run_of(Check.PROOF, version) is not None:
        return Tag("Running")
    if checks.fault(Check.PROOF, version):
        return Tag("Gave no result", _RED)
    if proof is None:
        return Tag("Not run yet", _GREY)
    if not version.is_said_by(proof):
        return Tag("Run it again", _YELLOW)
    return Tag("Holds", _GREEN) if proof.is_ok else Tag("Fails", _RED)


def replay_tag(drafted: Drafted, checks: Checks) -> Tag:
    """Return how far the replay is."""
    version, replay = drafted.version, drafted.version.replay
    if checks.run_of(Check.REPLAY, version) is not None:
        return Tag("Running")
    if checks.fault(Check.REPLAY, version):
        return Tag("Gave no result", _RED)
    if replay is None:
        return Tag("Not run yet", _GREY)
    is_current = version.is_said_by(replay)
    return Tag("Done", _GREEN) if is_current else Tag("Run it again", _YELLOW)


def _proof_says(version: PolicyVersion) -> str:
    proof = version.proof
    if not version.is_proved or proof is None:
        return "Whether it does what it says, and breaks no promise."
    if proof.only_tightens:
        return "It opens nothing that is blocked now."
    return "It opens something that is blocked now."


def _proposal(drafted: Drafted, href: str) -> TaskRow:
    version = drafted.version
    if version.state is not VersionState.DRAFT:
        return TaskRow(
            "Propose it", "", Tag("Proposed", _GREEN), "From then on it stays as it is."
        )
    says = "To the governors and the headteacher."
    is_ready = bool(version.changes) and version.is_proved and not drafted.is_left_behind
    if not is_ready or not drafted.is_open:
        waits = "" if is_ready else " It needs a change, and the proof."
        return TaskRow("Propose it", "", Tag("Cannot start yet", _GREY), f"{says}{waits}")
    return TaskRow("Propose it", f"{href}/propose", Tag("To do"), says)


def _approval(drafted: Drafted, href: str) -> TaskRow:
    version = drafted.version
    approval = version.approval
    if approval is not None and approval.minutes is not None:
        return TaskRow("Governors’ approval", "", Tag("Approved", _GREEN), approval.reasons)
    asked = terms_for(version, drafted.versions).approval
    says = "" if asked is None else f"The policy in force asks for it ({asked.cite.section})."
    is_due = version.state in {VersionState.PROPOSED, VersionState.DIRECTED}
    if not is_due:
        return TaskRow("Governors’ approval", "", Tag("Cannot start yet", _GREY), says)
    mine = may(drafted.member, Act.APPROVE) and drafted.member.id != version.author
    link = f"{href}/approve" if mine else ""
    return TaskRow("Governors’ approval", link, Tag("Waits", _YELLOW), says)


def _direction(drafted: Drafted, href: str) -> TaskRow:
    version = drafted.version
    name = "The headteacher’s direction"
    direction = version.direction
    if direction is not None:
        when = day_and_time(drafted.now.local(direction.in_force_from))
        return TaskRow(name, "", Tag("Directed", _GREEN), f"In force from {when}.")
    says = "With the date from which it is in force, and a signature."
    if version.state is not VersionState.PROPOSED:
        return TaskRow(name, "", Tag("Cannot start yet", _GREY), says)
    mine = any(each.id == drafted.member.id for each in drafted.directors)
    link = f"{href}/direct" if mine else ""
    return TaskRow(name, link, Tag("Waits", _YELLOW), says)


def can_refuse(drafted: Drafted) -> bool:
    """Whether refusing is still open to whoever looks at the draft."""
    is_judge = may(drafted.member, Act.DIRECT) or may(drafted.member, Act.APPROVE)
    return drafted.version.state is VersionState.PROPOSED and is_judge


def can_withdraw(drafted: Drafted) -> bool:
    """Whether withdrawing is still open to whoever looks at the draft."""
    return drafted.stage in _WITHDRAWABLE and may_withdraw(drafted.version, drafted.member)


def _actions(drafted: Drafted) -> tuple[tuple[str, str], ...]:
    href = f"/policy/drafts/{drafted.version.number}"
    found = []
    if can_refuse(drafted):
        found.append((f"{href}/refuse", "Refuse it"))
    if can_withdraw(drafted):
        found.append((f"{href}/withdraw", "Withdraw it"))
    return tuple(found)
