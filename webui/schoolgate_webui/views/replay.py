"""A replay as pages show it: include `replay_tables.html` with a `ReplayView` called `replay`."""

from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.replay.outcome import Change, Replay
from schoolgate_policyd.replay.words import (
    TITLES,
    notes_of,
    people,
    periods,
    span_of,
    summary_of,
)
from schoolgate_webui.views.words import AUDIENCES, capitalised

MOST_NAMES = 50

_TAGS = {
    Change.GAINED: ("Gain", "govuk-tag--green"),
    Change.LOST: ("Lose", "govuk-tag--red"),
}


class Tag(msgspec.Struct, frozen=True):
    """A word on a coloured ground, which is told apart without the colour."""

    text: str
    classes: str


class EffectRow(msgspec.Struct, frozen=True):
    """What one audience gains or loses in one category."""

    who: str
    tag: Tag
    category: str
    when: str
    requests: str
    people: str


class NameRow(msgspec.Struct, frozen=True):
    """A name that is newly opened or blocked."""

    name: str
    in_part: bool
    who: str
    rule: str
    requests: str
    people: str


class NameTable(msgspec.Struct, frozen=True):
    """The names of one kind, the most asked for first; *further* counts those left out."""

    id: str
    title: str
    rule_heading: str
    rows: tuple[NameRow, ...]
    further: str


class ReplayView(msgspec.Struct, frozen=True):
    """Everything that is printed of a replay; *withheld* says which names are not, and why."""

    before: str
    after: str
    span: str
    summary: str
    effects: tuple[EffectRow, ...]
    tables: tuple[NameTable, ...]
    withheld: str
    notes: tuple[str, ...]
    faults: tuple[str, ...]


def replay_view(
    replay: Replay, zone: ZoneInfo, *, shows_names: bool, most_names: int = MOST_NAMES
) -> ReplayView:
    """
    Return *replay* as a page prints it, by the clocks of *zone*.

    *shows_names* for whoever may see blocked attempts: a name that one pupil asked for can be
    that pupil's own.
    """
    return ReplayView(
        before=replay.before,
        after=replay.after,
        span=f"{span_of(replay, zone)}.",
        summary=summary_of(replay),
        effects=tuple(
            EffectRow(
                who=AUDIENCES[each.audience],
                tag=Tag(*_TAGS[change]),
                category=capitalised(each.category_name),
                when=capitalised(periods(each.periods)),
                requests=f"{each.total.requests:,}",
                people=capitalised(people(each.people)),
            )
            for change in Change
            for each in replay.of(change)
        ),
        tables=tuple(
            _names(replay, change, most_names)
            for change in Change
            if shows_names and replay.names_of(change)
        ),
        withheld="" if shows_names else _withheld(replay),
        notes=tuple(notes_of(replay)),
        faults=replay.faults,
    )


def _withheld(replay: Replay) -> str:
    counts = [(change, len(replay.names_of(change))) for change in Change]
    parts = [
        f"{count:,} name{'s are' if count > 1 else ' is'} {TITLES[change].lower()}"
        for change, count in counts
        if count
    ]
    if not parts:
        return ""
    return (
        f"{' and '.join(parts)}. Names are shown to the online safety lead and the DSL, who may "
        "see blocked attempts."
    )


def _names(replay: Replay, change: Change, most: int) -> NameTable:
    found = replay.names_of(change)
    further = sum(1 for _ in found[most:])
    return NameTable(
        id=f"names-{change.value}",
        title=f"{TITLES[change]} names",
        rule_heading="No longer blocked by" if change is Change.GAINED else "Blocked by",
        rows=tuple(
            NameRow(
                name=each.host,
                in_part=each.in_part,
                who=AUDIENCES[each.audience],
                rule=", ".join(each.rules),
                requests=f"{each.total.requests:,}",
                people=capitalised(people(each.people)),
            )
            for each in found[:most]
        ),
        further=f"and {further:,} more" if further else "",
    )
