"""
Feed mutated lists to an update, as a publisher would who is careless or hostile.

    python tests/fuzz/lists.py --count 200000 --seed 7

A list can neither crash (nothing but ListError comes out), nor open anything (what another list
blocks stays blocked, and help lines and lesson sites stay open), nor fill the disk, nor cost more
CPU than the limit. It ends with status 1 and the number of the list if one did.
"""

import argparse
import gzip
import io
import random
import sys
import tarfile
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from schoolgate_policyd.core.catalogue import Catalogue, HelpLine, LargeList
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.destinations import Destinations
from schoolgate_policyd.lists.child import spared_in
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.fetching import Fetcher, trusting
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.lists.reading import Recipe, read_list
from schoolgate_policyd.lists.subscription import Format, Subscription
from schoolgate_policyd.lists.updating import Outcome, Updating

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CPU_LIMIT_S = 2.0  # far above what any input of this size costs, below what a stuck one would
MAX_OCTETS = 20_000
MAX_MEGABYTES = 1
DISK_LIMIT_OCTETS = 2_000_000
UPDATE_EVERY = 40
"""Every so many inputs go through a whole update; the others are read only."""

TEXTS = {
    Format.DOMAINS: "# a list\nbad.example\n*.worse.example\nb\u00fccher.example\n192.0.2.1\n",
    Format.HOSTS: "127.0.0.1 localhost\n0.0.0.0 bad.example www.bad.example # x\n::1 c.example\n",
    Format.ADGUARD: "! T\n||bad.example^\n@@||lesson.example^\n|x.example^\n/re/\n||a.b^$x\n",
    Format.RPZ: "$TTL 1\n@ SOA a. b. ( 1 2\n3 4 )\nbad.example CNAME .\n*.c.example IN CNAME *.\n",
    Format.UT1: "bad.example\nworse.example\n93.184.215.14\n",
}
FRAGMENTS = (
    b"\n", b"\r", b"\0", b"\xff", b"@@", b"||", b"^", b"$", b"*", b"(", b")", b";", b"#", b"\\",
    b"$ORIGIN .\n", b"$INCLUDE /etc/passwd\n", b"$GENERATE 1-99999999 x$ CNAME .\n", b"CNAME .\n",
    b"||lesson.example^\n", b"@@||stays.example^\n", b"help.example\n", b"lesson.example\n",
    b"0.0.0.0 help.example lesson.example\n", b"stays.example CNAME rpz-passthru.\n", b"*.\n",
    b"com\n", b"co.uk\n", b".\n", b"." * 300, b"a" * 9000, b"a." * 130, b"\x1f\x8b", b"1" * 400,
    "\u3002".encode(), "\u00ad".encode(), "xn--\u00fc".encode(), b"xn--a\n", b"%2e%00", b"[::1]",
    b"0x7f.1\n", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"-" * 70, b"_" * 63,
)  # fmt: skip


def archive_of(text: bytes, rng: random.Random) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=rng.choice((0, 1, 2))) as archive:
        for name in ("lists/README", "lists/adult/domains", "lists/adult/urls"):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return packed.getvalue()


