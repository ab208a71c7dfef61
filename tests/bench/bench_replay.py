"""
What a replay takes: a week of a school's events through the real store and two real policies.

    python tests/bench/bench_replay.py --events 1000000

Before is twiss-green as it is, after is the same without the exception for staff at break. Target:
1,000,000 events in at most 60 s. Peak memory is this process's, after the events were written by
another.
"""

import argparse
import itertools
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceKind,
    Duty,
    HeldDuty,
    Network,
    Person,
)
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    EventBatch,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.replay import replay
from schoolgate_policyd.rulefiles import load_policy
from schoolgate_policyd.store.event_stream import EventStream
from schoolgate_policyd.store.events import EventStore

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = 7
SCHOOL_HOURS = range(8 * 60, 17 * 60)
BATCH = 5_000
NETWORKS = (
    Network("pupils", "10.1.0.0/16", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, inspectable=True),
    Network("staff", "10.2.0.0/16", Audience.STAFF, DeviceKind.OWN_DEVICE, inspectable=True),
    Network("guests", "10.4.0.0/16", Audience.VISITOR, DeviceKind.OWN_DEVICE, inspectable=False),
)


def register() -> Register:
    """Return a school of 420 pupils and 60 staff, half of whom have a device of their own."""
    pupils = [Person(f"pupil-{n}", Audience.PUPIL, year_group=n % 7) for n in range(420)]
    duties = {7: (HeldDuty(Duty.DSL),), 8: (HeldDuty(Duty.ACCOUNT_OPERATOR),)}
    staff = [Person(f"staff-{n}", Audience.STAFF, duties.get(n, ())) for n in range(60)]
    devices = [Device(f"10.2.0.{n + 1}", f"laptop-{n}", f"staff-{n}") for n in range(0, 60, 2)]
    return Register((*pupils, *staff), NETWORKS, tuple(devices))


def happened(policy: Policy, count: int) -> Iterator[Event]:
    """Yield *count* events in the order of time, a third of them blocks."""
    draw = random.Random(7)  # noqa: S311 - the same events each time
    blocked = [each.text for service in policy.catalogue.services for each in service.domains]
    essential = [each.text for each in policy.catalogue.essentials]
    others = [f"www.site-{n}.example" for n in range(20_000)]
    minutes = [
        MONDAY + timedelta(days=day, minutes=minute)
        for day in range(DAYS)
        for minute in SCHOOL_HOURS
    ]
    for number in range(count):
        at = minutes[number * len(minutes) // count]
        staff, person = draw.random() < 0.2, draw.randrange(60)
        client = f"10.2.0.{person + 1}" if staff else f"10.1.0.{draw.randrange(250) + 1}"
        if draw.random() > 1 / 3:
            names = draw.choice((essential, others, blocked if staff else essential))
            host, times = draw.choice(names), draw.randrange(9) + 1
            yield AllowedCount(at, PointKind.DNS, client, host, times)
            continue
        host = draw.choice(blocked)
        seen = draw.random() < 0.3
        yield Blocked(
            at=at + timedelta(seconds=draw.randrange(60)),
            school_at=at,
            last_at=at,
            point=PointKind.PROXY if seen else PointKind.DNS,
            client=client,
            audience=Audience.STAFF if staff else Audience.PUPIL,
            device=DeviceKind.OWN_DEVICE if staff else DeviceKind.SCHOOL_COMPUTER,
            network="staff" if staff else "pupils",
            host=host,
            rules=("staff-social-media" if staff else "pupils-social-media",),
            citations=("Social Media Policy, §7",),
            person=f"staff-{person}" if staff else f"pupil-{draw.randrange(420)}",
            page=f"https://{host}/a/{number}?b=c" if seen else None,
            services=("x",),
            categories=("y",),
        )


def write(folder: Path, policy: Policy, count: int) -> None:
    """Store the events as policyd does."""
    with closing(EventStore(folder)) as store:
        for batch in itertools.batched(enumerate(happened(policy, count), start=1), BATCH):
            numbered = tuple(NumberedEvent(sequence, event) for sequence, event in batch)
            store.append(EventBatch("dns", "boot", numbered), at=MONDAY + timedelta(days=DAYS))


def without_break(policy: Policy) -> Policy:
    """Return *policy* in which staff have no exception but their duties'."""
    rules = tuple(
        msgspec.structs.replace(
            rule, unless=tuple(each for each in rule.unless if each.period is None)
        )
        for rule in policy.rules
    )
    return msgspec.structs.replace(policy, rules=rules)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="a replay of recorded events")
    parser.add_argument("--events", type=int, default=1_000_000)
    count = parser.parse_args().events
    policy = load_policy(load_settings().rules_dir, "twiss-green")
    source = Source(1, policy, register(), Live(standing=frozenset({"staff-break-access"})))
    before = compile_snapshot(source)
    after = compile_snapshot(msgspec.structs.replace(source, policy=without_break(policy)))
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(events, policy, count)
        )
        writer.start()
        writer.join()
        size = sum(each.stat().st_size for each in events.iterdir())
        stream = EventStream(events, MONDAY, MONDAY + timedelta(days=DAYS))
        started_s, cpu_s = time.perf_counter(), time.process_time()
        outcome = replay(stream.events(), before, after)
        took_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{outcome.total.events:,} events ({size / 2**20:.0f} MiB) in {took_s:.1f} s ", end="")
    print(f"({cpu_s:.1f} s of CPU), {outcome.total.events / took_s:,.0f} a second, ", end="")
    print(f"{took_s / outcome.total.events * 1e6:.1f} µs each, at most {peak_mib:.0f} MiB")
    print(f"gained {outcome.gained.events:,}, lost {outcome.lost.events:,}", end="")
    print(f", unchanged {outcome.still_open.events + outcome.still_blocked.events:,}")


if __name__ == "__main__":
    main()
