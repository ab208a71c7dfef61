"""The delegation, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.workflow.delegations import DELEGATION_FIELDS, parse_delegation
from schoolgate_webui.desk import Desk
from schoolgate_webui.signed.form import SignedForm


def _back(_: str) -> str:
    """Return the page with the form."""
    return "/delegations"


def _done(_: str) -> str:
    """Return the page that says that it was signed."""
    return "/delegations?done=named-deputy"


def _signable(desk: Desk, _: str, entered: Mapping[str, str]) -> DelegationToSign:
    """Return what is to be signed of the form that was *entered*. Raises InvalidForm."""
    now = desk.now
    form = parse_delegation(
        entered,
        by=desk.member.id,
        people=desk.site.decisions.people.members(),
        moment=now.school,
        zone=now.zone,
    )
    return DelegationToSign(
        by=desk.member.id,
        form=form,
        signed_on=local_date(now.school, now.zone),
        zone=now.zone,
        at=now.machine,
        moment=now.school,
    )


FORM = SignedForm(DELEGATION_FIELDS, _signable, _back, _done)
