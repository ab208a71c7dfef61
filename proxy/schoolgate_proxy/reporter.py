"""What the proxy decided, told: events for policyd, and a live line for whoever watches."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.ipc.liveline import live_line
from schoolgate_policyd.ipc.messages import Event, PointKind
from schoolgate_policyd.ipc.recorder import Recorder, Seen
from schoolgate_proxy.requests import Attempt, Judged
from schoolgate_proxy.words import page_of

TICK_EVERY_S = 1.0


class Reporter:
    """
    Tells what was seen.

    *offer* takes events to the spool, *show* prints a live line (None: nobody watches).
    *machine_now* is machine time, aware.
    """

    def __init__(
        self,
        offer: Callable[[Event], None],
        machine_now: Callable[[], datetime],
        show: Callable[[str], None] | None = None,
    ) -> None:
        self._recorder = Recorder(PointKind.PROXY)
        self._offer = offer
        self._machine_now = machine_now
        self._show = show

    def allowed(
        self, client: str, subject: Subject, judged: Judged, *, moment: datetime, zone: ZoneInfo
    ) -> None:
        """Count what *judged* allowed; only the host is kept, never the page."""
        self._report(self._seen(client, subject, judged, moment, is_blocked=False), zone)

    def blocked(
        self,
        client: str,
        subject: Subject,
        judged: Judged,
        *,
        moment: datetime,
        zone: ZoneInfo,
        attempt: Attempt | None = None,
        evidence: str | None = None,
    ) -> None:
        """Record what was refused at *moment* (school time, aware)."""
        seen = self._seen(client, subject, judged, moment, is_blocked=True, attempt=attempt)
        if evidence is not None:
            seen = msgspec.structs.replace(seen, evidence=evidence)
        self._report(seen, zone)

    async def run(self) -> None:
        """Send what waits for the end of its minute, until cancelled."""
        while True:
            for event in self._recorder.tick(self._machine_now()):
                self._offer(event)
            await asyncio.sleep(TICK_EVERY_S)

    def stop(self) -> None:
        """Send what still waits."""
        for event in self._recorder.stop():
            self._offer(event)

    def _seen(
        self,
        client: str,
        subject: Subject,
        judged: Judged,
        moment: datetime,
        *,
        is_blocked: bool,
        attempt: Attempt | None = None,
    ) -> Seen:
        return Seen(
            at=self._machine_now(),
            school_at=moment,
            client=client,
            subject=subject,
            host=judged.resource.host.text,
            decision=judged.decision,
            is_blocked=is_blocked,
            page=page_of(judged.resource) if is_blocked else None,
            attempt=attempt,
        )

    def _report(self, seen: Seen, zone: ZoneInfo) -> None:
        for event in self._recorder.record(seen):
            self._offer(event)
        if self._show is not None:
            line = live_line(PointKind.PROXY, seen, zone, seen.attempt or "")
            if line is not None:
                self._show(line)
