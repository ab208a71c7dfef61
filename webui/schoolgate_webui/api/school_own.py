"""The school itself: its name, and its day and year."""

from datetime import date

from fastapi import APIRouter
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.core.school_time import TimetableUse
from schoolgate_policyd.core.times import DateRange, Period
from schoolgate_policyd.rulefiles.day_files import Weekday
from schoolgate_policyd.workflow.school_record import parse_name
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.people import Version
from schoolgate_webui.api.shapes import Entered, Number, Shape, Word

router = APIRouter(tags=["School"])


class SchoolShown(Shape):
    """What the school is called; *version* 0: as the configuration says."""

    name: str
    preset: str
    version: int
    zone: str


class SchoolChange(Entered):
    """Another name for the school."""

    version: Version
    name: Word = ""


class DaysShown(Shape):
    """Days, both included."""

    first: date
    last: date


class BellShown(Shape):
    """From then on (like 08:30), until the next bell of the day, it is that period."""

    at: str
    period: Period


class BellsShown(Shape):
    """The bells of a weekday; none: closed all day."""

    weekday: Weekday
    bells: list[BellShown]


class TimetableShown(Shape):
    """A timetable and whom it is for: empty lists are everybody."""

    id: str
    audience: list[str]
    year_groups: list[int] | None
    classes: list[str]
    days: list[BellsShown]


class OneOffShown(Shape):
    """Days that the policy plans to go otherwise."""

    name: str
    days: DaysShown


class CalendarShown(Shape):
    """The school's day and year as the policy in force has them."""

    id: str
    terms: list[DaysShown]
    half_terms: list[DaysShown]
    inset_days: list[date]
    bank_holidays: list[date]
    timetables: list[TimetableShown]
    one_off: list[OneOffShown]
    staff_from: str
    staff_until: str


@router.get("/school", summary="The school")
def school(desk: DeskDep) -> SchoolShown:
    """Give what the school is called and where its policy began."""
    record, settings = desk.site.decisions.school.record(), desk.site.settings
    return SchoolShown(
        name=settings.school_name,
        preset=settings.school,
        version=0 if record is None else record.version,
        zone=desk.site.policy_in_force.policy().school_time.zone,
    )


@router.put("/school", summary="Give the school another name")
def rename(desk: DeskDep, entered: SchoolChange) -> SchoolShown:
    """Give the school another name."""
    desk.site.decisions.school.rename(
        parse_name(entered.as_form()),
        preset=desk.site.settings.school,
        version=entered.version,
        by=desk.member.id,
        at=desk.now.machine,
    )
    desk.site.follow_school()
    return school(desk)


@router.get("/calendar", summary="The school's day and year")
def calendar(desk: DeskDep) -> CalendarShown:
    """Give the terms, the days off and the bells; drafts of the policy change them."""
    times = desk.site.policy_in_force.policy().school_time
    known = times.calendar
    return CalendarShown(
        id=known.id,
        terms=[_days(each) for each in known.terms],
        half_terms=[_days(each) for each in known.half_terms],
        inset_days=sorted(known.inset_days),
        bank_holidays=sorted(known.bank_holidays),
        timetables=[_timetable(each) for each in times.timetables],
        one_off=[OneOffShown(name=each.name, days=_days(each.days)) for each in times.one_off],
        staff_from=f"{times.staff_hours.start:%H:%M}",
        staff_until=f"{times.staff_hours.end:%H:%M}",
    )


@router.post(
    "/different-days/{number}/withdraw",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Have days go as usual again",
)
def withdraw_day(desk: DeskDep, number: Number) -> Response:
    """Have days that the head directed to be different go as usual again."""
    desk.site.decisions.different_days.withdraw(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _days(days: DateRange) -> DaysShown:
    return DaysShown(first=days.first, last=days.last)


def _timetable(use: TimetableUse) -> TimetableShown:
    members = use.members
    return TimetableShown(
        id=use.timetable.id,
        audience=sorted(members.audience or ()),
        year_groups=None if members.year_groups is None else list(members.year_groups),
        classes=sorted(members.classes or ()),
        days=[
            BellsShown(
                weekday=weekday,
                bells=[BellShown(at=f"{each.at:%H:%M}", period=each.period) for each in bells],
            )
            for weekday, bells in zip(Weekday, use.timetable.days, strict=True)
        ],
    )
