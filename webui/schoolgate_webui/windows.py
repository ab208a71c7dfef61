"""From when until when a new request asks, unless the requester says otherwise."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.times import Period, SchoolTime, local_date, moment_of

# The longest time without a school day is the summer's, about six weeks.
_DAYS_AHEAD = 62
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
        bells = school_time.bells_on(day, for_pupils=False)
        ends = [moment_of(day, bell.at, zone) for bell in bells if bell.period in _TEACHING_OVER]
        end = next((each for each in ends if each > moment), None)
        if end is not None:
            start = moment if offset == 0 else moment_of(day, bells[0].at, zone)
            return start, end
    return moment, moment + timedelta(hours=1)
