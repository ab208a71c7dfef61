"""Opening a network, from its form to what is signed."""

from collections.abc import Mapping

from schoolgate_policyd.store.networks import network_called
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.workflow.networks import FIELDS, parse_network
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import configured_networks, version_of
from schoolgate_webui.signed.form import SignedForm


def _back(network: str) -> str:
    """Return the page with the form."""
    return f"/school/networks/{network}"


def _done(_: str) -> str:
    """Return the page that says that it was signed."""
    return "/school/networks?done=saved"


def _signable(desk: Desk, network: str, entered: Mapping[str, str]) -> NetworkToSign:
    """
    Return what is to be signed of the form that was *entered*, in the policy in force now.

    Raises InvalidForm, UnknownObject.
    """
    return NetworkToSign(
        by=desk.member.id,
        configured=network_called(configured_networks(desk), network),
        entry=parse_network(entered),
        version=version_of(entered),
        document=desk.policy_document(),
        at=desk.now.machine,
    )


FORM = SignedForm((*FIELDS, "version"), _signable, _back, _done)
