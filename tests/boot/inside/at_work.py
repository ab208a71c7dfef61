"""
In the machine: the office's people come, and do the school's paperwork until the power is cut.

    at_work.py people           the office's people and devices, once
    at_work.py work SEED        deeds without end; each that was acknowledged is a line of output
    at_work.py look FILE        what is wrong with the database, and which deeds of FILE are lost

They work on the database that policyd and the pages have, as the user that the pages run as.
"""

import contextlib
import json
import random
import sys
from contextlib import closing
from pathlib import Path

import office
from paperwork import Acknowledged, Paperwork
from policy_store import employ
from wholeness import missing, state_of

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError

DATABASE = load_settings().decisions_path


def people() -> None:
    """Put the office's people into the store."""
    with closing(DecisionStore(DATABASE, hasher=office.QuickHasher())) as store:
        office.fill(store)
        employ(store)


def work(seed: int) -> None:
    """Do the school's paperwork for ever."""
    with closing(DecisionStore(DATABASE, hasher=office.QuickHasher())) as store:
        paperwork = Paperwork(store, random.Random(seed))  # noqa: S311 - drawn again with its seed
        while True:
            # The audit's key is policyd's alone: who signs with another is refused.
            with contextlib.suppress(StoreError):
                print(json.dumps(paperwork.step()), flush=True)


def look(deeds: Path) -> None:
    """Print every fault, a line each."""
    state = state_of(DATABASE)
    lines = deeds.read_text().splitlines()
    acknowledged = [Acknowledged(*json.loads(line)) for line in lines]
    for fault in (*state.faults, *missing(state, acknowledged)):
        print(fault)


def main() -> None:
    match sys.argv[1:]:
        case ["people"]:
            people()
        case ["work", seed]:
            work(int(seed))
        case ["look", deeds]:
            look(Path(deeds))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
