"""
Term dates as iCalendar: what a school's other calendars say, made a rule file and back.

- `ical_reading`: a hostile file to events with their dates and lines, within bounds.
- `meanings`: what the summary of an event says, or why it is not understood.
- `understanding`: events to a calendar, with a preview of every one of them.
- `calendar_text`: a calendar as the text of a rule file, read back before it is given out.
- `ical_writing`: a calendar as events that common clients show.
"""

from schoolgate_policyd.calendars.calendar_text import calendar_text
from schoolgate_policyd.calendars.ical_reading import Event, IcalError, read_events, read_ical
from schoolgate_policyd.calendars.ical_writing import write_ical
from schoolgate_policyd.calendars.understanding import Understanding, understand

__all__ = [
    "Event",
    "IcalError",
    "Understanding",
    "calendar_text",
    "read_events",
    "read_ical",
    "understand",
    "write_ical",
]
