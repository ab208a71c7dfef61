"""What people have beside a password, and what it takes to add to it, in a transaction."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.models import PasskeyRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.one_time_codes import (
    codes_since_in,
    recovery_codes_left_in,
    remove_codes_in,
    remove_recovery_codes_in,
)
from schoolgate_policyd.store.session_rows import live_session_in, part_way_in
from schoolgate_policyd.store.sign_in_records import SecondFactors
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.errors import WrongState

TOO_LATE = "Signing in took too long: begin again."
_KEEP_ONE = (
    "Your duties need a second factor, and this is your only one. Set up another first, then "
    "remove this one."
)


def second_factors_in(session: Session, person: str) -> SecondFactors:
    """Return what *person* has."""
    passkeys = session.scalar(
        select(func.count()).select_from(PasskeyRow).where(PasskeyRow.person_id == person)
    )
    return SecondFactors(
        codes_since=codes_since_in(session, person),
        passkeys=passkeys or 0,
        recovery_codes_left=recovery_codes_left_in(session, person),
    )


def take_off_in(session: Session, person: str, *, at: datetime, by: str | None) -> None:
    """Remove everything that *person* has beside the password."""
    had = second_factors_in(session, person)
    session.execute(delete(PasskeyRow).where(PasskeyRow.person_id == person))
    remove_codes_in(session, person)
    remove_recovery_codes_in(session, person)
    details = {"passkeys": had.passkeys, "codes": had.codes_since is not None}
    note(
        session,
        AuditAction.SECOND_FACTOR_TAKEN_OFF,
        at=at,
        actor=by,
        on=("person", person),
        details=details,
    )


def require_one_stays_in(session: Session, person: str, *, must_keep_one: bool) -> None:
    """
    Raise WrongState after a removal that left *person* none, if they *must_keep_one*.

    Its transaction is undone with it. Looked at afterwards, so that two removals at once cannot
    both find the other's factor.
    """
    session.flush()
    if must_keep_one and not second_factors_in(session, person).has_one:
        raise WrongState(_KEEP_ONE)


def require_may_add_in(session: Session, person: str, session_id: int, at: datetime) -> None:
    """
    Raise WrongState unless the session may add a second factor.

    One that is part-way adds the first one and no other: whoever has the password alone must not
    come in beside the person by a factor of their own.
    """
    row = live_session_in(session, session_id, at)
    if row is None:
        row = part_way_in(session, session_id, at)
        lacks_one = row is not None and row.lacks is Lack.SETTING_ONE_UP
        if not lacks_one or second_factors_in(session, person).has_one:
            raise WrongState(TOO_LATE)
    if row is None or row.person_id != person:
        raise WrongState(TOO_LATE)
