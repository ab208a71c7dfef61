"""
Simulate power cuts under the school's paperwork, by the thousand.

    python tests/durability/cuts.py --cuts 10000 --seed 7

Every world is another run of the office on a disk of its own; half of them go on with what a cut
of the one before left. It ends with status 1, and says at which operation of which world, if
anything that was acknowledged was lost or anything was half.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from disk import files_in
from power_cuts import cuts, filled, lived

CUTS_OF_A_WORLD = 250
DEEDS_OF_A_WORLD = 40
# What is gone on with grows; then an office with nothing done yet begins again.
LONGEST_LINE = 3


def run(folder: Path, count: int, rng: random.Random) -> tuple[Counter[str], int, list[str]]:
    """Return what the power was cut at, how many deeds were done, and every fault."""
    work, left, first = (folder / name for name in ("work", "left", "first"))
    for each in (work, left, first):
        each.mkdir()
    template = filled(first)
    files, line = template, 0
    at: Counter[str] = Counter()
    deeds = 0
    while at.total() < count:
        world = lived(work, files, deeds=DEEDS_OF_A_WORLD, rng=rng)
        deeds += DEEDS_OF_A_WORLD
        some = min(CUTS_OF_A_WORLD, count - at.total())
        for each in cuts(world, left, count=some, rng=rng):
            at[each.during] += 1
            if each.faults:
                where = f"operation {each.operation} ({each.during}; {', '.join(each.losses)})"
                return at, deeds, [f"after {deeds} deeds, {where}", *each.faults]
        line += 1
        is_going_on = line < LONGEST_LINE and rng.random() < 0.5
        files, line = (files_in(left), line) if is_going_on else (template, 0)
    return at, deeds, []


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=6)
    arguments = parser.parse_args()
    begun = time.monotonic()
    rng = random.Random(arguments.seed)  # noqa: S311 - the same cuts each time
    with tempfile.TemporaryDirectory(prefix="schoolgate-cuts-", dir=_fast()) as folder:
        at, deeds, faults = run(Path(folder), arguments.cuts, rng)
    print(f"{at.total()} power cuts in {time.monotonic() - begun:.0f} s, under {deeds} deeds")
    for during, times in at.most_common():
        print(f"  {times:6} {during}")
    for each in faults:
        print(each)
    return 1 if faults else 0


def _fast() -> str | None:
    """Return a folder in memory where there is one: what is on the disk is simulated anyway."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
