"""
Supervised sessions and assigned devices: what a member of staff begins by one press.

A session lasts until the next bell, never longer than an hour, and covers what a restriction of
the pupil closed. A device that is assigned to a pupil is bound by the pupil's restrictions.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.rules import RestrictionKind
from schoolgate_policyd.core.school_time import SchoolTime
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind, Network, Subject
from schoolgate_policyd.core.times import local_date, moment_of, require_aware
from schoolgate_policyd.workflow.claims import canonical_address
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reach import network_of
from schoolgate_policyd.workflow.restrictions import RestrictionRecord, may_supervise

ONE_LESSON = timedelta(minutes=60)


class HowLong(StrEnum):
    """How long a device is assigned."""

    LESSON = "lesson"
    DAY = "day"


class SupervisedSession(msgspec.Struct, frozen=True):
    """A supervised session on [starts_at, ends_at) (the school's clock, aware)."""

    id: int
    person: str
    opened_by: str
    opened_at: datetime
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


class Assignment(msgspec.Struct, frozen=True):
    """A school device that *person* uses on [starts_at, ends_at) (the school's clock, aware)."""

    id: int
    device: str
    person: str
    assigned_by: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None


def next_bell(school_time: SchoolTime, subject: Subject, moment: datetime) -> datetime | None:
    """
    Return when the present period of *subject* ends at *moment* (aware); None: not today.

    Where several timetables could be theirs, the first bell of any counts.
    """
    zone = ZoneInfo(school_time.zone)
    day = local_date(require_aware(moment), zone)
    bells = (
        moment_of(day, bell.at, zone)
        for possible in school_time.possible_bells(day, subject)
        for bell in possible
    )
    return min((bell for bell in bells if bell > moment), default=None)


def session_end(school_time: SchoolTime, subject: Subject, moment: datetime) -> datetime:
    """Return when a session that is opened at *moment* (aware) ends: the bell, or one hour."""
    latest = moment + ONE_LESSON
    bell = next_bell(school_time, subject, moment)
    return latest if bell is None else min(bell, latest)


def assignment_end(
    school_time: SchoolTime, subject: Subject, moment: datetime, how_long: HowLong
) -> datetime:
    """Return when an assignment that is made at *moment* (aware) ends."""
    if how_long is HowLong.LESSON:
        return session_end(school_time, subject, moment)
    zone = ZoneInfo(school_time.zone)
    return moment_of(local_date(moment, zone) + timedelta(days=1), time(0), zone)


def require_session(
    by: Member, pupil: Member, restrictions: tuple[RestrictionRecord, ...], moment: datetime
) -> None:
    """Raise unless *by* may open a session for *pupil*, whom *restrictions* speak of."""
    if not may_supervise(by) or by.id == pupil.id:
        raise NotAllowed("Only a member of staff opens a supervised session.")
    if not is_supervised_only(pupil.id, restrictions, moment):
        raise WrongState("There is nothing to lift: they are not under supervised-only use now.")


def is_supervised_only(
    person: str, restrictions: tuple[RestrictionRecord, ...], moment: datetime
) -> bool:
    """Whether *person* may only use school devices under supervision at *moment*."""
    return any(
        each.proposal.person == person
        and each.proposal.kind is RestrictionKind.SUPERVISED_ONLY
        and each.is_in_force_at(moment)
        for each in restrictions
    )


def require_assignable(
    by: Member, pupil: Member, device: Device, networks: tuple[Network, ...]
) -> None:
    """Raise unless *by* may assign *device* to *pupil*."""
    if not may_supervise(by):
        raise NotAllowed("Only a member of staff assigns devices.")
    if pupil.audience is not Audience.PUPIL:
        raise WrongState("Devices are assigned to pupils.")
    if not is_assignable(device, networks):
        raise WrongState("Only a school device that is nobody's own is assigned.")


def is_assignable(device: Device, networks: tuple[Network, ...]) -> bool:
    """Whether *device* is a school device that is nobody's own."""
    if device.owner is not None:
        return False
    return kind_of_device(device, networks) in {
        DeviceKind.SCHOOL_COMPUTER,
        DeviceKind.SCHOOL_MOBILE,
    }


def kind_of_device(device: Device, networks: tuple[Network, ...]) -> DeviceKind:
    """Return what *device* is: as the register says, else as its network is."""
    if device.kind is not None:
        return device.kind
    address = canonical_address(device.address)
    network = None if address is None else network_of(address, networks)
    return DeviceKind.UNKNOWN if network is None else network.device
