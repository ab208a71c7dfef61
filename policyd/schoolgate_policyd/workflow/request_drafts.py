"""A request that is not finished: what was typed, kept as it stands for its author alone."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.workflow.entries import MAX_KEPT
from schoolgate_policyd.workflow.forms import REQUEST_FIELDS

MAX_DRAFTS = 20
# Who they are and what day it is are written when it is sent, not when it is begun.
_NOT_KEPT = frozenset({"staff_name", "date"})


class RequestDraft(msgspec.Struct, frozen=True):
    """Draft *id* of *author*: its *entry* by field, changed last at (machine time, aware)."""

    id: int
    author: str
    entry: Mapping[str, str]
    changed_at: datetime


def kept_entry(raw: Mapping[str, str]) -> dict[str, str]:
    """Return of what was typed what a draft keeps, each field cut to what fields may hold."""
    return {
        name: raw[name][:MAX_KEPT].replace("\r\n", "\n")
        for name in REQUEST_FIELDS
        if name not in _NOT_KEPT and raw.get(name, "").strip()
    }
