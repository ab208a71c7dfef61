"""Checkpoints, retention and legal holds, as their pages print them."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from schoolgate_policyd.ledger.codes import groups_of
from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.store.retention import RetentionRun
from schoolgate_policyd.store.retention_kinds import Kind
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.legal_holds import HoldOn, LegalHold, may_see
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.fields import Field, Form, Option
from schoolgate_webui.views.moments import Now, day_and_time

_OTHERS_CLAUSE = re.compile(r" \([a-z-]+ §[^)]*\)")
_LABELS = {
    "on": "What must be kept",
    "person": "Name or pseudonym",
    "object": "Object",
    "kind": "Kind of record",
    "reason": "Why it must be kept",
}
_LIFTING_LABELS = {"why": "Why it need not be kept any longer"}


class CheckpointLine(msgspec.Struct, frozen=True):
    """A checkpoint in the list."""

    size: int
    when: str
    href: str
    witnesses: tuple[str, ...]
    faults: tuple[str, ...]


class CheckpointPage(msgspec.Struct, frozen=True):
    """A checkpoint to print: the note, the same in letters, and the key."""

    size: str
    when: str
    note: str
    groups: tuple[str, ...]
    key: str


class KindLine(msgspec.Struct, frozen=True):
    """A kind of record: for how long, and why."""

    what: str
    days: str
    reason: str
    held: bool


class RunLine(msgspec.Struct, frozen=True):
    """A deletion: when, what, and whether every trace of it is gone."""

    when: str
    what: str
    erased: str


class HoldLine(msgspec.Struct, frozen=True):
    """A legal hold; *lift* is the field for why it is lifted, for those who may."""

    number: int
    what: str
    reason: str
    placed: str
    lifted: str
    lift: Field | None


class HoldForm(msgspec.Struct, frozen=True):
    """The form that places a legal hold."""

    fields: Form
    mistakes: list[dict[str, str]]
    kinds: list[dict[str, object]]
    ons: list[dict[str, object]]


def checkpoint_line(each: SignedCheckpoint, now: Now) -> CheckpointLine:
    """Return the line of a checkpoint."""
    return CheckpointLine(
        size=each.size,
        when=day_and_time(now.recorded(each.at)),
        href=f"/records/checkpoints/{each.size}",
        witnesses=tuple(
            f"{one.witness}, {day_and_time(now.recorded(one.at))}"
            for one in each.witnessed
            if one.fault is None
        ),
        faults=tuple(
            f"{one.witness}: {one.fault}" for one in each.witnessed if one.fault is not None
        ),
    )


def checkpoint_page(each: SignedCheckpoint, now: Now) -> CheckpointPage:
    """Return the page of one checkpoint."""
    return CheckpointPage(
        size=f"{each.size:,}",
        when=day_and_time(now.recorded(each.at)),
        note=each.note,
        groups=groups_of(each.checkpoint),
        key=each.key,
    )


def kind_lines(
    kinds: Sequence[Kind], days: Mapping[str, int], held: frozenset[str]
) -> tuple[KindLine, ...]:
    """Return the table of retention."""
    return tuple(
        KindLine(each.what, length_words(days[each.name]), reason_words(each), each.name in held)
        for each in kinds
    )


def reason_words(kind: Kind) -> str:
    """Return why *kind* is kept so long; another school's document is not named to this one."""
    return _OTHERS_CLAUSE.sub("", kind.reason)


def run_lines(
    runs: Sequence[RetentionRun], kinds: Sequence[Kind], now: Now
) -> tuple[RunLine, ...]:
    """Return what was deleted, in words."""
    # Events are deleted by whole days, and these are counted.
    words = {each.name: each.name.replace("-", " ") for each in kinds} | {
        "events": "days of events",
        "held-events": "events whose legal hold was lifted",
    }
    return tuple(
        RunLine(
            when=day_and_time(now.recorded(each.at)),
            what=", ".join(
                f"{count:,} {words.get(kind, kind)}" for kind, count in sorted(each.counts.items())
            ),
            erased="Yes" if each.erased_at is not None else "Not yet: it is tried every hour",
        )
        for each in runs
    )


def hold_lines(
    holds: Sequence[LegalHold],
    names: Mapping[str, str],
    member: Member,
    now: Now,
    invalid: tuple[int, InvalidForm] | None = None,
) -> tuple[HoldLine, ...]:
    """Return the holds that *member* may see: none that is about them."""
    return tuple(_hold_line(each, names, now, invalid) for each in holds if may_see(member, each))


def hold_form(
    raw: Mapping[str, str],
    kinds: Sequence[Kind],
    invalid: InvalidForm | None = None,
) -> HoldForm:
    """Return the form that places a hold."""
    fields = Form(_LABELS, raw, invalid)
    ons = (
        Option(HoldOn.PERSON, "Whatever names a person"),
        Option(HoldOn.OBJECT, "One request, incident or other object"),
        Option(HoldOn.KIND, "All records of one kind"),
    )
    return HoldForm(
        fields=fields,
        mistakes=fields.mistakes,
        kinds=[
            each.printed()
            for each in (Option("", "Choose"), *(Option(kind.name, kind.what) for kind in kinds))
        ],
        ons=[each.printed() for each in ons],
    )


def _hold_line(
    hold: LegalHold, names: Mapping[str, str], now: Now, invalid: tuple[int, InvalidForm] | None
) -> HoldLine:
    lifted = ""
    if hold.lifted_at is not None:
        by = names.get(hold.lifted_by or "", hold.lifted_by)
        lifted = f"{by}, {day_and_time(now.recorded(hold.lifted_at))}: {hold.lifted_why}"
    mistakes = invalid[1] if invalid is not None and invalid[0] == hold.id else None
    form = Form(_LIFTING_LABELS, {}, mistakes, prefix=f"hold-{hold.id}-")
    placed_by = names.get(hold.placed_by, hold.placed_by)
    return HoldLine(
        number=hold.id,
        what=_target(hold, names),
        reason=hold.reason,
        placed=f"{placed_by}, {day_and_time(now.recorded(hold.placed_at))}",
        lifted=lifted,
        lift=form["why"] if hold.is_in_force else None,
    )


def _target(hold: LegalHold, names: Mapping[str, str]) -> str:
    match hold.on:
        case HoldOn.PERSON:
            return f"Whatever names {names.get(hold.target, hold.target)}"
        case HoldOn.OBJECT:
            return hold.target.replace("/", " ", 1).capitalize()
        case HoldOn.KIND:
            return f"All records of the kind {hold.target.replace('-', ' ')}"


def length_words(days: int) -> str:
    """Return a number of days as the page of retention says it."""
    years, rest = divmod(days, 365)
    if years and not rest:
        return f"{years} year{'' if years == 1 else 's'}"
    return f"{days} day{'' if days == 1 else 's'}"
