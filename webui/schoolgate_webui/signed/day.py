"""A day that is different, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.signed_days import DayToSign
from schoolgate_policyd.workflow.different_days import FIELDS, parse_day
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import today
from schoolgate_webui.signed.form import SignedForm


def _back(_: str) -> str:
    """Return the page with the form."""
    return "/school/calendar/different"


def _done(_: str) -> str:
    """Return the page that says that it was signed."""
    return "/school/calendar?done=day-directed"


def _signable(desk: Desk, _: str, entered: Mapping[str, str]) -> DayToSign:
    """
    Return what is to be signed of the form that was *entered*, in the policy in force now.

    Raises InvalidForm.
    """
    return DayToSign(
        by=desk.member.id,
        entry=parse_day(entered, today=today(desk)),
        document=desk.policy_document(),
        today=today(desk),
        at=desk.now.machine,
    )


FORM = SignedForm(FIELDS, _signable, _back, _done)
