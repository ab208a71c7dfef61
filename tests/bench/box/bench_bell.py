"""
How long after the bell flows that are no longer allowed go on: `bench_bell.py --bells 20`.

Each bell is the end of a break on the real gateway in namespaces, with staff's downloads,
WebSockets and HTTP/2 streams running over both families and every path, and allowed ones beside
them. It needs root and `tests/support` beside it.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from box_bell import BEFORE_THE_BELL, PATHS, Rung, ring
from box_rig import running_box
from netns import why_not


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bells", type=int, default=10)
    bells = parser.parse_args().bells
    reason = why_not()
    if reason is not None:
        print(reason)
        return 1
    took_ms: dict[str, list[float]] = defaultdict(list)
    gaps_ms: list[float] = []
    with running_box(BEFORE_THE_BELL) as box:
        for number in range(bells):
            if number:
                box.gateway.restart(BEFORE_THE_BELL)
            rung = ring(box)
            measure(rung, took_ms, gaps_ms)
            print(f"bell {number + 1}: worst {max(map(max, took_ms.values())):.0f} ms so far")
    every = [each for some in took_ms.values() for each in some]
    for path in (*PATHS, "all"):
        found = every if path == "all" else took_ms[path]
        print(
            f"{path:10} {len(found):5} flows  median {statistics.median(found):6.1f} ms  "
            f"worst {max(found):6.1f} ms"
        )
    print(f"allowed beside them: longest gap {max(gaps_ms):.0f} ms (a tick comes every 20 ms)")
    return 0


def measure(rung: Rung, took_ms: dict[str, list[float]], gaps_ms: list[float]) -> None:
    """Add what *rung* shows to *took_ms*, by path, and to *gaps_ms*."""
    for name, flow in rung.closed.items():
        over_at = flow.over_at
        took_ms[name.split("-")[1]].append(
            float("inf") if over_at is None else 1000 * (over_at - rung.at)
        )
    for flow in rung.open.values():
        gap_s = float("inf") if flow.is_over else flow.longest_gap_s(rung.at - 0.5, rung.at + 1)
        gaps_ms.append(1000 * gap_s)


if __name__ == "__main__":
    sys.exit(main())
