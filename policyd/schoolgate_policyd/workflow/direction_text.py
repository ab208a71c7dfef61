"""What the head signs to put a version of the policy in force: what it changes, and from when."""

from datetime import date, datetime

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.workflow.decision_text import Known
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Move,
    PolicyVersion,
    ProofRecord,
)
from schoolgate_policyd.workflow.signed_text import (
    NOW,
    Part,
    moment_words,
    signature_part,
    signed_text,
)

TITLE = "Direction of a version of the policy"
_NOTHING = "nothing"
_NONE = "none"


class DirectionForm(msgspec.Struct, frozen=True):
    """
    What the head filled in; without *starts_at* (aware) it is in force when it is signed.

    *staff_name* and *signed_on* are the signer's own.
    """

    reasons: str
    staff_name: str
    signed_on: date
    starts_at: datetime | None = None
    announced_on: date | None = None
    is_for_safety: bool = False

    def direction(self, moment: datetime) -> Direction:
        """Return the direction that is signed at *moment* (aware, the school's clock)."""
        starts_at = moment if self.starts_at is None else self.starts_at
        return Direction(starts_at, self.announced_on, self.is_for_safety)


def direction_text(
    version: PolicyVersion,
    form: DirectionForm,
    differences: tuple[str, ...],
    *,
    signer: Member,
    known: Known,
) -> str:
    """
    Return exactly what *signer* signs.

    *differences* are what the version says otherwise than the one it was drafted on, in words
    with the clauses that they cite.
    """
    parts = (
        _version(version, differences, known),
        _proof(version.proof),
        _approval(version, known),
        _direction(form, known),
        Part(
            "Authoriser",
            (
                ("Reasons", form.reasons),
                ("Staff name", form.staff_name),
                ("Date", day_words(form.signed_on)),
            ),
        ),
        signature_part(signer),
    )
    return signed_text(TITLE, parts)


def _version(version: PolicyVersion, differences: tuple[str, ...], known: Known) -> Part:
    base = _NONE if version.base is None else str(version.base)
    author = "the rule files" if version.author is None else known.person(version.author)
    proposed = version.step(Move.PROPOSED)
    return Part(
        "Version",
        (
            ("School", version.school),
            ("Version of the policy", str(version.number)),
            ("Steps taken", str(len(version.steps))),
            ("In place of version", base),
            ("Summary", version.summary),
            ("Drafted by", author),
            ("Why it is proposed", "" if proposed is None else proposed.reasons),
            ("What it says otherwise", "\n".join(differences) or _NOTHING),
            ("Digest of its texts", version.digest),
        ),
    )


def _proof(proof: ProofRecord | None) -> Part:
    heading = "Proof"
    if proof is None:
        return Part(heading, (("Proof", _NONE),))
    return Part(
        heading,
        (
            ("Holds", "yes" if proof.is_ok else "no"),
            ("It opens", _sentences(proof.openings, proof.opening_count)),
            ("It closes", _sentences(proof.closings, proof.closing_count)),
            ("It gives up", "\n".join(proof.loosenings) or _NOTHING),
            ("Digest that was proved", proof.digest),
            ("Digest of what schools share", proof.shared),
        ),
    )


def _sentences(said: tuple[str, ...], count: int) -> str:
    """Return sentences of which there were *count*, some of them not kept."""
    more = max(count - len(said), 0)
    lines = (*said, *((f"and {more} more, counted by the proof",) if more else ()))
    return "\n".join(lines) or _NOTHING


def _approval(version: PolicyVersion, known: Known) -> Part:
    heading, step = "Governors’ approval", version.approval
    if step is None or step.minutes is None:
        return Part(heading, (("Meeting", _NONE),))
    recorded_by = "" if step.actor is None else known.person(step.actor)
    return Part(
        heading,
        (
            ("Meeting", day_words(step.minutes.met_on)),
            ("Minute", step.minutes.reference),
            ("Recorded by", recorded_by),
        ),
    )


def _direction(form: DirectionForm, known: Known) -> Part:
    starts = NOW
    if form.starts_at is not None:
        starts = moment_words(form.starts_at, known.zone)
    announced = _NONE if form.announced_on is None else day_words(form.announced_on)
    return Part(
        "What this signature puts in force",
        (
            ("In force from", starts),
            ("Until", "another version is in force"),
            ("Announced on", announced),
            ("For safety, without waiting", "yes" if form.is_for_safety else "no"),
        ),
    )
