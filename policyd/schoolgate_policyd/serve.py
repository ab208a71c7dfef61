"""The composition root of policyd: reads the settings, opens the stores and serves."""

import asyncio
import signal
import sys
from contextlib import closing
from functools import partial

from schoolgate_policyd import service_notice
from schoolgate_policyd.auditing.keeper import Kept, keeper_of
from schoolgate_policyd.clock import MachineClock, keep_clock, open_school_clock
from schoolgate_policyd.clock_alarm import ClockAlarm
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.daemon import NAME, Policyd
from schoolgate_policyd.gate import Gate
from schoolgate_policyd.gatherer import open_gatherer
from schoolgate_policyd.ipc import ready
from schoolgate_policyd.ipc.listening import check_path_length
from schoolgate_policyd.lists.opening import lists_in, open_snapshot, with_newest_table
from schoolgate_policyd.lists.running import ListUpdates
from schoolgate_policyd.lists.state import MANIFEST
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.mail.posting import Posting
from schoolgate_policyd.mail.running import Mailing
from schoolgate_policyd.policy_source import PolicySource
from schoolgate_policyd.rulewatch import RuleWatch
from schoolgate_policyd.school_identity import preset_of
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.held_events import HeldEvents
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS


async def serve(settings: Settings) -> None:
    """Run policyd until SIGTERM or SIGINT. Raises SchoolgateError when it cannot start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    check_path_length(settings.socket_path)
    clock = open_school_clock(settings)
    keeping = asyncio.create_task(keep_clock(clock, settings.clock_path))
    try:
        with (
            closing(DecisionStore(settings.decisions_path)) as decisions,
            closing(
                EventStore(
                    settings.events_dir,
                    retention_days=days_of(KINDS, settings.retention)["events"],
                )
            ) as events,
        ):
            machine_clock = MachineClock()
            source = PolicySource(
                settings.rules_dir,
                settings.school,
                decisions.policies,
                school_clock=clock,
                machine_clock=machine_clock,
                days=decisions.different_days,
                school_now=partial(preset_of, settings, decisions.school),
            )
            gate = Gate(source.load)
            rules = RuleWatch(
                settings.rules_dir,
                partial(_load, gate, settings),
                also=(settings.lists_dir / MANIFEST,),
                compile_=partial(open_snapshot, lists_dir=settings.lists_dir),
                lists_in=partial(lists_in, lists_dir=settings.lists_dir),
                key=source.key,
                on_taken_up=source.taken_up,
                require_proof=gate.require_proof,
            )
            policyd = Policyd(
                settings,
                decisions=decisions,
                events=events,
                rules=rules,
                lists=ListUpdates(
                    settings.rules_dir,
                    settings.lists_dir,
                    socket_path=settings.lists_socket_path,
                ),
                alarm=ClockAlarm(clock, machine_clock, events),
                gatherer=open_gatherer(settings, decisions.database, machine_clock),
                mailing=Mailing(
                    settings,
                    decisions.outbox,
                    Posting(socket_path=settings.mail_socket_path),
                    policy=lambda: rules.in_force,
                    school_clock=clock,
                    machine_clock=machine_clock,
                ),
                keeper=keeper_of(
                    settings,
                    Kept(decisions, events, HeldEvents(settings.events_dir)),
                    machine_clock=machine_clock,
                ),
                school_clock=clock,
                machine_clock=machine_clock,
            )
            await policyd.run(stopping, partial(_say_ready, settings))
    finally:
        service_notice.stopping()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def _say_ready(settings: Settings) -> None:
    ready.announce(NAME, str(settings.socket_path))
    service_notice.ready()


def _load(gate: Gate, settings: Settings) -> Policy:
    """Return the school's policy, with the newest names of its lists. Raises SchoolgateError."""
    return with_newest_table(gate.load(), settings.lists_dir)


def main() -> int:
    """Run policyd with the settings that the environment names; return the exit status."""
    configure_logs(NAME)
    try:
        asyncio.run(serve(load_settings()))
    except SchoolgateError as error:
        sys.stderr.write(f"policyd: {error}\n")
        return 1
    return 0
