"""
What it costs to judge by name, and to look inside, beside the kernel and Debian's Squid.

    python tests/bench/box/bench_proxy.py
    python tests/bench/box/bench_proxy.py --rows connections --rounds 5

It needs root, nftables, nginx and squid-openssl, and makes namespaces of its own: a client, a
gateway and an origin, joined by veth. Contenders take turns, each started anew; what is printed
is the median of the rounds. Ratios are to the kernel's forwarding in the same round. CPU is that
of the proxy's process, the kernel's work on its behalf included. Target: a new connection that is
passed through costs at most twice Squid's splice.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import contenders
from contenders import Contender
from three_namespaces import ORIGIN, Namespaces, namespaces
from web_load import NAME

AT_ONCE = 8
MOST_TIMES_SQUID = 2.0
_LOAD = Path(__file__).with_name("web_load.py")
_MEBIBYTES = 1024
_KEPT_ALIVE = 1000

type Start = Callable[[Namespaces, Path, Path], AbstractContextManager[Contender]]
type Figures = dict[str, float]

CONTENDERS: tuple[Start, ...] = (
    contenders.kernel,
    partial(contenders.ours, is_inspected=False),
    partial(contenders.ours, is_inspected=True),
    partial(contenders.squid, is_inspected=False),
    partial(contenders.squid, is_inspected=True),
)


def connections(places: Namespaces, contender: Contender, count: int) -> Figures:
    """Return new TLS connections a second, and the proxy's CPU for each in milliseconds."""
    load = (sys.executable, str(_LOAD), str(contender.certificate), ORIGIN)
    places.run(places.client, *load, str(count // 10), str(AT_ONCE))
    before = contender.cpu_s
    per_s = float(places.run(places.client, *load, str(count), str(AT_ONCE)))
    return {"per s": per_s, "CPU ms each": (contender.cpu_s - before) / count * 1e3}


def _download(places: Namespaces, contender: Contender, version: str) -> Figures:
    before = contender.cpu_s
    took = places.run(
        places.client,
        *("curl", "--silent", "--fail", "--show-error", version, "--output", "/dev/null"),
        *("--cacert", str(contender.certificate), "--write-out", "%{time_total}"),
        *("--resolve", f"{NAME}:443:{ORIGIN}", f"https://{NAME}/big"),
    )
    per_gib = contender.cpu_s - before
    return {"MiB per s": _MEBIBYTES / float(took), "CPU s per GiB": per_gib}


def http1(places: Namespaces, contender: Contender, _: int) -> Figures:
    """Return the throughput of 1 GiB over HTTP/1.1, and the proxy's CPU for it."""
    return _download(places, contender, "--http1.1")


def http2(places: Namespaces, contender: Contender, _: int) -> Figures:
    """Return the throughput of 1 GiB over HTTP/2, and the proxy's CPU for it."""
    return _download(places, contender, "--http2")


def keepalive(places: Namespaces, contender: Contender, _: int) -> Figures:
    """Return small requests a second on one connection, and the proxy's CPU for each."""
    before = contender.cpu_s
    took = places.run(
        places.client,
        *("curl", "--silent", "--fail", "--show-error", "--http1.1", "--output", "/dev/null"),
        *("--cacert", str(contender.certificate), "--write-out", "%{time_total}\n"),
        *("--resolve", f"{NAME}:443:{ORIGIN}", f"https://{NAME}/small?[1-{_KEPT_ALIVE}]"),
    )
    seconds = sum(map(float, took.split()))
    each = (contender.cpu_s - before) / _KEPT_ALIVE * 1e3
    return {"per s": _KEPT_ALIVE / seconds, "CPU ms each": each}


ROWS = {
    "connections": connections,
    "http1": http1,
    "http2": http2,
    "keepalive": keepalive,
}


def rounds(asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, Figures]]:
    """Yield row, contender and figures of each round."""
    with namespaces() as places, contenders.origin(places, folder) as origins:
        for number in range(asked.rounds):
            for which, start in enumerate(CONTENDERS):
                with start(places, folder / f"{number}-{which}", origins) as contender:
                    for row in asked.rows:
                        yield row, contender.name, ROWS[row](places, contender, asked.count)


def print_row(row: str, measured: dict[str, list[Figures]]) -> None:
    """Print the medians of *row* for each contender."""
    sys.stdout.write(f"\n{row}\n")
    reference = next(iter(measured.values()))
    rate, cost = reference[0]
    for name, each in measured.items():
        pairs = zip(each, reference, strict=False)
        ratio = statistics.median(mine[rate] / theirs[rate] for mine, theirs in pairs)
        costs = statistics.median(figures[cost] for figures in each)
        rates = statistics.median(figures[rate] for figures in each)
        sys.stdout.write(f"  {name:<28}{rates:>10.1f} {rate} ({ratio:.2f}){costs:>9.3f} {cost}\n")


def print_verdict(measured: dict[str, list[Figures]]) -> None:
    """Print how a connection that is passed through compares with Squid's."""
    names = ("Schoolgate, passed through", "Squid splice")
    mine, squids = ([each["CPU ms each"] for each in measured[name]] for name in names)
    times = statistics.median(mine) / statistics.median(squids)
    word = "met" if times <= MOST_TIMES_SQUID else "missed"
    sys.stdout.write(f"  a connection costs {times:.2f} times Squid's splice: {word}\n")


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=2000, help="connections in a round")
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="schoolgate-bench-"))
    # Squid reads its files as a user of its own.
    folder.chmod(0o755)
    measured: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    try:
        for row, name, figures in rounds(asked, folder):
            measured[row][name].append(figures)
    finally:
        shutil.rmtree(folder)
    for row, by_name in measured.items():
        print_row(row, by_name)
        if row == "connections":
            print_verdict(by_name)


if __name__ == "__main__":
    main(sys.argv[1:])
