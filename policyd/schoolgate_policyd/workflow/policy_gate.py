"""
What must hold before a version is in force: proof, base, notice, approval, announcement.

Each check raises a sentence that says what is missing and what to do about it.
"""

import calendar
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.workflow.errors import WrongState, mistake_in
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    PolicyVersion,
    ProofRecord,
    Stage,
    VersionState,
    in_force_at,
    stage_at,
    terms_for,
)

type Versions = tuple[PolicyVersion, ...]

SAYS = {
    Stage.DRAFT: "is a draft that nobody has proposed yet",
    Stage.WAITING_FOR_GOVERNORS: "has been proposed and waits for the governors",
    Stage.WAITING_FOR_HEAD: "has been proposed and waits for the headteacher",
    Stage.REFUSED: "was refused",
    Stage.WITHDRAWN: "was withdrawn",
    Stage.TO_COME: "has been directed and comes into force on its date",
    Stage.IN_FORCE: "is in force",
    Stage.SUPERSEDED: "was in force and another version followed it",
    Stage.OVERTAKEN: "was overtaken by another version before it came into force",
}
_STATES = {
    VersionState.DRAFT: "it is a draft that nobody has proposed yet",
    VersionState.PROPOSED: "it has been proposed, so it stays as it is",
    VersionState.DIRECTED: "it has been directed already",
    VersionState.REFUSED: "it was refused",
    VersionState.WITHDRAWN: "it was withdrawn",
}


def require_state(version: PolicyVersion, *states: VersionState) -> None:
    """Raise WrongState unless *version* is in one of *states*."""
    if version.state not in states:
        raise WrongState(f"This cannot be done now: {_STATES[version.state]}.")


def require_current_base(version: PolicyVersion, versions: Versions, moment: datetime) -> None:
    """Raise WrongState unless what *version* was drafted on is in force."""
    current = in_force_at(versions, moment)
    number = None if current is None else current.number
    if version.base != number:
        raise WrongState(
            f"Version {version.number} was drafted on version {version.base}, and since then "
            f"version {number} came into force: bring its changes onto that one. Nothing in it "
            "is lost."
        )


def require_proof(version: PolicyVersion, shared: str) -> ProofRecord:
    """
    Return the proof of *version*. Raises WrongState unless it found no fault.

    *shared* is the digest of what every school shares now, as `ProofRecord` has it: a proof is
    good for what it was then, and one that does not say what that was is good for nothing.
    """
    proof = version.proof
    if proof is None or not version.is_said_by(proof):
        raise WrongState("It has not been proved as it stands: run the proof first.")
    if not proof.shared or proof.shared != shared:
        raise WrongState("What every school shares has changed since: run the proof again.")
    if not proof.is_ok:
        first = proof.faults[0] if proof.faults else "a law does not hold"
        raise WrongState(f"The proof failed, so it cannot go on: {first}")
    return proof


def require_only_tightening(proof: ProofRecord) -> None:
    """Raise InvalidForm unless what was proved opens nothing and gives nothing up."""
    if proof.only_tightens:
        return
    first = next(iter((*proof.openings, *proof.loosenings)), "it opens what is blocked now")
    raise mistake_in(
        "is_for_safety",
        f"Only a change that opens nothing can take effect without notice and approval: {first}",
    )


def require_terms(
    version: PolicyVersion,
    versions: Versions,
    direction: Direction,
    *,
    today: date,
    zone: ZoneInfo,
) -> None:
    """Raise unless approval, announcement and notice are as the policy in force asks."""
    terms = terms_for(version, versions)
    if terms.approval is not None and version.approval is None:
        raise WrongState(
            f"Governors approve a change before it takes effect ({terms.approval.cite}): their "
            "approval is not recorded yet."
        )
    announced = direction.announced_on
    if announced is None:
        for asked in (terms.notice, terms.announcement):
            if asked is not None:
                message = f"Enter the day on which it was announced ({asked.cite})."
                raise mistake_in("announced_on", message)
        return
    if announced > today:
        raise mistake_in("announced_on", "The announcement must not be in the future.")
    earliest = earliest_date(version, versions, announced)
    if terms.notice is not None and local_date(direction.in_force_from, zone) < earliest:
        raise mistake_in(
            "in_force_from",
            f"It was announced on {day_words(announced)}, and {_months(terms.notice.months)} "
            f"notice is asked for ({terms.notice.cite}): the earliest date is "
            f"{day_words(earliest)}.",
        )


def require_none_to_come(versions: Versions, moment: datetime) -> None:
    """Raise WrongState if another version has been directed and is not in force yet."""
    for each in versions:
        if stage_at(each, versions, moment) is Stage.TO_COME:
            raise WrongState(
                f"Version {each.number} {SAYS[Stage.TO_COME]}, and would be overtaken: withdraw "
                "it first, or wait until it is in force."
            )


def earliest_date(version: PolicyVersion, versions: Versions, announced_on: date) -> date:
    """Return the first day on which *version* may take effect, announced on that day."""
    notice = terms_for(version, versions).notice
    return announced_on if notice is None else months_after(announced_on, notice.months)


def months_after(day: date, months: int) -> date:
    """
    Return the corresponding date *months* later, or that month's last day where it has none.

    So a month's notice is reckoned in England (Dodds v Walker, 1981).
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _months(count: int) -> str:
    return "one month's" if count == 1 else f"{count} months'"
