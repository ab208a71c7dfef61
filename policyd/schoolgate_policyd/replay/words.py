"""A replay in words, the same in the terminal and on pages."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import PERIODS
from schoolgate_policyd.replay.outcome import (
    FEWEST_TOLD,
    Certainty,
    Change,
    NotReplayed,
    Replay,
    Total,
)

TITLES = {
    Change.GAINED: "Newly opened",
    Change.LOST: "Newly blocked",
}
_AT_ANY_TIME = "at any time"
_NOT_REPLAYED = {
    NotReplayed.NOT_BY_A_RULE: (
        "was refused for a disguised name or a tunnel, whatever the policy",
        "were refused for a disguised name or a tunnel, whatever the policy",
    ),
    NotReplayed.NOT_TOLD_APART: (
        "is part of a flood whose names were not told apart",
        "are part of a flood whose names were not told apart",
    ),
    NotReplayed.NOT_A_NAME: (
        "asked for something that is no name",
        "asked for something that is no name",
    ),
}


def summary_of(replay: Replay) -> str:
    """Return what the replay found in one sentence."""
    if not replay.total.events:
        return "No requests were recorded in that time."
    if not replay.gained.events and not replay.lost.events:
        return f"Nothing changes for {requests(replay.total)} recorded in that time."
    parts = []
    if replay.gained.events:
        parts.append(f"{requests(replay.gained)} would be newly open")
    if replay.lost.events:
        parts.append(f"{requests(replay.lost)} would be newly blocked")
    return f"Of {requests(replay.total)}, {' and '.join(parts)}."


def span_of(replay: Replay, zone: ZoneInfo) -> str:
    """Return the time that was replayed, by the clocks of *zone*."""
    if replay.since is None or replay.until is None:
        return "The time of these events was not noted"
    return f"From {_clock(replay.since, zone)} to {_clock(replay.until, zone)}"


def notes_of(replay: Replay) -> Iterator[str]:
    """Yield what a reader must know to judge the counts, a sentence each."""
    if not replay.total.events:
        return
    yield (
        f"Unchanged: {requests(replay.still_open)} open, {requests(replay.still_blocked)} blocked."
    )
    if replay.still_open_in_part.events:
        yield (
            f"{requests(replay.still_open_in_part, start=True)} went to sites that are open in "
            "part before and after; which pages were opened is not recorded."
        )
    for reason, total in replay.not_replayed.items():
        if total.events:
            one, many = _NOT_REPLAYED[reason]
            yield (
                f"{requests(total, start=True)} {one if total.requests == 1 else many}: "
                "not decided anew."
            )
    yield from _of_certainty(replay)
    yield from _of_records(replay)
    if replay.names_left_out:
        yield f"{replay.names_left_out:,} further names, less asked for, are not listed."
    if replay.effects:
        yield (
            "People are counted and never named, an address of nobody known as one of them; "
            f"fewer than {FEWEST_TOLD} are not counted exactly."
        )


def _of_certainty(replay: Replay) -> Iterator[str]:
    known = replay.certainty
    today, gone = known[Certainty.AS_KNOWN_TODAY], known[Certainty.NO_LONGER_KNOWN]
    if today.events:
        yield (
            f"Of what was allowed ({requests(today)}) only the address was recorded: who and what "
            "has that address today was taken to have asked, with the device claim of that time."
        )
    if gone.events:
        yield (
            f"{requests(gone, start=True)} came from a person, device or network that the school "
            "does not have any more: what is not known counted against them."
        )


def _of_records(replay: Replay) -> Iterator[str]:
    if replay.now_open.events:
        yield (
            f"{requests(replay.now_open, start=True)} recorded as blocked would be allowed today "
            "even without the change."
        )
    if replay.now_blocked.events:
        yield (
            f"{requests(replay.now_blocked, start=True)} recorded as allowed would be blocked "
            "today even without the change."
        )


def requests(total: Total, *, start: bool = False) -> str:
    """Return how many requests *total* counts, in words; *start* begins a sentence."""
    if not total.requests:
        return "No requests" if start else "no requests"
    return f"{total.requests:,} request" + "s" * (total.requests != 1)


def people(count: int | None) -> str:
    """Return a count of people as a result gives it, in words."""
    return f"fewer than {FEWEST_TOLD}" if count is None else f"{count:,}"


def periods(found: tuple[Period, ...]) -> str:
    """Return when it was asked for, in words."""
    if len(found) == len(Period):
        return _AT_ANY_TIME
    return ", ".join(PERIODS[each] for each in found)


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{weekday_words(local)}, {local:%H:%M}"
