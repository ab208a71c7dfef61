"""
What is kept between updates: each list's last good version, and which table is made of them.

Both are small files that are replaced whole. `manifest.json` changes only when the table does:
policyd watches it. A damaged `state.json` costs a new fetch, never what is in force.
"""

import secrets
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from schoolgate_policyd.lists.tally import Report
from schoolgate_policyd.lists.validators import Validators
from schoolgate_policyd.whole_files import write_whole

STATE = "state.json"
MANIFEST = "manifest.json"
MAX_OCTETS = 16_000_000

log = structlog.get_logger(__name__)


class Good(msgspec.Struct, frozen=True):
    """
    The last good version of a list.

    *sha256* is the digest of its records; *recipe* what it was read by.
    """

    sha256: str
    recipe: str
    read_at: datetime
    report: Report
    validators: Validators = Validators()


class ListState(msgspec.Struct, frozen=True):
    """
    What is known of a list: *checked_at* is when it was last asked for.

    *fault* says why a newer version is not in use; *good* is then the one before, if any. One
    that *is_locked* is kept though nobody subscribes to it any more.
    """

    good: Good | None = None
    checked_at: datetime | None = None
    fault: str | None = None
    is_locked: bool = False


class State(msgspec.Struct, frozen=True):
    """Everything between updates; *seed* is for the hashes and stays on this gateway."""

    seed: int
    lists: dict[str, ListState] = {}
    previous_table: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """Which table is made of which lists: *made_of* are the digests of their records, by id."""

    table: str
    made_of: dict[str, str]
    names: int


def load_state(lists_dir: Path) -> State:
    """Return what is kept in *lists_dir*, or a new beginning."""
    found = peek_state(lists_dir)
    return State(seed=secrets.randbits(64)) if found is None else found


def peek_state(lists_dir: Path) -> State | None:
    """Return what is kept in *lists_dir*, if anything is."""
    return _load(lists_dir / STATE, State)


def save_state(lists_dir: Path, state: State) -> None:
    """Keep *state*. Raises OSError."""
    write_whole(lists_dir / STATE, msgspec.json.format(msgspec.json.encode(state)))


def load_manifest(lists_dir: Path) -> Manifest | None:
    """Return which table is the newest, if there is one."""
    return _load(lists_dir / MANIFEST, Manifest)


def save_manifest(lists_dir: Path, manifest: Manifest) -> None:
    """Keep *manifest*. Raises OSError."""
    write_whole(lists_dir / MANIFEST, msgspec.json.encode(manifest))


def records_path(lists_dir: Path, id_: str, sha256: str) -> Path:
    """Return where the records with this digest of the list *id_* lie."""
    return lists_dir / f"{id_}.{sha256[:16]}.records"


def _load[T](path: Path, kind: type[T]) -> T | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_OCTETS), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # a DecodeError is a ValueError
        log.error("cannot be read, begun anew", path=str(path), cause=str(error))  # noqa: TRY400 - the cause says all
        return None
