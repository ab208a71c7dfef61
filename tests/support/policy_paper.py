"""Versions of a policy in all their stages, to test who may do what with them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
from office import CHAIR, DSL, HEAD, LEAD, PUPIL, SECOND_HEAD, TEACHER, VISITOR

from schoolgate_policyd.core.rules import Citation
from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.rulefiles.preset import (
    Announcement,
    Approval,
    Approver,
    ChangeTerms,
    Notice,
    ToldOf,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_changes import direct, propose
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Move,
    Origin,
    PolicyStep,
    PolicyVersion,
    ProofRecord,
    VersionState,
)
from schoolgate_policyd.workflow.requests import Signature

LONDON = ZoneInfo("Europe/London")
# The school's clock and the machine's are different ones, as in the sample school.
MOMENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
AT = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)

TECHNICIAN = Member(
    "otter", "Bryn Rushmere", Audience.STAFF, "technician", frozenset({Duty.TECHNICIAN})
)
GOVERNOR = Member(
    "vole", "Hettie Sallowfield", Audience.VISITOR, "governor", frozenset({Duty.GOVERNOR})
)
STAFF_PEOPLE = (TEACHER, HEAD, SECOND_HEAD, LEAD, DSL, CHAIR, GOVERNOR, TECHNICIAN)
PEOPLE = (*STAFF_PEOPLE, PUPIL, VISITOR)

_CITE = Citation("Hill Policy, May 2026", "Review")
NOTICE = Notice(1, _CITE)
APPROVAL = Approval(Approver.GOVERNORS, _CITE)
ANNOUNCEMENT = Announcement((ToldOf.STAFF,), _CITE)
STRICT_TERMS = ChangeTerms(NOTICE, APPROVAL, ANNOUNCEMENT)
NO_TERMS = ChangeTerms()
REASONS = "As the governors wish."
# The digest of what every school shares, when versions were proved and ever since.
SHARED = "5" * 64


def taken_up(
    number: int = 1, terms: ChangeTerms = STRICT_TERMS, moment: datetime = MOMENT
) -> PolicyVersion:
    """Return a version that policyd took up from the rule files at *moment*."""
    direction = Direction(moment)
    step = PolicyStep(Move.TAKEN_UP, None, AT, "The files changed.", direction=direction)
    return PolicyVersion(
        number=number,
        school="hill",
        origin=Origin.RULE_FILES,
        base=number - 1 or None,
        author=None,
        summary="Taken up from the rule files",
        digest=f"digest-{number}",
        terms=terms,
        changes=(),
        state=VersionState.DIRECTED,
        steps=(step,),
    )


def draft(number: int = 2, base: int = 1, author: Member = TECHNICIAN) -> PolicyVersion:
    """Return a draft that nobody has proved."""
    return PolicyVersion(
        number=number,
        school="hill",
        origin=Origin.DRAFT,
        base=base,
        author=author.id,
        summary="Lunch alone",
        digest=f"digest-{number}",
        terms=NO_TERMS,
        changes=(),
        state=VersionState.DRAFT,
        steps=(PolicyStep(Move.BEGUN, author.id, AT, "Lunch alone"),),
    )


def proof(version: PolicyVersion, *, is_ok: bool = True, opens: bool = True) -> ProofRecord:
    """Return a proof of exactly what *version* says."""
    openings = ("A member of staff can now reach Clips.",) if opens else ()
    return ProofRecord(
        digest=version.digest,
        against=version.base,
        at=AT,
        is_ok=is_ok,
        faults=() if is_ok else ("A pupil would reach Clips.",),
        openings=openings,
        opening_count=len(openings),
        shared=SHARED,
    )


def proved(version: PolicyVersion, *, is_ok: bool = True, opens: bool = True) -> PolicyVersion:
    """Return *version* with its proof."""
    return msgspec.structs.replace(version, proof=proof(version, is_ok=is_ok, opens=opens))


def proposed(
    versions: tuple[PolicyVersion, ...],
    number: int = 2,
    author: Member = TECHNICIAN,
    *,
    opens: bool = True,
) -> PolicyVersion:
    """Return a proved version that its author proposed on the newest of *versions*."""
    version = proved(draft(number, versions[-1].number, author), opens=opens)
    return propose(
        version, versions, by=author, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
    )


def directed(
    version: PolicyVersion,
    versions: tuple[PolicyVersion, ...],
    direction: Direction,
    by: Member = HEAD,
    moment: datetime = MOMENT,
    *,
    name: str | None = None,
    shared: str = SHARED,
) -> PolicyVersion:
    """Return *version* directed by *by*, who signs with *name* or their own."""
    return direct(
        version,
        versions,
        by=by,
        people=PEOPLE,
        reasons=REASONS,
        direction=direction,
        signature=Signature(name or by.name, TODAY, "0" * 64),
        shared=shared,
        at=AT,
        moment=moment,
        zone=LONDON,
    )
