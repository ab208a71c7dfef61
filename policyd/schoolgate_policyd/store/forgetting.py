"""
Forgetting a person who left: the register knows a pseudonym and nothing else of them.

Their row stays because decisions that they made, signed or asked for refer to it; those are
deleted each in its own time. What they signed keeps the name that they signed with until then.
"""

from schoolgate_policyd.store.models import PersonRow
from schoolgate_policyd.workflow.forgetting import FORGOTTEN

__all__ = ["FORGOTTEN", "forget_in"]


def forget_in(row: PersonRow) -> None:
    """Take from *row* everything that says who it is; its id is a pseudonym."""
    row.name = FORGOTTEN
    row.username = None
    row.year_group = row.age = row.hours_start = row.hours_end = None
