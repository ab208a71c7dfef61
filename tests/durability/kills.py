"""
Processes that do the school's paperwork are killed (SIGKILL) at random moments, again and again.

    python tests/durability/kills.py --kills 300 --seed 7

Each says what it was acknowledged for through a pipe, a line for a deed. Then the file must be
whole, and everything that was acknowledged in it; the next process goes on with it. At times two
work on it at once, as policyd and the pages do. It ends with status 1 if a kill showed a fault.
"""

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import office
from disk import put
from paperwork import Acknowledged, Paperwork
from power_cuts import FILE, filled
from wholeness import missing, state_of

from schoolgate_policyd.store.decisions import DecisionStore

# A file is taken anew after so many kills, so that looking at all of it stays quick.
KILLS_OF_ONE_FILE = 20
LONGEST_S = 0.6
_OPENING_S = 0.25
_PATIENCE_S = 60.0


class Worker(NamedTuple):
    """A process at work, and where it says what it was acknowledged for."""

    pid: int
    said: int


class Killed(NamedTuple):
    """What the kills showed: how many, of how many deeds, and every fault."""

    kills: int
    at_once: int
    deeds: Counter[str]
    faults: list[str]


def killed(folder: Path, kills: int, rng: random.Random) -> Killed:
    """Kill *kills* processes that work on files in *folder*."""
    (template := folder / "template").mkdir()
    (place := folder / "place").mkdir()
    files = filled(template)
    done: list[Acknowledged] = []
    shown = Killed(0, 0, Counter(), [])
    while shown.kills < kills:
        if shown.kills % KILLS_OF_ONE_FILE == 0:
            put(files, place)
            done = []
        count = 2 if rng.random() < 0.3 else 1
        workers = [_begun(place / FILE, rng.randrange(10**9)) for _ in range(count)]
        said, faults = _kill(workers, rng)
        done += said
        state = state_of(place / FILE)
        shown.deeds.update(each.deed for each in said)
        shown.faults.extend((*faults, *state.faults, *missing(state, done)))
        shown = shown._replace(kills=shown.kills + 1, at_once=shown.at_once + count - 1)
        if shown.faults:
            break
    return shown


def _begun(path: Path, seed: int) -> Worker:
    """Start a process that works on *path* until it is killed."""
    said, saying = os.pipe()
    pid = os.fork()
    if pid:
        os.close(saying)
        return Worker(pid, said)
    try:
        with closing(DecisionStore(path, hasher=office.QuickHasher())) as store:
            work = Paperwork(store, random.Random(seed))  # noqa: S311 - drawn again with its seed
            while True:
                line = json.dumps(work.step())
                os.write(saying, f"{line}\n".encode())
    except BaseException:  # noqa: BLE001 - this process must never go on as its parent
        traceback.print_exc()
    finally:
        os._exit(1)


def _kill(workers: list[Worker], rng: random.Random) -> tuple[list[Acknowledged], list[str]]:
    """Kill *workers*, at times while they open the file; return what they said, and faults."""
    if rng.random() < 0.2:
        time.sleep(rng.random() * _OPENING_S)
    else:
        select.select([workers[0].said], [], [], _PATIENCE_S)
        time.sleep(rng.random() * LONGEST_S)
    faults = []
    for each in workers:
        os.kill(each.pid, signal.SIGKILL)
        _, status = os.waitpid(each.pid, 0)
        if not os.WIFSIGNALED(status):
            faults.append("a process ended by itself: it could not go on with the file")
    return [each for worker in workers for each in _said(worker)], faults


def _said(worker: Worker) -> list[Acknowledged]:
    with os.fdopen(worker.said, "rb") as pipe:
        # A line that the kill cut off has no end and acknowledges nothing.
        lines = pipe.read().split(b"\n")[:-1]
    return [Acknowledged(*json.loads(line)) for line in lines]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=6)
    arguments = parser.parse_args()
    begun = time.monotonic()
    rng = random.Random(arguments.seed)  # noqa: S311 - the same kills each time
    with tempfile.TemporaryDirectory(prefix="schoolgate-kills-") as folder:
        shown = killed(Path(folder), arguments.kills, rng)
    seconds = time.monotonic() - begun
    print(
        f"{shown.kills} kills in {seconds:.0f} s, {shown.at_once} of them with two at work;"
        f" {shown.deeds.total()} acknowledged deeds of {len(shown.deeds)} kinds"
    )
    for fault in shown.faults:
        print(fault)
    return 1 if shown.faults else 0


if __name__ == "__main__":
    sys.exit(main())
