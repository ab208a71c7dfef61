"""What is left of a query once it is answered: events, and a live line where one is wanted."""

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from schoolgate_dns.record_types import type_name
from schoolgate_dns.stages.name import is_blocked
from schoolgate_dns.stages.who import Asked
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.ipc.liveline import live_line
from schoolgate_policyd.ipc.messages import Event, PointKind
from schoolgate_policyd.ipc.recorder import Recorder, Seen


class Recording:
    """
    Hands events to *offer* and lines to *show*; *machine_now* is the events' time.

    Call `tick` about every second, so that a minute's counts go out when it is over.
    """

    def __init__(
        self,
        offer: Callable[[Event], None],
        machine_now: Callable[[], datetime],
        show: Callable[[str], None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._offer = offer
        self._machine_now = machine_now
        self._show = show
        self._recorder = Recorder(PointKind.DNS) if recorder is None else recorder

    def note(self, asked: Asked, decision: Decision) -> None:
        """Take in how *asked* was answered. Of a help line nothing is kept or shown."""
        if decision.is_help_line:
            return
        seen = Seen(
            at=self._machine_now(),
            school_at=asked.moment,
            client=asked.client,
            subject=asked.subject,
            host=asked.query.name.text,
            decision=decision,
            is_blocked=is_blocked(decision),
        )
        self._offer_all(self._recorder.record(seen))
        if self._show is not None:
            zone = ZoneInfo(asked.snapshot.school_time.zone)
            line = live_line(PointKind.DNS, seen, zone, type_name(asked.query.type))
            if line is not None:
                self._show(line)

    def tick(self) -> None:
        """Send what is due if a minute is over."""
        self._offer_all(self._recorder.tick(self._machine_now()))

    def stop(self) -> None:
        """Send everything that is left."""
        self._offer_all(self._recorder.stop())

    def _offer_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._offer(event)
