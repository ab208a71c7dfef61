"""
policyd: the policy decision and administration point.

It makes the sequence of revisions from the rule files and the store, sends it to every point,
and stores their events. Store and disk are only touched from threads, so a slow disk never
keeps points waiting for an answer.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog

from schoolgate_policyd import service_notice
from schoolgate_policyd.clock import Clock
from schoolgate_policyd.collaborators import (
    Alarm,
    Decisions,
    Events,
    Gathers,
    Keeps,
    Lists,
    Mails,
    Runs,
)
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.at_once import AtOnce, without_blocks
from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.core.strict import STRICT_POLICY
from schoolgate_policyd.ipc.last_snapshot import (
    LastSnapshotError,
    load_last_snapshot,
    save_last_snapshot,
)
from schoolgate_policyd.ipc.messages import EventBatch
from schoolgate_policyd.ipc.server import PolicydServer
from schoolgate_policyd.laying import Laying
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.revisions import RevisionSequence
from schoolgate_policyd.rulewatch import RuleWatch
from schoolgate_policyd.strict_snapshot import strict_snapshot

NAME = "policyd"
POLL_EVERY_S = 1.0
TIDY_EVERY_S = 3600.0
# Ages and the like change with the date alone, without any change of the store.
REGISTER_EVERY_POLLS = 60

log = structlog.get_logger(__name__)


class _View(NamedTuple):
    """What the store said when it was last looked at; *blocks* None: it never could be."""

    version: int
    register: Register
    live: Live
    blocks: tuple[AtOnce, ...] | None


class Policyd:
    """
    The whole of policyd, given its stores, its rules, the two clocks and the *alarm* about them.

    While the rule files are faulty the last good policy stays, across restarts too; when none
    was ever good, the strict one of `core.strict` is in force.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        decisions: Decisions,
        events: Events,
        rules: RuleWatch,
        school_clock: Clock,
        machine_clock: Clock,
        lists: Lists | None = None,
        alarm: Alarm | None = None,
        gatherer: Gathers | None = None,
        mailing: Mails | None = None,
        keeper: Keeps | None = None,
    ) -> None:
        self._keeper = keeper
        self._mailing = mailing
        self._gatherer = gatherer
        self._lists = lists
        self._alarm = alarm
        self._decisions = decisions
        self._events = events
        self._rules = rules
        self._school_clock = school_clock
        self._machine_clock = machine_clock
        self._networks = networks_of(settings)
        self._snapshot_path = settings.last_snapshot_path(NAME)
        last = self._last_good()
        # What was in force before this start is what a new policy must not fall behind.
        self._rules.in_force = None if last is None else without_blocks(last.policy)
        self._sequence = RevisionSequence(last)
        self._policy = self._first_policy(settings, last)
        self._laying = Laying()
        self._view: _View | None = None
        self._polls = 0
        self._is_store_failing = False
        self._refreshing = asyncio.Lock()
        self._reading_rules = asyncio.Lock()
        self._storing = asyncio.Lock()
        self._server = PolicydServer(
            settings.socket_path,
            on_wake=self._woken,
            on_events=self._store_events,
            on_ahead=self._go_past,
        )

    async def run(
        self,
        stopping: asyncio.Event,
        on_ready: Callable[[], None],
        poll_every_s: float = POLL_EVERY_S,
    ) -> None:
        """Serve until *stopping* is set; *on_ready* is called once. Raises SocketPathError."""
        await self.refresh()
        await self._server.start()
        on_ready()
        try:
            async with asyncio.TaskGroup() as tasks:
                polling = [
                    tasks.create_task(self._poll_store(poll_every_s)),
                    tasks.create_task(self._poll_rules(poll_every_s)),
                    tasks.create_task(self._tidy_for_ever()),
                ]
                polling += [tasks.create_task(each.run()) for each in self._beside()]
                await stopping.wait()
                for task in polling:
                    task.cancel()
        finally:
            await self._server.stop()

    async def refresh(self) -> None:
        """Look at the store and publish what changed; a store that fails changes nothing."""
        async with self._refreshing:
            view = await self._look()
            newest = self._sequence.newest
            before = None if newest is None else newest.policy
            policy = self._laying.laid(self._policy, view.blocks, before)
            revision = self._sequence.next(policy, view.register, view.live, view.version)
            if revision is None:
                self._server.note_version(view.version)
                return
            await asyncio.to_thread(self._keep, revision.source)
            self._server.publish(revision)
            log.info(
                "revision",
                number=revision.number,
                direction=revision.direction.value,
                is_full=revision.is_full,
            )

    async def _poll_store(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self.refresh()
            # Not from a task of its own: a policyd that looks at nothing any more is of no use.
            service_notice.alive()

    async def _woken(self) -> None:
        """Look at everything at once: the head may have directed another policy."""
        await self._look_at_rules()
        await self.refresh()

    async def _poll_rules(self, every_s: float) -> None:
        while True:
            await self._look_at_rules()
            await asyncio.sleep(every_s)

    async def _look_at_rules(self) -> None:
        async with self._reading_rules:
            policy = await asyncio.to_thread(self._rules.poll)
            self._server.faults = (
                self._rules.faults
                + await self._list_faults()
                + self._clock_faults()
                + self._mail_faults()
            )
            if policy is None:
                return
            self._policy = policy
            await self.refresh()
            if self._lists is not None:
                # The subscriptions may be others now; where they are not it is soon done.
                self._lists.want()

    async def _list_faults(self) -> tuple[str, ...]:
        return () if self._lists is None else await asyncio.to_thread(self._lists.faults)

    def _clock_faults(self) -> tuple[str, ...]:
        return () if self._alarm is None else self._alarm.faults

    def _mail_faults(self) -> tuple[str, ...]:
        return () if self._mailing is None else self._mailing.faults

    async def _tidy_for_ever(self) -> None:
        """Delete what has been kept long enough, and add up older days, now and every hour."""
        while True:
            try:
                await self._delete_expired()
            except Exception:  # whatever it is, it is tried again
                log.exception("what has been kept long enough is not deleted")
            try:
                while day := await asyncio.to_thread(self._events.add_up_one):
                    log.info("a day of an older version is added up", day=day.isoformat())
            except Exception:  # whatever it is, it is tried again
                log.exception("days of an older version are not added up")
            await asyncio.sleep(TIDY_EVERY_S)

    async def _delete_expired(self) -> None:
        async with self._storing:
            # A clock that runs ahead would delete what has time left.
            if self._clock_faults():
                return
            at = self._machine_clock.now()
            if self._keeper is not None:
                deleted = await asyncio.to_thread(self._keeper.tidy, at)
            else:
                days = await asyncio.to_thread(self._events.delete_expired, at=at)
                deleted = {"events": len(days)} if days else {}
        if deleted:
            log.info("deleted, their time is over", **deleted)

    def _beside(self) -> tuple[Runs, ...]:
        """Return those who work beside this, each for ever."""
        beside = (self._lists, self._alarm, self._gatherer, self._mailing, self._keeper)
        return tuple(each for each in beside if each is not None)

    async def _look(self) -> _View:
        try:
            self._view = await asyncio.to_thread(self._read_store, self._view)
            self._is_store_failing = False
        except Exception:  # whatever is wrong with the database, points go on as they are
            if not self._is_store_failing:
                log.exception("the store cannot be read, what is in force stays")
            self._is_store_failing = True
        if self._view is not None:
            return self._view
        newest = self._sequence.newest
        if newest is not None:
            return _View(0, newest.register, newest.live, None)
        return _View(0, Register(networks=self._networks), Live(), None)

    def _read_store(self, before: _View | None) -> _View:
        moment = self._school_clock.now()
        self._decisions.end_overdue(moment, at=self._machine_clock.now())
        # The version is read first: what is read after it may be newer, never older.
        version = self._decisions.version()
        register = None if before is None or before.version != version else before.register
        self._polls += 1
        if register is None or self._polls % REGISTER_EVERY_POLLS == 0:
            register = self._decisions.register(self._networks)
        live, blocks = self._decisions.live(moment), self._decisions.blocks_at_once()
        return _View(version, register, live, blocks)

    async def _store_events(self, batch: EventBatch) -> None:
        async with self._storing:
            await asyncio.to_thread(self._events.append, batch, at=self._machine_clock.now())
        if self._gatherer is not None:
            self._gatherer.stored(batch)

    async def _go_past(self, number: int) -> None:
        self._sequence.skip_past(number)
        await self.refresh()

    def _keep(self, source: Source) -> None:
        try:
            save_last_snapshot(self._snapshot_path, source)
        except OSError as error:
            # Points keep their own; the number is found again through what they say they have.
            log.error("the newest source is not kept", cause=str(error))  # noqa: TRY400 - the cause says all

    def _last_good(self) -> Source | None:
        try:
            return load_last_snapshot(self._snapshot_path)
        except (LastSnapshotError, OSError) as error:
            log.error("last source unreadable, numbers start anew", cause=str(error))  # noqa: TRY400 - the cause says all
            return None

    def _first_policy(self, settings: Settings, last: Source | None) -> Policy:
        """Return the rule files' policy, else the last good one, else the strict one."""
        policy = self._rules.poll()
        if policy is not None:
            return policy
        if last is not None and last.policy.id != STRICT_POLICY:
            log.error("rule files faulty, the last good policy is in force", policy=last.policy.id)
            return last.policy
        log.error("rule files faulty and none was ever good, strict rules apply")
        return strict_snapshot(settings).source.policy
