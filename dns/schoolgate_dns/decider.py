"""The snapshot in force, and the questions that are asked of it."""

from collections.abc import Callable
from datetime import datetime

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.in_doubt import Compile, Deciding, Doubtable

Decide = Callable[[Request, Snapshot, datetime], Decision]


class Decider(Deciding):
    """What `Deciding` holds, and how it is asked."""

    def __init__(
        self,
        snapshot: Snapshot,
        decide: Decide = decide,
        *,
        compile_: Compile = compile_snapshot,
        clock: Doubtable | None = None,
    ) -> None:
        super().__init__(snapshot, compile_, clock=clock)
        self.decide = decide