def mutated(octets: bytes, rng: random.Random, times: int) -> bytes:
    changed = bytearray(octets)
    for _ in range(times):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[at:at] = rng.choice(FRAGMENTS)
            case 2:
                del changed[at : at + rng.randint(1, 30)]
            case 3:
                changed[at:at] = changed[at : at + rng.randint(1, 64)] * rng.randint(1, 20)
            case 4:
                changed[at:at] = rng.choice(FRAGMENTS) * rng.randint(1, 20)
            case _:
                changed[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(changed[:MAX_OCTETS])


def hostile(format_: Format, rng: random.Random) -> bytes:
    """Return a list of *format_*, mutated as text, as an archive, as packed octets, or all."""
    octets = mutated(TEXTS[format_].encode(), rng, rng.choice((0, 1, 2, 5, 20)))
    if format_ is Format.UT1:
        octets = archive_of(octets, rng)
        if rng.random() < 0.5:
            octets = mutated(octets, rng, rng.choice((1, 1, 3)))
    match rng.randrange(6):
        case 0:
            octets = gzip.compress(octets)
        case 1:
            octets = mutated(gzip.compress(octets), rng, 1)
        case 2:
            octets = gzip.compress(octets + rng.choice((b"a" * 15_000_000, b"a.example\n" * 10)))
        case _:
            pass
    return octets


class School:
    """A school that subscribes to a good list and to a hostile one."""

    def __init__(self, folder: Path) -> None:
        self.dir = folder / "lists"
        self.path = folder / "hostile"
        self._good = folder / "good"
        self._good.write_text("stays.example\nlesson.example.net\n")
        self._policy = strict_source(
            catalogue=Catalogue(
                essentials=(parse_host("lesson.example"),),
                help_lines=(HelpLine("help", "Help", (parse_host("help.example"),)),),
                large_lists=(LargeList("good", "adult"), LargeList("hostile", "adult")),
            )
        ).policy
        self._fetcher = Fetcher(Destinations(), tls=trusting())
        self.spared = spared_in(self._policy.catalogue)

    def update(self, format_: Format) -> Outcome:
        subscriptions = [
            Subscription("good", "adult", Format.DOMAINS, "s", file=str(self._good)),
            Subscription(
                "hostile", "adult", format_, "s", file=str(self.path), max_megabytes=MAX_MEGABYTES,
                member="adult" if format_ is Format.UT1 else None,
            ),
        ]  # fmt: skip
        return Updating(self.dir, subscriptions, self.spared, self._fetcher, now=lambda: NOW).run(
            accept=frozenset({"hostile"})
        )

    def snapshot(self, table: str | None) -> Snapshot:
        rule = Rule("adult", frozenset({"adult"}), (Condition(),), Citation("P", "1"), locked=True)
        catalogue = type(self._policy.catalogue)(
            essentials=self._policy.catalogue.essentials,
            help_lines=self._policy.catalogue.help_lines,
            large_lists=self._policy.catalogue.large_lists,
            name_table=table,
        )
        policy = type(self._policy)(
            "p", self._policy.document, (rule,), catalogue, self._policy.school_time
        )
        return open_snapshot(Source(1, policy), self.dir)


def check(school: School, octets: bytes, format_: Format, *, is_whole: bool) -> str:
    """Return what became of a list. Raises AssertionError if it did any harm."""
    school.path.write_bytes(octets)
    if not is_whole:
        intake = Intake(7, school.spared)
        member = "adult" if format_ is Format.UT1 else None
        try:
            read_list(school.path, Recipe(format_, member, MAX_MEGABYTES), intake)
        except ListError:
            return "refused"
        return "read" if any(intake.parts) else "empty"
    outcome = school.update(format_)
    snapshot = school.snapshot(outcome.table)

    def verdict(name: str) -> Verdict:
        asked = Request(Subject(), HostResource(parse_host(name)))
        return decide(asked, snapshot, NOW).verdict

    assert verdict("stays.example") is Verdict.BLOCK
    assert verdict("www.stays.example") is Verdict.BLOCK
    assert verdict("lesson.example") is Verdict.ALLOW
    assert verdict("www.lesson.example") is Verdict.ALLOW
    assert verdict("help.example") is Verdict.ALLOW
    used = sum(path.stat().st_size for path in school.dir.rglob("*"))
    assert used < DISK_LIMIT_OCTETS, f"{used} octets on the disk"
    return "kept the last good" if outcome.faults else "taken"


def fuzz(count: int, seed: int) -> bool:
    """Whether *count* lists did no harm; says what became of them."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    became = Counter[str]()
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        school = School(Path(folder))
        for number in range(count):
            format_ = rng.choice(tuple(Format))
            octets = hostile(format_, rng)
            started = time.thread_time()
            try:
                became[check(school, octets, format_, is_whole=not number % UPDATE_EVERY)] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not come out
                print(f"list {number} of seed {seed}, {format_}: {error!r}")
                return False
            took_s = time.thread_time() - started
            if took_s > CPU_LIMIT_S:
                print(f"list {number} of seed {seed}, {format_}: {took_s:.1f} s of CPU")
                return False
            slowest_s = max(slowest_s, took_s)
    told = ", ".join(f"{what} {times}" for what, times in sorted(became.items()))
    print(f"{count} lists: {told}; slowest {slowest_s * 1000:.0f} ms of CPU")
    return True


def main() -> int:
    """Fuzz as the arguments say."""
    parser = argparse.ArgumentParser(description="Feed mutated lists to an update.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return 0 if fuzz(arguments.count, arguments.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
