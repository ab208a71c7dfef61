"""Moments as people write them: the school's wall clock, or an ISO time with its offset."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.errors import SchoolgateError

EXAMPLE = "2026-11-20T10:35"
FIRST_YEAR = 2000
LAST_YEAR = 2199

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(:\d\d([.,]\d{1,9})?)?)"
    r"(?P<offset>[Zz]|[+-]\d\d(:?\d\d)?)?",
    re.ASCII,
)


class MomentSyntaxError(SchoolgateError, ValueError):
    """A text is not a moment, or one that no clock of the school ever shows."""


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """
    Return the moment, in UTC, that *text* names.

    Without an offset it is the wall clock of *zone*; of the two moments at which that shows the
    same when the clocks go back, the first. Raises MomentSyntaxError, which names *text* and an
    example, also for a wall-clock time that is skipped when the clocks go forward.
    """
    shown = text if text.isprintable() and len(text) <= 2 * len(EXAMPLE) else "this"
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise MomentSyntaxError(
            f"`{shown}` is not a moment; write the school's time like `{EXAMPLE}`, "
            "with seconds, an offset or Z if you like"
        )
    offset = (match["offset"] or "").upper()
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{match['time']}{offset}")
    except ValueError as error:
        raise MomentSyntaxError(
            f"`{shown}` is not on any calendar or clock; write a moment like `{EXAMPLE}`"
        ) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise MomentSyntaxError(
            f"`{shown}` is not between the years {FIRST_YEAR} and {LAST_YEAR}; "
            f"write a moment like `{EXAMPLE}`"
        )
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return _on_wall_clock(moment, zone)


def _on_wall_clock(naive: datetime, zone: ZoneInfo) -> datetime:
    moment = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        raise MomentSyntaxError(
            f"`{naive:%Y-%m-%dT%H:%M}` never was on the clocks of {zone.key}, which went forward "
            f"then; write a moment like `{EXAMPLE}`"
        )
    return moment
