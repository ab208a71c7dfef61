"""
What a decision costs, in microseconds of CPU time, on the shipped twiss-green policy.

Beside it stands the cost of one dictionary look-up in the same run: the ratio is comparable
between machines, the time is not. Target: a host decision in at most 5 microseconds.
"""

import itertools
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import load_policy

ROUNDS = 7
CALLS = 20_000
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
NAMES = (
    "www.tiktok.com",
    "www.bbc.co.uk",
    "www.google.com",
    "i.ytimg.com",
    "a.b.c.example.org",
    "www.childline.org.uk",
    "nordvpn.com",
    "scontent.xx.fbcdn.net",
)
CLIENTS = ("127.0.1.10", "127.0.2.10", "127.0.4.10", "10.0.0.1")


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Return the median CPU time of one *call* over several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(calls):
            call()
        rounds.append((time.process_time() - start) / calls * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Print the table."""
    settings = load_settings()
    started = time.perf_counter()
    policy = load_policy(settings.rules_dir, "twiss-green")
    loaded = time.perf_counter()
    source = Source(number=1, policy=policy)
    networks = networks_of(settings)
    source = Source(number=1, policy=policy, register=type(source.register)(networks=networks))
    snapshot = compile_snapshot(source)
    compiled = time.perf_counter()
    requests = [
        Request(snapshot.subject_at(client, BREAK), HostResource(parse_host(name)))
        for name in NAMES
        for client in CLIENTS
    ]
    pages = [
        Request(request.subject, UrlResource(parse_url(f"https://{request.resource.host}/a?b=c")))
        for request in requests
    ]
    hosts, urls, fresh = map(itertools.cycle, (requests, pages, requests))
    table = dict.fromkeys(NAMES, 0)
    names = itertools.cycle(NAMES)

    def undecided() -> object:
        snapshot.forget()
        return decide(next(fresh), snapshot, BREAK)

    rows = [
        ("dictionary look-up (peer)", microseconds(lambda: table[next(names)])),
        ("decide, host", microseconds(lambda: decide(next(hosts), snapshot, BREAK))),
        ("decide, page", microseconds(lambda: decide(next(urls), snapshot, BREAK))),
        ("decide, host, nothing remembered", microseconds(undecided, 500)),
        ("reference, host", microseconds(lambda: reference(requests[0], source, BREAK), 20)),
        ("subject_at", microseconds(lambda: snapshot.subject_at("127.0.1.10", BREAK))),
        ("parse_host", microseconds(lambda: parse_host("www.tiktok.com"))),
    ]
    peer = rows[0][1]
    print(f"{len(policy.catalogue.services)} services, {len(policy.rules)} rules; ", end="")
    print(f"loaded in {loaded - started:.2f} s, compiled in {compiled - loaded:.3f} s")
    print(f"{'':34}{'µs CPU':>10}{'x peer':>10}")
    for what, cost in rows:
        print(f"{what:34}{cost:10.2f}{cost / peer:10.1f}")


if __name__ == "__main__":
    main()
