"""
Warm answers: Schoolgate beside Debian's unbound, pdns-recursor, dnsdist and dnsmasq, in one run.

    python tests/bench/dns/bench_dns.py
    python tests/bench/dns/bench_dns.py --only Schoolgate 'unbound, tags' --rounds 9

Every server has 1,000,000 listed names and one core; the generator has the other. All are started
and warmed up, then take turns, one after another by the same mix, and the other way round in every
second round. The ratio to unbound is taken within the round, of which ours is the turn beside
unbound's: what the machine gives differs from one second to the next. What is printed is the
median of rounds. Targets: at most 0.95 of unbound's CPU a query, at least 1.1 times its queries a
second.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from contenders import SCHOOLGATE, answering
from load_generator import OWN_CORE, Load
from packets import BLOCKED, CLIENTS, MIXED, Mix
from peers import UNBOUND
from probing import Probe, percentile
from processes import Memory, Server, origin

MOST_CPU, LEAST_RATE = 0.95, 1.1
PROBE_EVERY_S = 0.005
MIXES = (MIXED, BLOCKED)
COMPARED = (UNBOUND.name, SCHOOLGATE)


@dataclass
class Contender:
    """A server that has been started, and what was measured of it."""

    server: Server
    load_s: float
    memory: Memory
    per_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu_us: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waits_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: int = 0
    dnsperf_per_s: list[float] = field(default_factory=list)


def warmed_up(server: Server, load_s: float) -> Contender:
    """Have *server* answer everything once, and look at its memory."""
    for mix in MIXES:
        load = Load(server.port, mix)
        load.warm_up()
        load.close()
    return Contender(server, load_s, server.memory())


def measure(contender: Contender, mix: Mix, seconds: float) -> None:
    """Ask one server for *seconds*, the first tenth not counted."""
    server = contender.server
    asks = mix.asks_of(len(CLIENTS))
    probe = Probe("127.0.3.44", server.port, asks, PROBE_EVERY_S)
    load = Load(server.port, mix, probes=(probe,))
    try:
        load.run(seconds / 10)
        probe.forget()
        cpu_s = server.cpu_s()
        tally = load.run(seconds)
        cpu_s = server.cpu_s() - cpu_s
    finally:
        load.close()
        probe.close()
    contender.per_s[mix.name].append(tally.per_s)
    contender.cpu_us[mix.name].append(cpu_s / tally.answered * 1e6)
    contender.waits_s[mix.name] += probe.waits_s
    contender.lost += tally.lost


def dnsperf(contender: Contender, folder: Path, seconds: float) -> None:
    """Ask one server by dnsperf, from one address."""
    questions = folder / "dnsperf.txt"
    if not questions.exists():
        asks = MIXED.asks_of(0)
        questions.write_text("".join(f"{each.name} {_TYPE_NAMES[each.type]}\n" for each in asks))
    command = ["dnsperf", "-s", "127.0.0.1", "-p", str(contender.server.port)]
    command += ["-a", CLIENTS[0], "-d", str(questions), "-l", str(seconds), "-c", "8", "-q", "200"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(each for each in ran.stdout.splitlines() if "Queries per second" in each)
    contender.dnsperf_per_s.append(float(line.split(":")[1]))


_TYPE_NAMES = {1: "A", 28: "AAAA"}


def table(contenders: Sequence[Contender]) -> Iterator[str]:
    """Return the lines of a table for docs/performance.md."""
    yield (
        "| server | mixed kq/s | µs of CPU a query | by unbound | blocked kq/s | µs | p99 ms "
        "| load s | MB | dnsperf kq/s |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    base = next((each for each in contenders if each.server.name == UNBOUND.name), None)
    for each in contenders:
        median = {
            (kind, mix.name): statistics.median(found[mix.name])
            for kind, found in (("per_s", each.per_s), ("cpu_us", each.cpu_us))
            for mix in MIXES
        }
        ratio = "–" if base is None else f"{cpu_ratio(each, base):.2f}"
        second = (
            f"{statistics.median(each.dnsperf_per_s) / 1000:.0f}" if each.dnsperf_per_s else "–"
        )
        yield (
            f"| {each.server.name} | {median['per_s', 'mixed'] / 1000:.0f} "
            f"| {median['cpu_us', 'mixed']:.2f} | {ratio} "
            f"| {median['per_s', 'blocked'] / 1000:.0f} | {median['cpu_us', 'blocked']:.2f} "
            f"| {percentile(each.waits_s['mixed'], 0.99) * 1000:.1f} | {each.load_s:.1f} "
            f"| {each.memory.proportional:.0f} | {second} |"
        )


def cpu_ratio(one: Contender, base: Contender) -> float:
    """Return *one*'s CPU a query of the mixed load by *base*'s, the median over rounds."""
    pairs = zip(one.cpu_us["mixed"], base.cpu_us["mixed"], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


def rate_ratio(one: Contender, base: Contender) -> float:
    """Return *one*'s queries a second of the mixed load by *base*'s, the median over rounds."""
    pairs = zip(one.per_s["mixed"], base.per_s["mixed"], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


def verdict(contenders: Sequence[Contender]) -> int:
    """Say how the targets were met; return 1 where one is missed."""
    named = {each.server.name: each for each in contenders}
    ours, base = named.get(SCHOOLGATE), named.get(UNBOUND.name)
    if ours is None or base is None:
        return 0
    cpu, rate = cpu_ratio(ours, base), rate_ratio(ours, base)
    print(f"CPU a query by unbound's: {cpu:.2f} (at most {MOST_CPU})")
    print(f"queries a second by unbound's: {rate:.2f} (at least {LEAST_RATE})")
    return int(cpu > MOST_CPU or rate < LEAST_RATE)


def main() -> int:
    """Start all, measure in turns, print the table."""
    parser = argparse.ArgumentParser(description="warm answers, beside other servers")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=())
    given = parser.parse_args()
    os.sched_setaffinity(0, {OWN_CORE})
    has_dnsperf = shutil.which("dnsperf") is not None
    if not has_dnsperf:
        print("dnsperf is left out: `apt-get install --no-install-recommends dnsperf`")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(origin(folder / "origin"))
        found = answering(folder / "servers", upstream.port, given.only, stack)
        contenders = [warmed_up(server, load_s) for server, load_s in found]
        contenders.sort(key=lambda each: each.server.name not in COMPARED)
        for number in range(given.rounds):
            in_turn = contenders[::-1] if number % 2 else contenders
            for mix in MIXES:
                for contender in in_turn:
                    measure(contender, mix, given.seconds)
            for contender in in_turn:
                if has_dnsperf:
                    dnsperf(contender, folder, given.seconds)
        print(f"load average {os.getloadavg()[0]:.1f}; {given.rounds} rounds of {given.seconds} s")
        print("\n".join(table(contenders)))
    return verdict(contenders)


if __name__ == "__main__":
    sys.exit(main())
