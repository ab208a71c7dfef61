"""What a deed of the paperwork is."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from schoolgate_policyd.store.decisions import DecisionStore

ADDRESS = "127.0.3.10"
# The action, kind of object and id of the entry that a deed left; None where nothing was done.
type Done = tuple[str, str, object] | None
NO_ENTRY = ("", "", "")


class Deed(NamedTuple):
    """Something to do, drawn as often as its *weight* says; *do* takes the machine time."""

    do: Callable[[DecisionStore, random.Random, datetime], Done]
    weight: int = 1
