"""How long it is kept who read the policy, what training was given, and how days were directed."""

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from schoolgate_policyd.store.models import (
    AcknowledgementRow,
    DifferentDayRow,
    TrainingRow,
)
from schoolgate_policyd.store.retention_rows import YEAR, Kind, left_at, rows

_LATER = aliased(AcknowledgementRow)
_READ_A_NEWER = (
    select(func.min(_LATER.at))
    .where(
        _LATER.person_id == AcknowledgementRow.person_id,
        _LATER.version > AcknowledgementRow.version,
    )
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
            func.coalesce(_READ_A_NEWER, left_at(AcknowledgementRow.person_id)),
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
)
