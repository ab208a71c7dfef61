"""What a parent keeps for its workers is written to by none of them; in processes of its own."""

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from schoolgate_dns.process.memory import GivingBack, leave_uncounted, let_go_of_code

_BEGINNING = """
import gc, sys
from schoolgate_dns.process.memory import leave_uncounted
"""
_REFERENCES = (
    _BEGINNING
    + """
kept = {"a": ["text that is no name", 12345678901234567890, (1.5,)], "b": object()}
before = [sys.getrefcount(each) for each in (kept, kept["a"][0], kept["a"][1], kept["b"])]
assert leave_uncounted()
after = [sys.getrefcount(each) for each in (kept, kept["a"][0], kept["a"][1], kept["b"])]
many = [kept, kept["a"][0], kept["a"][1], kept["b"]] * 1000
again = [sys.getrefcount(each) for each in (kept, kept["a"][0], kept["a"][1], kept["b"])]
print(after == again, before == after, sys.getrefcount(None) == after[0])
"""
)
_PROXY = (
    _BEGINNING
    + """
import weakref
class Thing: pass
gone = [weakref.proxy(Thing())]
print(leave_uncounted())
"""
)
_LATER = (
    _BEGINNING
    + """
import weakref
class Thing: pass
assert leave_uncounted()
thing = Thing()
count, gone = sys.getrefcount(thing), weakref.ref(thing)
other = thing
print(sys.getrefcount(thing) - count)
del thing, other
print(gone() is None)
def steps():
    yield 1
    yield 2
print(list(steps()))
"""
)
_PRIVATE = (
    _BEGINNING
    + """
import os
kept = [[str(number)] for number in range(300_000)]
uncounted = sys.argv[1] == "uncounted" and leave_uncounted()
gc.freeze()
def private_kb():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))
sys.stdout.flush()
if not os.fork():
    before = private_kb()
    for each in kept:
        text = each[0]
    print(private_kb() - before, flush=True)
    os._exit(0)
os.wait()
"""
)
_CODE = (
    _BEGINNING
    + """
import asyncio, hashlib, json, ssl
from schoolgate_dns.process.memory import let_go_of_code
def code_kb():
    resident, is_code = 0, False
    with open("/proc/self/smaps") as file:
        for line in file:
            words = line.split()
            if not words[0].endswith(":"):
                is_code = words[1] == "r-xp" and words[4] != "0"
            elif words[0] == "Rss:" and is_code:
                resident += int(words[1])
    return resident
before = code_kb()
octets = let_go_of_code()
after = code_kb()
print(octets >= before * 1024, before, after)
print(hashlib.sha256(b"a").hexdigest()[:8], json.loads("[1]"))
"""
)
known = pytest.mark.skipif(
    sys.implementation.name != "cpython" or not (3, 12) <= sys.version_info < (3, 14),
    reason="it does nothing with a Python that it does not know",
)


def run(program: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not done.stderr
    return done.stdout.split("\n")[:-1]


@known
def test_references_to_what_is_there_are_not_counted_any_more() -> None:
    assert ["True False True"] == run(_REFERENCES)


@known
def test_what_stands_for_something_that_is_gone_is_in_nobodys_way() -> None:
    assert ["True"] == run(_PROXY)


@known
def test_what_is_made_later_is_counted_and_ends() -> None:
    assert ["1", "True", "[1, 2]"] == run(_LATER)


@known
def test_a_worker_that_looks_at_what_it_shares_makes_no_copy_of_it() -> None:
    """Each list and text would be written to: some thirty megabytes."""
    ((counted,), (uncounted,)) = run(_PRIVATE, "counted"), run(_PRIVATE, "uncounted")

    assert 10_000 < int(counted)
    assert 2_000 > int(uncounted)


def test_with_a_python_that_is_not_known_nothing_is_done() -> None:
    assert not leave_uncounted(is_known=lambda: False)


def test_code_that_ran_at_the_start_is_let_go_of_and_runs_again_when_it_is_needed() -> None:
    code, again = run(_CODE)
    is_all, before, after = code.split()

    assert "True" == is_all
    assert int(after) < int(before) / 2
    assert "ca978112 [1]" == again


def test_where_nothing_says_what_is_mapped_nothing_is_let_go_of(tmp_path: Path) -> None:
    assert 0 == let_go_of_code(tmp_path / "none")


def test_whatever_a_file_is_called_that_is_mapped(tmp_path: Path) -> None:
    """Nothing is mapped at the place named here, and being told so is no error."""
    maps = tmp_path / "maps"
    maps.write_bytes(
        b"1000-3000 r-xp 00000000 fe:01 17      /odd \xff\x0b\xc2\x85 name\n"
        b"3000-4000 r--p 00000000 fe:01 17      /odd\n"
        b"4000-5000 r-xp 00000000 00:00 0       [vdso]\n\n"
    )

    assert 0x2000 == let_go_of_code(maps)


class SteppedLoop(asyncio.SelectorEventLoop):
    """A loop whose time goes on when the test says so."""

    now = 0.0

    def time(self) -> float:
        """Return the time of the test."""
        return self.now

    async def go_on(self, seconds: float) -> None:
        """Let time pass, and have done what is due."""
        self.now += seconds
        for _ in range(3):
            await asyncio.sleep(0)


def test_after_several_changes_in_a_row_memory_is_given_back_once() -> None:
    given: list[float] = []

    async def play(loop: SteppedLoop) -> None:
        giving_back = GivingBack(5.0, lambda: given.append(loop.now))
        for _ in range(3):
            giving_back.note_change()
            await loop.go_on(3.0)
        assert [] == given
        await loop.go_on(3.0)
        await loop.go_on(30.0)
        assert [12.0] == given
        giving_back.note_change()
        giving_back.stop()
        await loop.go_on(30.0)

    with closing(SteppedLoop()) as loop:
        loop.run_until_complete(play(loop))

    assert [12.0] == given
