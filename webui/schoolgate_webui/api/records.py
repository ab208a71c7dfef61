"""The audit, its checkpoints, how long what is kept, and what was deleted."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import AuditEntry
from schoolgate_policyd.store.retention import RetentionRun, days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.record_search import parse_search
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.paging import newest_of
from schoolgate_webui.api.shapes import After, Limit, Page, Shape
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.records import filter_of, line_of, names_shown

router = APIRouter(tags=["Records"])

Entry = Annotated[str, Query(max_length=200)]


class EntryShown(Shape):
    """
    What was done; of pupils the audit shows pseudonyms alone.

    Once its time is over its personal part is deleted, and *is_whole* is false.
    """

    number: int
    at: datetime
    action: AuditAction
    actor: str | None
    object_kind: str
    object_id: str
    details: dict[str, Any]
    words: str
    is_whole: bool


class WitnessShown(Shape):
    """That a witness got a checkpoint, or by what fault it has not."""

    witness: str
    at: datetime
    fault: str | None


class CheckpointShown(Shape):
    """A signed checkpoint of the first *size* entries: the note, and the key to check it with."""

    size: int
    at: datetime
    root: str
    note: str
    key: str
    witnesses: list[WitnessShown]


class KindShown(Shape):
    """How long a kind of record is kept, and why."""

    name: str
    what: str
    days: int
    reason: str
    is_held: bool


class RunShown(Shape):
    """A deletion: how many of each kind, and when the last trace was erased; null: not yet."""

    number: int
    at: datetime
    counts: dict[str, int]
    erased_at: datetime | None


@router.get("/audit", summary="What was done, newest first")
def audit(
    desk: DeskDep,
    *,
    action: Entry = "",
    person: Entry = "",
    about: Annotated[str, Query(alias="object", max_length=200)] = "",
    since: Entry = "",
    until: Entry = "",
    after: After = None,
    limit: Limit = 50,
) -> Page[EntryShown]:
    """Search the audit; what is about the token's owner and not for their eyes is left out."""
    raw = {"action": action, "person": person, "object": about, "since": since, "until": until}
    people = desk.site.decisions.people.members()
    search = parse_search(raw, actions=AuditAction, people=people)
    wanted = filter_of(search, desk.now, desk.member.id)
    found = desk.site.decisions.audit.search(wanted, limit=limit, before=after)
    names = names_shown(people)
    return newest_of(
        desk.request,
        found,
        lambda each: _entry(each, line_of(each, names, desk.now).action, desk.now),
        number=lambda each: each.id,
        limit=limit,
    )


@router.get("/audit/checkpoints", summary="Signed checkpoints of the audit")
def checkpoints(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[CheckpointShown]:
    """List the checkpoints, the newest first, and who outside has them; numbered by *size*."""
    return newest_of(
        desk.request,
        desk.site.decisions.checkpoints.recent(limit=limit, before=after),
        lambda each: _checkpoint(each, desk.now),
        number=lambda each: each.size,
        limit=limit,
    )


@router.post(
    "/audit/checkpoints",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Ask for a checkpoint of the audit",
)
def want_checkpoint(desk: DeskDep) -> Response:
    """Ask policyd, which has the key, for a checkpoint: it is in the list within seconds."""
    desk.site.decisions.checkpoints.want(by=desk.member.id, at=desk.now.machine)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/audit/checkpoints/{size}", summary="One checkpoint")
def checkpoint(desk: DeskDep, size: Annotated[int, Path(ge=0, le=2**53)]) -> CheckpointShown:
    """Give one checkpoint."""
    found = desk.site.decisions.checkpoints.find(size)
    if found is None:
        raise UnknownObject(f"there is no checkpoint of {size} entries")
    return _checkpoint(found, desk.now)


@router.get("/retention", summary="How long what is kept")
def retention(desk: DeskDep) -> Page[KindShown]:
    """List the kinds of record."""
    days = days_of(KINDS, desk.site.settings.retention)
    held = desk.site.decisions.legal_holds.held().kinds
    return Page(
        items=[
            KindShown(
                name=each.name,
                what=each.what,
                days=days[each.name],
                reason=each.reason,
                is_held=each.name in held,
            )
            for each in KINDS
        ]
    )


@router.get("/retention/runs", summary="What was deleted, newest first")
def runs(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[RunShown]:
    """List the deletions."""
    return newest_of(
        desk.request,
        desk.site.decisions.retention.runs(limit=limit, before=after),
        lambda each: _run(each, desk.now),
        number=lambda each: each.id,
        limit=limit,
    )


def _run(run: RetentionRun, now: Now) -> RunShown:
    return RunShown(
        number=run.id,
        at=now.recorded(run.at),
        counts=dict(run.counts),
        erased_at=None if run.erased_at is None else now.recorded(run.erased_at),
    )


def _entry(entry: AuditEntry, words: str, now: Now) -> EntryShown:
    return EntryShown(
        number=entry.id,
        at=now.recorded(entry.at),
        action=entry.action,
        actor=entry.actor,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        details=dict(entry.details),
        words=words,
        is_whole=entry.is_whole,
    )


def _checkpoint(found: SignedCheckpoint, now: Now) -> CheckpointShown:
    return CheckpointShown(
        size=found.size,
        at=now.recorded(found.at),
        root=found.root.hex(),
        note=found.note,
        key=found.key,
        witnesses=[
            WitnessShown(witness=each.witness, at=now.recorded(each.at), fault=each.fault)
            for each in found.witnessed
        ],
    )
