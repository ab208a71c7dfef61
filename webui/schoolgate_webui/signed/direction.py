"""The direction of a version of the policy, from its form to what is signed."""

from collections.abc import Mapping
from datetime import time

from schoolgate_policyd.core.times import local_date, moment_of
from schoolgate_policyd.store.signed_directions import DirectionToSign
from schoolgate_policyd.workflow.direction_text import DirectionForm
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_webui.desk import Desk
from schoolgate_webui.drawer import differences_of, drafted
from schoolgate_webui.signed.form import SignedForm
from schoolgate_webui.views.draft_steps import When

_FIELDS = ("announced_on", "when", "in_force_from", "reasons")
_UNREADABLE = (
    "What this version says otherwise cannot be put into words any more, so it cannot be signed: "
    "have its changes entered into a new draft of what is in force."
)


def _back(number: str) -> str:
    """Return the page with the form."""
    return f"/policy/drafts/{number}/direct"


def _done(number: str) -> str:
    """Return the page that says that it was signed."""
    return f"/policy/drafts/{number}?done=directed"


def _signable(desk: Desk, number: str, entered: Mapping[str, str]) -> DirectionToSign:
    """Return what is to be signed of what was *entered*. Raises InvalidForm, WrongState."""
    shown, now = drafted(desk, int(number)), desk.now
    said = differences_of(desk, shown)
    if said is None:
        raise WrongState(_UNREADABLE)
    return DirectionToSign(
        number=shown.version.number,
        by=desk.member.id,
        form=_form(desk, entered),
        differences=said,
        shared=desk.site.workshop.shared(shown.version.number),
        zone=now.zone,
        at=now.machine,
        moment=now.school,
    )


def _form(desk: Desk, entered: Mapping[str, str]) -> DirectionForm:
    entry, zone = Entry(entered, _FIELDS), desk.now.zone
    announced = None
    if entered.get("announced_on", "").strip():
        announced = entry.day("announced_on", "Enter the day.")
    when = entry.choice("when", {each.value: each for each in When}, "Say from when.")
    day = None
    if when == When.DAY:
        day = entry.day("in_force_from", "Enter the day from which it is in force.")
    reasons = entry.text("reasons", "Give the reasons.")
    entry.raise_mistakes()
    return DirectionForm(
        reasons=reasons,
        # The name under the direction is that of whoever is signed in, whatever was typed.
        staff_name=desk.member.name,
        signed_on=local_date(desk.now.school, zone),
        starts_at=None if day is None else moment_of(day, time(0), zone),
        announced_on=announced,
        is_for_safety=when == When.SAFETY,
    )


FORM = SignedForm(_FIELDS, _signable, _back, _done)
