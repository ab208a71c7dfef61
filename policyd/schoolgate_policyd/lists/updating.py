"""
One update: ask for what is due, take what is good, keep what was good, and compile the table.

Whatever goes wrong with a list, its last good version stays, and the fault is kept beside it for
people to see. A list that shrank by half or more is such a fault: what happens to a list then is
mostly an accident at the publisher's, or somebody who wants it gone.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from schoolgate_policyd.lists.compiling import Kept, compile_table
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.faults import faults_in, require_growth
from schoolgate_policyd.lists.fetching import MEGABYTE, Fetcher
from schoolgate_policyd.lists.intake import MAX_NAMES, Intake, Spared
from schoolgate_policyd.lists.reading import Recipe, read_list
from schoolgate_policyd.lists.records import write_records
from schoolgate_policyd.lists.state import (
    Good,
    ListState,
    Manifest,
    State,
    load_manifest,
    load_state,
    records_path,
    save_manifest,
    save_state,
)
from schoolgate_policyd.lists.subscription import Subscription
from schoolgate_policyd.lists.table import RECORD_OCTETS, table_path
from schoolgate_policyd.lists.tidying import begun_path, tidy
from schoolgate_policyd.lists.validators import Validators, file_validators

# An hour after a failure it is tried again, however rarely the list is asked for.
RETRY_AFTER = timedelta(hours=1)
_SLACK = timedelta(minutes=5)


class Outcome(msgspec.Struct, frozen=True):
    """What an update did: which lists are new, and the faults of all, as sentences."""

    renewed: tuple[str, ...]
    faults: tuple[str, ...]
    table: str | None
    names: int = 0


class Updating:
    """
    The lists in *lists_dir*, to be brought up to what *subscriptions* say.

    *spared* are the names that an unlocked list leaves out; *tables_in_use* gives the tables
    that must stay.
    """

    def __init__(
        self,
        lists_dir: Path,
        subscriptions: Sequence[Subscription],
        spared: Spared,
        fetcher: Fetcher,
        *,
        now: Callable[[], datetime],
        tables_in_use: Callable[[], Iterable[str]] = tuple,
        keep_free_octets: int = 0,
        max_names: int = MAX_NAMES,
    ) -> None:
        self._dir = lists_dir
        self._subscriptions = subscriptions
        self._spared = spared
        self._spared_digest = hashlib.sha256(spared.text.encode()).hexdigest()
        self._fetcher = fetcher
        self._now = now
        self._tables_in_use = tables_in_use
        self._keep_free_octets = keep_free_octets
        self._max_names = max_names
        self._state = State(seed=0)

    def run(
        self,
        *,
        check_all: bool = False,
        accept: frozenset[str] = frozenset(),
        on_progress: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """
        Update what is due, or everything; the caller sees to it that nobody else does.

        A list in *accept* may have shrunk. Raises OSError where the folder itself cannot be used.
        """
        self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state = load_state(self._dir)
        manifest = load_manifest(self._dir)
        tidy(self._dir, self._state, manifest, self._tables_in_use())
        renewed = []
        for subscription in self._subscriptions:
            if check_all or subscription.id in accept or self._is_due(subscription):
                on_progress(f"{subscription.id}: {subscription.place}")
                if self._update(subscription, accept=accept):
                    renewed.append(subscription.id)
                self._save()
        self._forget_others()
        manifest = self._compile(manifest, on_progress)
        tidy(self._dir, self._state, manifest, self._tables_in_use())
        return Outcome(
            renewed=tuple(renewed),
            faults=faults_in(self._state),
            table=None if manifest is None else manifest.table,
            names=0 if manifest is None else manifest.names,
        )

    def _recipe(self, subscription: Subscription) -> str:
        return subscription.recipe(self._spared_digest)

    def _usable(self, subscription: Subscription) -> Good | None:
        """Return the last good version, if it was read as it would be now and is there."""
        good = self._state.lists.get(subscription.id, ListState()).good
        if good is None or good.recipe != self._recipe(subscription):
            return None
        return good if records_path(self._dir, subscription.id, good.sha256).exists() else None

    def _is_due(self, subscription: Subscription) -> bool:
        known = self._state.lists.get(subscription.id)
        if known is None or known.checked_at is None or self._usable(subscription) is None:
            return True
        if subscription.file is not None:
            # To look at a file costs nobody anything.
            return True
        every = timedelta(hours=subscription.update_hours)
        waiting = min(every, RETRY_AFTER) if known.fault else every
        # Whoever looks every hour would otherwise be a second early, and come an hour late.
        return self._now() - known.checked_at >= waiting - _SLACK

    def _update(self, subscription: Subscription, *, accept: frozenset[str]) -> bool:
        """Take a newer version of a list, if there is one and it is good."""
        known = self._state.lists.get(subscription.id, ListState())
        begun = begun_path(self._dir, f"{subscription.id}.list")
        fault = None
        good = known.good
        try:
            good = self._newest(subscription, known.good, begun, accept=accept)
        except (ListError, OSError) as error:
            fault = str(error)
        except MemoryError:
            fault = "the list needs more memory than there is: subscribe to a part of it"
        finally:
            begun.unlink(missing_ok=True)
        is_locked = known.is_locked or subscription.locked
        self._state.lists[subscription.id] = ListState(good, self._now(), fault, is_locked)
        return good is not known.good

    def _newest(
        self,
        subscription: Subscription,
        before: Good | None,
        begun: Path,
        *,
        accept: frozenset[str],
    ) -> Good | None:
        usable = self._usable(subscription)
        validators = Validators() if usable is None else usable.validators
        if subscription.url is not None:
            newer = self._fetcher.fetch(
                subscription.url, begun, validators, subscription.max_megabytes
            )
            path = begun
        else:
            path = Path(subscription.file or "")
            newer = file_validators(path, subscription)
            newer = None if newer == validators else newer
        if newer is None:
            return before
        return self._read(subscription, path, newer, before, accept=accept)

    def _read(
        self,
        subscription: Subscription,
        path: Path,
        validators: Validators,
        before: Good | None,
        *,
        accept: frozenset[str],
    ) -> Good:
        intake = Intake(
            self._state.seed,
            self._spared,
            is_locked=subscription.locked,
            max_names=self._max_names,
        )
        recipe = Recipe(subscription.format, subscription.member, subscription.max_megabytes)
        read_list(path, recipe, intake)
        self._require_room(sum(map(len, intake.parts)))
        begun = begun_path(self._dir, f"{subscription.id}.records")
        written = write_records(begun, intake.parts)
        require_growth(subscription, written, before, accept)
        begun.replace(records_path(self._dir, subscription.id, written.sha256))
        return Good(
            sha256=written.sha256,
            recipe=self._recipe(subscription),
            read_at=self._now(),
            report=intake.report(written.names),
            validators=validators,
        )

    def _forget_others(self) -> None:
        """Forget lists that nobody subscribes to any more, but for locked ones."""
        # A locked list whose file comes back must be there at once: without its names it is open.
        ids = {each.id for each in self._subscriptions}
        ids |= {id_ for id_, each in self._state.lists.items() if each.is_locked}
        for id_ in self._state.lists.keys() - ids:
            del self._state.lists[id_]
        self._save()

    def _compile(
        self, manifest: Manifest | None, on_progress: Callable[[str], None]
    ) -> Manifest | None:
        """Make the table of what is good now, unless it is the one there is."""
        kept = {
            id_: Kept(path, each.good.sha256, each.good.report.names)
            for id_, each in self._state.lists.items()
            if each.good is not None
            and (path := records_path(self._dir, id_, each.good.sha256)).exists()
        }
        made_of = {id_: each.sha256 for id_, each in kept.items()}
        if not kept or (
            manifest is not None
            and manifest.made_of == made_of
            and table_path(self._dir, manifest.table).exists()
        ):
            return manifest
        if manifest is not None and not (manifest.made_of.keys() & self._state.lists) <= set(kept):
            # A list of which nothing is left here: the table before still has its names.
            return manifest
        on_progress(f"compiling {len(kept)} lists")
        try:
            self._require_room(sum(each.names for each in kept.values()) * (RECORD_OCTETS + 4))
            compiled = compile_table(self._dir, kept, self._state.seed)
        except (ListError, OSError) as error:
            self._note_fault(kept, f"the table cannot be made, the one before stays: {error}")
            return manifest
        if manifest is not None and manifest.table != compiled.sha256:
            self._state = msgspec.structs.replace(self._state, previous_table=manifest.table)
            self._save()
        newest = Manifest(compiled.sha256, made_of, compiled.names)
        save_manifest(self._dir, newest)
        return newest

    def _note_fault(self, ids: Iterable[str], fault: str) -> None:
        for id_ in ids:
            known = self._state.lists[id_]
            damaged = f"{id_}." in fault
            self._state.lists[id_] = msgspec.structs.replace(
                known, fault=fault, good=None if damaged else known.good
            )
        self._save()

    def _require_room(self, octets: int) -> None:
        free = shutil.disk_usage(self._dir).free
        if free - octets < self._keep_free_octets:
            raise ListError(f"the disk has only {free // MEGABYTE:,} MB left: make room on it")

    def _save(self) -> None:
        save_state(self._dir, self._state)
