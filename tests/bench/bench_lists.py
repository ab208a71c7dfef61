"""
What lists by the million cost: to compile from text, on the disk, and to look up.

Beside each look-up stands the same in a frozenset of the names in the same run, which is what a
process would need without a table: the ratio is comparable between machines, the time is not.
Targets: 1,000,000 names in at most 5 s and 25 MB, a name of four labels in at most 3 µs.
"""

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.lists.compiling import Kept, compile_table
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.reading import Recipe, read_list
from schoolgate_policyd.lists.records import write_records
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.table import NameTable, table_path

SEED = 7
ROUNDS = 15
LOOKED_UP = 5_000
LINES = {
    Format.DOMAINS: "{}\n",
    Format.HOSTS: "0.0.0.0 {}\n",
    Format.ADGUARD: "||{}^\n",
    Format.RPZ: "{} CNAME .\n",
}


def name_of(number: int) -> str:
    """Return one of the listed names: four labels, as long as names on such lists are."""
    return f"s{number}.host{number % 9973}.example.org"


def microseconds(call: Callable[[DomainName], object], hosts: Sequence[DomainName]) -> float:
    """Return the median CPU time of *call* for one host."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for host in hosts:
            call(host)
        rounds.append((time.process_time() - started) / len(hosts) * 1e6)
    return statistics.median(rounds)


def compiled(folder: Path, count: int, format_: Format) -> tuple[NameTable, float, float, float]:
    """Return the table of *count* names, with what it took: wall and CPU seconds, megabytes."""
    text = folder / "list.txt"
    with text.open("w") as file:
        file.writelines(LINES[format_].format(name_of(number)) for number in range(count))
    started, cpu = time.perf_counter(), time.process_time()
    intake = Intake(SEED)
    read_list(text, Recipe(format_, None, 500), intake)
    records = folder / "list.records"
    written = write_records(records, intake.parts)
    made = compile_table(folder, {"list": Kept(records, written.sha256, written.names)}, SEED)
    took, took_cpu = time.perf_counter() - started, time.process_time() - cpu
    path = table_path(folder, made.sha256)
    megabytes = path.stat().st_size / 1e6
    return NameTable(path, made.sha256), took, took_cpu, megabytes


def peer_of(count: int) -> Callable[[DomainName], bool]:
    """Return the same question of a frozenset."""
    names = frozenset(map(name_of, range(count)))

    def is_listed(host: DomainName) -> bool:
        name = host.text
        while name:
            if name in names:
                return True
            name = name.partition(".")[2]
        return False

    return is_listed


def main() -> int:
    """Print the tables; return 1 where a target is missed."""
    rng = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    missed = []
    peak = 0.0
    print(f"{'names':>10}{'format':>10}{'s':>7}{'s CPU':>7}{'MB file':>9}{'open ms':>9}", end="")
    print(f"{'hit µs':>8}{'miss µs':>9}{'frozenset hit':>15}{'miss':>7}")
    misses = [DomainName(f"www{number}.other{number}.example.net") for number in range(LOOKED_UP)]
    sizes = [(1_000_000, format_) for format_ in LINES] + [(5_000_000, Format.DOMAINS)]
    for count, format_ in sizes:
        with tempfile.TemporaryDirectory() as folder:
            table, took, cpu, megabytes = compiled(Path(folder), count, format_)
            path = next(Path(folder).glob("*.names"))
            started = time.perf_counter()
            NameTable(path, path.stem).close()
            opened_ms = (time.perf_counter() - started) * 1000
            hits = [DomainName(name_of(rng.randrange(count))) for _ in range(LOOKED_UP)]
            hit, miss = (microseconds(table.lists_of, hosts) for hosts in (hits, misses))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            peer = peer_of(count) if format_ is Format.DOMAINS else None
            table.close()
        print(f"{count:10,}{format_:>10}{took:7.2f}{cpu:7.2f}{megabytes:9.1f}", end="")
        print(f"{opened_ms:9.1f}{hit:8.2f}{miss:9.2f}", end="")
        if peer is not None:
            print(f"{microseconds(peer, hits):15.2f}{microseconds(peer, misses):7.2f}", end="")
        print()
        if count == 1_000_000 and (cpu > 5 or megabytes > 25 or max(hit, miss) > 3):
            missed.append(format_)
    print(f"most memory until the table of five million was made and asked: {peak:.0f} MB")
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
