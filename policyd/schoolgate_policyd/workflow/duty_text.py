"""What is signed to give and take duties: who may do what from now on, and why (R16)."""

from collections.abc import Mapping

from schoolgate_policyd.core.subjects import Duty, HeldDuty
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signed_text import (
    NOW,
    Part,
    person_words,
    read_signed_text,
    signature_part,
    signed_text,
)

TITLE = "Duties of a person"
_NONE = "none"
_EVERY = "every platform"
_CHANGES, _REASONS = "What this signature changes", "Reasons"


def duty_text(
    subject: Member,
    before: tuple[HeldDuty, ...],
    after: tuple[HeldDuty, ...],
    reasons: str,
    *,
    version: int,
    document: str,
    signer: Member,
) -> str:
    """
    Return exactly what *signer* signs.

    *version* is that of the subject's line in the register; *document* names the policy in force.
    """
    old, new = {each.duty: each for each in before}, {each.duty: each for each in after}
    given = tuple(each for each in after if old.get(each.duty) != each)
    taken = tuple(each for each in before if each.duty not in new)
    person = (
        ("Person", person_words(subject.name, subject.id)),
        ("Line in the register", f"version {version}"),
        ("Duties until now", _said(before)),
    )
    changes = (
        ("Given", _said(given)),
        ("Taken away", _said(taken)),
        ("Duties from now on", _said(after)),
        ("Policy", document),
        ("From", NOW),
        ("Until", "they are taken away, or the person leaves"),
        (_REASONS, reasons),
    )
    parts = (
        Part("Person", person),
        Part(_CHANGES, changes),
        signature_part(signer),
    )
    return signed_text(TITLE, parts)


def reasons_in(text: str) -> str:
    """Return the reasons that such a text gives."""
    _, parts = read_signed_text(text)
    found: Mapping[str, str] = {
        label: value for part in parts if part.heading == _CHANGES for label, value in part.fields
    }
    return found[_REASONS]


def _said(duties: tuple[HeldDuty, ...]) -> str:
    return "\n".join(map(_line, sorted(duties, key=lambda each: each.duty))) or _NONE


def _line(held: HeldDuty) -> str:
    name = held.duty.value.replace("-", " ")
    if held.duty is not Duty.ACCOUNT_OPERATOR:
        return name
    return f"{name}, on {', '.join(sorted(held.platforms or ())) or _EVERY}"
