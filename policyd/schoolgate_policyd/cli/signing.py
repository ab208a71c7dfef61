"""Signing at the command line: the text whole, then the proof, as in the pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from schoolgate_policyd.cli.frame import settings_in_use
from schoolgate_policyd.clock import MachineClock

if TYPE_CHECKING:
    from schoolgate_policyd.store.decisions import DecisionStore
    from schoolgate_policyd.store.signing_desk import Signable

_ADDRESS = "command line"


def sign_here(store: "DecisionStore", picture: Callable[[], "Signable"]) -> None:
    """
    Show what is to be signed, ask for the proof and sign it. Raises WorkflowError.

    *picture* is taken twice: what is signed is as things are when the proof was typed, and it is
    refused where its text is another than was shown.
    """
    from schoolgate_policyd.settings import SecondFactorRule
    from schoolgate_policyd.store.signing_desk import ByPassword
    from schoolgate_policyd.store.signing_here import session_here

    desk = store.signing_desk
    to_sign, at = picture(), MachineClock().now()
    with session_here(store.database, to_sign.by, where=_ADDRESS, at=at) as session:
        signing = desk.begin(session, to_sign, {}, at=at)
        typer.echo(signing.document.text)
        password = typer.prompt("Your password", hide_input=True)
        is_required = settings_in_use().web.second_factor is SecondFactorRule.REQUIRED
        is_code_needed = is_required or store.second_factor.of(to_sign.by).has_one
        code = typer.prompt("Your code") if is_code_needed else ""
        # Codes change while somebody looks for their phone, and so may what is signed.
        to_sign, now = picture(), MachineClock().now()
        desk.sign_with_password(
            signing.nonce,
            session,
            to_sign,
            ByPassword(password, code.strip(), is_code_needed),
            address=_ADDRESS,
            at=now,
        )
