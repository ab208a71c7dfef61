"""
Ask our point and unbound for the names of a local tree, and compare what they answer.

    python tests/e2e/dns_tree.py --names 100000

`tree_zones` in tests/support says what stands in the tree, and `tree_comparison` which differences
there may be and why. It ends with status 1 if there are others.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from tree_comparison import compare
from tree_point import point_before
from tree_servers import Tree
from tree_zones import zones_for


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--names", type=int, default=2_000)
    zones = zones_for(parser.parse_args().names)
    questions = [question for zone in zones for question in zone.questions()]
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as folder,
        Tree(Path(folder), zones) as tree,
        point_before(tree.unbound_port, Path(folder)) as port,
    ):
        print(  # noqa: T201 - for whoever started it
            f"{len(questions)} names in {len(zones)} zones, signed and served in "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
        comparison = asyncio.run(compare(questions, tree.unbound_port, port))
    print(f"{comparison}\nin {time.monotonic() - started:.0f} s")  # noqa: T201 - as above
    return 1 if comparison.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
