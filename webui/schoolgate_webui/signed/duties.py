"""Duties given and taken, from their form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.signed_duties import DutiesToSign
from schoolgate_policyd.workflow.register_duties import DUTY_FIELDS, parse_duties
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import services_of, version_of
from schoolgate_webui.signed.form import SignedForm


def _back(person: str) -> str:
    """Return the page with the form."""
    return f"/school/people/{person}/duties"


def _done(person: str) -> str:
    """Return the page that says that it was signed."""
    return f"/school/people/{person}?done=duties"


def _signable(desk: Desk, person: str, entered: Mapping[str, str]) -> DutiesToSign:
    """
    Return what is to be signed of the form that was *entered*, in the policy in force now.

    Raises InvalidForm.
    """
    return DutiesToSign(
        person=person,
        by=desk.member.id,
        form=parse_duties(entered, services_of(desk)),
        version=version_of(entered),
        document=desk.policy_document(),
        at=desk.now.machine,
        moment=desk.now.school,
    )


FORM = SignedForm((*DUTY_FIELDS, "version"), _signable, _back, _done)
