"""The decision on a standing permission, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.signed_standing import StandingToSign
from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.standing_text import permits
from schoolgate_webui.desk import Desk
from schoolgate_webui.signed.form import SignedForm


def _back(number: str) -> str:
    """Return the page with the form."""
    return f"/standing/requests/{number}"


def _done(number: str) -> str:
    """Return the page that says that it was signed."""
    return f"/standing/requests/{number}?done=signed"


def _signable(desk: Desk, number: str, entered: Mapping[str, str]) -> StandingToSign:
    """
    Return what is to be signed of the form that was *entered*, by the policy in force now.

    Raises InvalidForm, UnknownObject.
    """
    asked, now = desk.site.decisions.standing_requests.find(int(number)), desk.now
    typed = {**entered, "staff_name": desk.member.name}
    return StandingToSign(
        number=asked.id,
        by=desk.member.id,
        decision=forms.parse_decision(typed, moment=now.school, zone=now.zone),
        permits=permits(desk.site.policy_in_force.policy(), asked.form.name),
        zone=now.zone,
        at=now.machine,
        moment=now.school,
    )


FORM = SignedForm(forms.DECISION_FIELDS, _signable, _back, _done)
