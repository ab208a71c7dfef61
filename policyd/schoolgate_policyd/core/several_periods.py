"""Why it may be several periods for a subject, in words that continue a sentence."""

from datetime import datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.membership import Membership, are_classes_unknown
from schoolgate_policyd.core.school_time import SchoolTime
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import local_date


def why_several(subject: Subject, moment: datetime, school_time: SchoolTime) -> str:
    """Return what is not known of *subject*, or else that several timetables are theirs."""
    if school_time.doubted_since is not None:
        return "the gateway's clock is not to be trusted"
    day = local_date(moment, ZoneInfo(school_time.zone))
    one_off = [each.members for each in school_time.one_off if day in each.days]
    regular = [each.members for each in school_time.timetables]
    doubtful = [
        each
        for each in (*one_off, *regular)
        if each.could_hold(subject) and not each.holds(subject)
    ]
    unknown = _unknown(subject, doubtful)
    if unknown:
        return f"their {' and '.join(unknown)} {'are' if len(unknown) > 1 else 'is'} not known"
    if doubtful:
        return "several classes share the device"
    if any(each.could_hold(subject) for each in (*one_off, *regular)):
        return "several timetables are for them"
    return "no timetable is for them"


def _unknown(subject: Subject, doubtful: list[Membership]) -> list[str]:
    asks_year = any(each.year_groups is not None for each in doubtful)
    asks_class = any(each.classes is not None for each in doubtful)
    unknown = []
    if asks_year and subject.year_group is None:
        unknown.append("year group")
    if asks_class and are_classes_unknown(subject):
        unknown.append("class")
    return unknown
