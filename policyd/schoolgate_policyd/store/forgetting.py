"""
Forgetting a person who left: the register knows a pseudonym and nothing else of them.

Their row stays because decisions that they made, signed or asked for refer to it; those are
deleted each in its own time. What they signed keeps the name that they signed with until then.
What was signed about their duties goes, and what was begun to be signed.
"""

from sqlalchemy import delete
from sqlalchemy.orm import object_session

from schoolgate_policyd.store.models import PersonRow, SignatureRow, SigningRow
from schoolgate_policyd.workflow.forgetting import FORGOTTEN
from schoolgate_policyd.workflow.signing import SignedKind

__all__ = ["FORGOTTEN", "forget_in"]


def forget_in(row: PersonRow) -> None:
    """Take from *row* everything that says who it is; its id is a pseudonym."""
    row.name = FORGOTTEN
    row.username = row.leaves_by = None
    row.year_group = row.age = row.hours_start = row.hours_end = None
    session = object_session(row)
    if session is not None:
        for table in (SignatureRow, SigningRow):
            about = table.kind == SignedKind.DUTY, table.object_id == row.id
            session.execute(delete(table).where(*about))
