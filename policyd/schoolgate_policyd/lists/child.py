"""
The update as a process of its own: what strangers wrote is read beside policyd, not inside it.

It is as polite as a process can be, and its memory and files have bounds.
"""

import fcntl
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.destinations import Destinations
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.fetching import MEGABYTE, Fetcher, Patience, trusting
from schoolgate_policyd.lists.intake import Spared
from schoolgate_policyd.lists.tidying import tables_in
from schoolgate_policyd.lists.updating import Outcome, Updating
from schoolgate_policyd.rulefiles.catalogue_files import load_vocabulary

MOST_MEMORY_OCTETS = 4 << 30
MOST_FILE_OCTETS = 2 << 30
_NICENESS = 15


def update_lists(
    settings: Settings,
    *,
    check_all: bool = False,
    accept: frozenset[str] = frozenset(),
    on_progress: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """
    Bring the lists up to what the rule files subscribe to; only one process does so at a time.

    Raises RuleFileErrors for faulty rule files, ListError where another update is running, and
    OSError where the folder of lists cannot be used.
    """
    vocabulary = load_vocabulary(settings.rules_dir)
    lists = settings.lists
    fetcher = Fetcher(
        Destinations(
            lists.permitted_destinations, inside=[each.cidr for each in settings.networks]
        ),
        tls=trusting(lists.upstream_ca),
        patience=Patience(lists.answer_timeout_s, lists.whole_timeout_s),
        keep_free_octets=lists.keep_free_megabytes * MEGABYTE,
    )
    with _alone(settings.lists_dir):
        return Updating(
            settings.lists_dir,
            vocabulary.subscriptions,
            spared_in(vocabulary.catalogue),
            fetcher,
            now=MachineClock().now,
            tables_in_use=lambda: tables_in(settings.snapshots_dir),
            keep_free_octets=lists.keep_free_megabytes * MEGABYTE,
        ).run(check_all=check_all, accept=accept, on_progress=on_progress)


def spared_in(catalogue: Catalogue) -> Spared:
    """Return what unlocked lists leave out: lesson sites and help lines."""
    return Spared(chain(catalogue.essentials, *(line.domains for line in catalogue.help_lines)))


@contextmanager
def _alone(lists_dir: Path) -> Iterator[None]:
    lists_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (lists_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ListError("another update of the lists is running: wait for it") from error
        yield


def be_modest() -> None:
    """Give way to everybody else, and bound what a list could make this process take."""
    with suppress(OSError):  # a service manager may forbid it, and then says itself how nice
        os.nice(_NICENESS)
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_OCTETS),
        (resource.RLIMIT_FSIZE, MOST_FILE_OCTETS),
        (resource.RLIMIT_CORE, 0),
    ):
        # Somebody may have set a lower one already.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
