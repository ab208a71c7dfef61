"""The decision on a request, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_webui.desk import Desk
from schoolgate_webui.request_pages import visible, would_open
from schoolgate_webui.signed.form import SignedForm
from schoolgate_webui.views.effects import outcome


def _back(number: str) -> str:
    """Return the page with the form."""
    return f"/requests/{number}"


def _done(number: str) -> str:
    """Return the page that says that it was signed."""
    return f"/requests/{number}?done=signed"


def _signable(desk: Desk, number: str, entered: Mapping[str, str]) -> DecisionToSign:
    """
    Return what is to be signed of the form that was *entered*, with what it would do now.

    Raises InvalidForm, UnknownObject.
    """
    asked, now = visible(desk, int(number)), desk.now
    typed = {**entered, "staff_name": desk.member.name}
    decision = forms.parse_decision(typed, moment=now.school, zone=now.zone)
    effects, shown = None, None
    if decision.is_approved:
        effects = would_open(desk, asked)
        listed = outcome(effects, desk.seen().names, desk.site.policy_in_force.policy())
        shown = WouldOpen(effects.grant, listed.opens, listed.still_blocks)
    return DecisionToSign(
        number=asked.id,
        by=desk.member.id,
        decision=decision,
        effects=effects,
        would_open=shown,
        zone=now.zone,
        at=now.machine,
        moment=now.school,
    )


FORM = SignedForm(forms.DECISION_FIELDS, _signable, _back, _done)
