"""
How long it is kept who read the policy, what training was given, and how days were directed.

And the tokens and codes of accounts, once they open nothing any more.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from schoolgate_policyd.store.models import (
    AcknowledgementRow,
    ApiTokenRow,
    DifferentDayRow,
    PersonRow,
    SetupCodeRow,
    TrainingRow,
)
from schoolgate_policyd.store.retention_rows import YEAR, Kind, rows

_LATER = aliased(AcknowledgementRow)
_READ_A_NEWER = (
    select(func.min(_LATER.at))
    .where(
        _LATER.person_id == AcknowledgementRow.person_id,
        _LATER.version > AcknowledgementRow.version,
    )
    .scalar_subquery()
)
_LEFT = (
    select(PersonRow.leaves_at)
    .where(PersonRow.id == AcknowledgementRow.person_id, PersonRow.has_left)
    .scalar_subquery()
)

TOLD_KINDS: tuple[Kind, ...] = (
    Kind(
        name="acknowledgements",
        what="Who read which version of the policy, from when they read a newer one or left",
        reason="To see what somebody knew of the rules when something is looked into.",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            AcknowledgementRow,
            # Null for the newest of whoever is here: without it they would be asked again.
            func.coalesce(_READ_A_NEWER, _LEFT),
            people=(AcknowledgementRow.person_id,),
            on=("acknowledgement", AcknowledgementRow.id),
        ),
    ),
    Kind(
        name="training",
        what="Training that was given, from when it was due again",
        reason="Governors see over some years that training is given and renewed (KCSIE).",
        days=3 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            TrainingRow,
            func.coalesce(TrainingRow.due_again_on, TrainingRow.given_on),
            people=(TrainingRow.recorded_by,),
            on=("training", TrainingRow.id),
        ),
    ),
    Kind(
        name="different-days",
        what="Days that the head directed to go otherwise, once they are past",
        reason="Decisions of the past are replayed with them, and governors ask within two years.",
        days=2 * YEAR,
        # Events are kept for a year at most, and no replay goes further back.
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            DifferentDayRow,
            DifferentDayRow.last,
            people=(DifferentDayRow.directed_by, DifferentDayRow.withdrawn_by),
            on=("different-day", DifferentDayRow.id),
        ),
    ),
    Kind(
        name="api-tokens",
        what="Names and scopes of tokens of the API that ended or were revoked",
        reason="To see within the school year which program could do what, and for whom.",
        days=YEAR,
        least=30,
        most=2 * YEAR,
        delete=rows(
            ApiTokenRow,
            func.coalesce(ApiTokenRow.revoked_at, ApiTokenRow.ends_at),
            people=(ApiTokenRow.person_id,),
            on=("api-token", ApiTokenRow.id),
        ),
    ),
    Kind(
        name="setup-codes",
        what="Set-up codes that were used or ended: for whom, and who made them",
        reason="To see who let whom set an account up, while that account is new.",
        days=90,
        least=7,
        most=YEAR,
        delete=rows(
            SetupCodeRow,
            func.coalesce(SetupCodeRow.used_at, SetupCodeRow.ends_at),
            people=(SetupCodeRow.person_id, SetupCodeRow.made_by),
        ),
    ),
)
