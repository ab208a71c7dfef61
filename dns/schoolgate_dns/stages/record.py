"""What is left of a query once it is answered: events, and a live line where one is wanted."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.finished.clients import Client
from schoolgate_dns.finished.use import Use
from schoolgate_dns.finished.uses import Minute
from schoolgate_dns.messages.record_types import type_name
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.crowd import KIND as CROWD
from schoolgate_dns.stages.crowd_noticed import Crowd
from schoolgate_dns.tunnels.passage import ATTEMPT as TUNNEL
from schoolgate_dns.tunnels.passage import Stopped
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.ipc.liveline import live_line
from schoolgate_policyd.ipc.messages import Event, Noticed, PointKind
from schoolgate_policyd.ipc.recorder import Recorder, Seen


class Recording:
    """
    Hands events to *offer* and lines to *show*; *machine_now* is the events' time.

    What passes through `answering` is noted query by query. Of a finished answer that blocks the
    first use in a minute is noted at once; all others are counted by `desk` and noted together
    when the minute is over. Of a help line nothing is kept or shown. Call `tick` about every
    second, so that a minute's counts go out when it is over.
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
        # A minute that is over has a recorder of its own, which tells it as that minute's.
        self._past = Recorder(PointKind.DNS)

    def note(self, asked: Asked, decision: Decision, *, is_blocked: bool) -> None:
        """Take in how *asked* was answered."""
        if decision.is_help_line:
            return
        seen = Seen(
            at=self._machine_now(),
            school_at=asked.moment,
            client=asked.client,
            subject=asked.subject,
            host=asked.query.name.text,
            decision=decision,
            is_blocked=is_blocked,
        )
        self._offer_all(self._recorder.record(seen))
        if self._show is not None:
            self._show_line(seen, asked.snapshot.school_time.zone, asked.query.type)

    def note_tunnel(self, asked: Asked, decision: Decision, stopped: Stopped) -> None:
        """Take in a query that a tunnel's parent is closed to; of its own name nothing is kept."""
        seen = Seen(
            at=self._machine_now(),
            school_at=asked.moment,
            client=asked.client,
            subject=asked.subject,
            host=stopped.parent.text,
            decision=decision,
            is_blocked=True,
            attempt=TUNNEL,
            evidence=stopped.evidence,
        )
        self._offer_all(self._recorder.record(seen))
        self._show_line(seen, asked.snapshot.school_time.zone, asked.query.type)

    def note_crowd(self, crowd: Crowd, network: str) -> None:
        """Take in that a source seems to be many devices."""
        now = self._machine_now()
        self._offer(Noticed(now, PointKind.DNS, crowd.client, network, CROWD, crowd.evidence))

    def note_first(self, client: Client, finished: FinishedAnswer, school_now: datetime) -> None:
        """Take in that *client* is given *finished* for the first time in this minute."""
        if finished.decision.is_help_line or not (finished.is_blocked or self._show):
            return
        seen = Seen(
            at=self._machine_now(),
            school_at=school_now,
            client=client.address,
            subject=client.subject,
            host=finished.host.text,
            decision=finished.decision,
            is_blocked=finished.is_blocked,
        )
        if finished.is_blocked:
            self._offer_all(self._recorder.record(seen))
        self._show_line(seen, client.zone, finished.type)

    def note_use(
        self, minute: Minute, use: Use, ago_s: Callable[[int], int], ahead: timedelta
    ) -> None:
        """
        Take in *use*, of a *minute* that is over.

        *ago_s* says how many seconds ago a second of the monotonic clock was, and *ahead* is by
        how much the school's clock is ahead of the machine's.
        """
        finished = use.finished
        if finished.decision.is_help_line:
            return
        last_at = None
        if finished.is_blocked:
            last_at = self._machine_now() - timedelta(seconds=ago_s(use.second))
        seen = Seen(
            at=minute.since,
            school_at=minute.since + ahead,
            client=minute.client,
            subject=minute.subject,
            host=finished.host.text,
            decision=finished.decision,
            is_blocked=finished.is_blocked,
            count=use.untold,
            last_at=None if last_at is None else max(last_at, minute.since),
        )
        self._offer_all(self._past.record(seen))

    def end_past(self) -> None:
        """Send what is left of the minutes that are over."""
        self._offer_all(self._past.stop())

    def tick(self) -> None:
        """Send what is due if a minute is over."""
        self._offer_all(self._recorder.tick(self._machine_now()))

    def stop(self) -> None:
        """Send everything that is left."""
        self.end_past()
        self._offer_all(self._recorder.stop())

    def _show_line(self, seen: Seen, zone: str, type_: int) -> None:
        if self._show is None:
            return
        line = live_line(PointKind.DNS, seen, ZoneInfo(zone), type_name(type_))
        if line is not None:
            self._show(line)

    def _offer_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self._offer(event)
