"""From when until when a new request asks, unless the requester says otherwise."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.school_time import Bells, SchoolTime
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import Period, local_date, moment_of

# The longest time without a school day is the summer's, about six weeks.
_DAYS_AHEAD = 62
_STAFF = Subject(audience=Audience.STAFF)
_TEACHING_OVER = {Period.AFTER_SCHOOL, Period.CLOSED}


def default_window(school_time: SchoolTime, moment: datetime) -> tuple[datetime, datetime]:
    """
    Return start and end (aware) of what is most likely wanted at *moment* (aware).

    From now until today's lessons are over; after them, until the school closes; when it is
    closed, the whole of the next school day. Without a school day ahead, one hour from now.
    """
    zone = ZoneInfo(school_time.zone)
    today = local_date(moment, zone)
    for offset in range(_DAYS_AHEAD):
        day = today + timedelta(days=offset)
        # Where several timetables are possible, from the first that begins to the last that ends.
        possible = [bells for bells in school_time.possible_bells(day, _STAFF) if bells]
        ends = [end for bells in possible if (end := _end_after(moment, bells, day, zone))]
        if ends:
            opens = min(moment_of(day, bells[0].at, zone) for bells in possible)
            return (moment if offset == 0 else opens), max(ends)
    return moment, moment + timedelta(hours=1)


def _end_after(moment: datetime, bells: Bells, day: date, zone: ZoneInfo) -> datetime | None:
    """Return when, after *moment*, lessons are over or the school closes by the *bells*."""
    ends = (moment_of(day, bell.at, zone) for bell in bells if bell.period in _TEACHING_OVER)
    return next((end for end in ends if end > moment), None)
