"""
Whether a database is whole: nothing decided without its audit entry, no entry without its deed.

The rows are read with SQLite alone, without the store: what the store would mend or overlook as
it opens the file is seen here.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from entries import Entry, both_ways, digest_of, entries_in, ledger_faults
from paperwork import Acknowledged

type Found = Iterator[str]
type Check = Callable[[sqlite3.Connection, list[Entry]], Found]

_REQUEST_STEPS = {
    "request-submitted": "submitted",
    "request-changed": "submitted",
    "measures-confirmed": "measures-confirmed",
    "measures-refused": "measures-refused",
    "request-approved": "approved",
    "request-refused": "refused",
    "request-withdrawn": "withdrawn",
}
_STANDING_STEPS = {
    "submitted": "standing-asked",
    "measures-refused": "standing-refused",
    "refused": "standing-refused",
    "withdrawn": "standing-withdrawn",
}
_RESTRICTIONS = {
    "decided": ["restriction-decided"],
    "refused": ["restriction-refused"],
    "ended-early": ["restriction-decided", "restriction-ended-early"],
    "over": ["restriction-decided", "restriction-over"],
}
_POLICY_MOVES = {"begun": "policy-draft-begun"}


class State(NamedTuple):
    """What a file holds: the *digest* of all its rows, what is wrong with it, how far it is."""

    digest: str
    faults: tuple[str, ...]
    entries: tuple[Entry, ...]
    version: int


def state_of(
    path: Path, known: dict[str, State] | None = None, *, is_whole: bool = False
) -> State:
    """
    Return what the database *path* holds once SQLite has recovered it.

    What is *known* of the same rows is not worked out again; its pages are looked at each time,
    but where the file *is_whole* for certain.
    """
    known = {} if known is None else known
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        broken = [] if is_whole else _broken(file)
        digest = digest_of(file)
        if digest not in known:
            entries = entries_in(file)
            faults = tuple(fault for check in CHECKS for fault in check(file, entries))
            (version,) = file.execute("SELECT version FROM store_version").fetchone()
            known[digest] = State(digest, faults, tuple(entries), version)
    found = known[digest]
    return found._replace(faults=(*broken, *found.faults)) if broken else found


def _broken(file: sqlite3.Connection) -> list[str]:
    """Return what SQLite itself finds wrong with the pages and references of *file*."""
    said = [str(row[0]) for row in file.execute("PRAGMA integrity_check")]
    dangling = [f"dangling: {row}" for row in file.execute("PRAGMA foreign_key_check")]
    return [each for each in said if each != "ok"] + dangling


def missing(state: State, acknowledged: Iterable[Acknowledged]) -> Found:
    """Yield what was *acknowledged* and is not there."""
    left = {(each.action, each.kind, each.object_id) for each in state.entries}
    for each in acknowledged:
        is_behind = each.entries > len(state.entries) or each.version > state.version
        is_gone = each.action and (each.action, each.kind, each.object_id) not in left
        if is_behind or is_gone:
            yield f"lost: {each}"


def _ledger(file: sqlite3.Connection, _: list[Entry]) -> Found:
    yield from ledger_faults(file)


def _requests(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    steps = file.execute(
        "SELECT CAST(request_id AS TEXT), version, state, actor_id, at, signed_digest"
        " FROM request_steps"
    )
    noted = (
        (
            each.object_id,
            each.details.get("version", 1),
            _REQUEST_STEPS[each.action],
            each.actor,
            each.at,
            each.details.get("signed"),
        )
        for each in entries
        if each.kind == "request" and each.action in _REQUEST_STEPS
    )
    yield from both_ways("step of a request", steps, noted)
    yield from _rows(
        file,
        "a request that is not where its last step left it",
        "SELECT r.id, r.state FROM access_requests r WHERE r.state IS NOT (SELECT s.state FROM"
        " request_steps s WHERE s.request_id = r.id ORDER BY s.id DESC LIMIT 1)",
    )
    asked = "SELECT CAST(request_id AS TEXT), asked_by, asked_at FROM request_questions"
    yield from both_ways("question", file.execute(asked), _noted(entries, "question-asked"))


def _grants(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    approved = file.execute(
        "SELECT request_id, version FROM request_steps WHERE state = 'approved'"
    )
    grants = file.execute("SELECT request_id, version FROM grants")
    yield from both_ways("grant", grants, approved)
    ended = file.execute("SELECT id FROM grants WHERE state = 'ended'")
    noted = ((each.object_id,) for each in entries if each.action == "grant-ended")
    yield from both_ways("ended grant", ended, noted)
    yield from _rows(
        file,
        "a live grant of what is not approved",
        "SELECT g.id FROM grants g JOIN access_requests r ON r.id = g.request_id"
        " WHERE g.state = 'live' AND (r.state <> 'approved' OR r.version <> g.version)",
    )
    yield from _rows(
        file,
        "a grant of a version that never was",
        "SELECT id FROM grants WHERE signed_in_version > (SELECT version FROM store_version)",
    )


def _signatures(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    """Whatever is signed has its entry, which names the digest, and the other way round."""
    signed: list[str] = []
    for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = {row[1] for row in file.execute(f'PRAGMA table_info("{table}")')}
        if "signed_digest" in columns:
            query = f'SELECT signed_digest FROM "{table}" WHERE signed_digest IS NOT NULL'  # noqa: S608 - ours
            signed += [row[0] for row in file.execute(query)]
    noted = (each.details["signed"] for each in entries if "signed" in each.details)
    yield from both_ways("signature", signed, noted)
    kept = file.execute("SELECT id, digest, person_id FROM signatures")
    by = (
        (each.details["signature"], each.details["signed"], each.actor)
        for each in entries
        if "signature" in each.details
    )
    yield from both_ways("kept signature", kept, by)
    used = file.execute("SELECT nonce FROM signings WHERE used_at IS NOT NULL")
    nonces = file.execute(
        "SELECT nonce FROM signatures WHERE nonce IN (SELECT nonce FROM signings)"
    )
    yield from both_ways("used signing", used, nonces)


def _standing(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    records = file.execute("SELECT name, actor_id, at, kind FROM standing_records").fetchall()
    noted = [
        (each.object_id, each.actor, each.at, each.details["kind"])
        for each in entries
        if each.action == "standing-recorded"
    ]
    yield from both_ways("standing record", records, noted)
    steps = file.execute(
        "SELECT CAST(s.request_id AS TEXT), s.state, s.actor_id, s.at, r.name"
        " FROM standing_steps s JOIN standing_requests r ON r.id = s.request_id"
    ).fetchall()
    with_entry = (
        (i, _STANDING_STEPS[s], a, at) for i, s, a, at, _ in steps if s in _STANDING_STEPS
    )
    said = (
        (each.object_id, each.action, each.actor, each.at)
        for each in entries
        if each.kind == "standing-request"
    )
    yield from both_ways("step of a standing permission", with_entry, said)
    put = {record[:3] for record in records}
    for number, state, actor, at, name in steps:
        if state not in _STANDING_STEPS and (name, actor, at) not in put:
            yield f"a standing permission that was given without its record: {number} {state}"


def _delegations(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    given = "SELECT CAST(id AS TEXT), head_id, given_at FROM delegations"
    yield from both_ways("delegation", file.execute(given), _noted(entries, "deputy-named"))
    ended = (
        "SELECT CAST(id AS TEXT), withdrawn_by, withdrawn_at FROM delegations"
        " WHERE withdrawn_at IS NOT NULL"
    )
    noted = _noted(entries, "deputy-withdrawn")
    yield from both_ways("withdrawn delegation", file.execute(ended), noted)


def _incidents(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    steps = file.execute(
        "SELECT CAST(incident_id AS TEXT), actor_id, at, 'incident-' || move FROM incident_steps"
    )
    moves = {f"incident-{each}" for each in _INCIDENT_MOVES}
    noted = (
        (each.object_id, each.actor, each.at, each.action)
        for each in entries
        if each.action in moves
    )
    yield from both_ways("step of an incident", steps, noted)
    yield from _rows(
        file,
        "an incident that is closed or not, against its steps",
        "SELECT i.id FROM incidents i WHERE (i.state = 'closed') IS NOT ((SELECT s.move FROM"
        " incident_steps s WHERE s.incident_id = i.id AND s.move <> 'noted'"
        " ORDER BY s.id DESC LIMIT 1) = 'closed')",
    )


def _restrictions(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    rows = file.execute("SELECT CAST(id AS TEXT), state FROM restrictions")
    actions = [
        (number, action)
        for number, state in rows
        for action in ("restriction-proposed", *_RESTRICTIONS.get(state, []))
    ]
    noted = ((each.object_id, each.action) for each in entries if each.kind == "restriction")
    yield from both_ways("move of a restriction", actions, noted)


def _blocks(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    made = "SELECT CAST(id AS TEXT), made_by, made_at FROM blocks_at_once"
    yield from both_ways("block", file.execute(made), _noted(entries, "blocked-at-once"))
    lifted = (
        "SELECT CAST(id AS TEXT), lifted_by, lifted_at FROM blocks_at_once"
        " WHERE lifted_at IS NOT NULL"
    )
    yield from both_ways("lifted block", file.execute(lifted), _noted(entries, "block-lifted"))


def _policies(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    steps = file.execute("SELECT CAST(version AS TEXT), actor_id, at, move FROM policy_steps")
    moved = ((*step[:3], _POLICY_MOVES.get(step[3], f"policy-{step[3]}")) for step in steps)
    checks = {"policy-proved", "policy-replayed", "policy-draft-changed"}
    noted = (
        (each.object_id, each.actor, each.at, each.action)
        for each in entries
        if each.kind == "policy" and each.action not in checks
    )
    yield from both_ways("step of a policy", moved, noted)


def _holds(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    placed = "SELECT CAST(id AS TEXT), placed_by, placed_at FROM legal_holds"
    yield from both_ways("legal hold", file.execute(placed), _noted(entries, "legal-hold-placed"))


def _outbox(file: sqlite3.Connection, entries: list[Entry]) -> Found:
    (read_up_to,) = file.execute("SELECT read_up_to FROM mail_progress").fetchone()
    if read_up_to > len(entries):
        yield f"mail was made of entry {read_up_to} of {len(entries)}"
    # Who asked for a page is told at each step; a request that nobody read of told nobody.
    read = {each.object_id for each in entries[:read_up_to] if each.action == "request-submitted"}
    told = {
        row[0].rpartition("/")[2]
        for row in file.execute("SELECT path FROM outbox WHERE path LIKE '/requests/%'")
    }
    for number in told - read:
        yield f"mail about request {number}, of which no entry was read"


def _noted(entries: list[Entry], action: str) -> Iterator[tuple[str, str | None, str]]:
    return ((each.object_id, each.actor, each.at) for each in entries if each.action == action)


def _rows(file: sqlite3.Connection, what: str, query: str) -> Found:
    return (f"{what}: {row}" for row in file.execute(query))


_INCIDENT_MOVES = ("opened", "taken-up", "noted", "acted", "named", "closed", "reopened")
CHECKS: tuple[Check, ...] = (
    _ledger,
    _requests,
    _grants,
    _signatures,
    _standing,
    _delegations,
    _incidents,
    _restrictions,
    _blocks,
    _policies,
    _holds,
    _outbox,
)
