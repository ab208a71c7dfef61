"""Who asks: person (or unknown), device, network, and what follows from them."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.times import WorkingHours

YOUNGEST_YEAR, OLDEST_YEAR = 0, 13  # reception is year 0


class Audience(StrEnum):
    """Whom a policy speaks of. Governors and volunteers are visitors unless the school says."""

    PUPIL = "pupil"
    STAFF = "staff"
    VISITOR = "visitor"


class Duty(StrEnum):
    """What a person may do in Schoolgate; one person may hold several."""

    HEAD = "head"
    CHAIR_OF_GOVERNORS = "chair-of-governors"
    GOVERNOR = "governor"
    ONLINE_SAFETY_LEAD = "online-safety-lead"
    DSL = "dsl"
    TECHNICIAN = "technician"
    ACCOUNT_OPERATOR = "account-operator"


class DeviceKind(StrEnum):
    """What is asked with; it comes from the network or the device register."""

    SCHOOL_COMPUTER = "school-computer"
    SCHOOL_MOBILE = "school-mobile"
    OWN_DEVICE = "own-device"
    UNKNOWN = "unknown"


class HeldDuty(msgspec.Struct, frozen=True):
    """
    A duty that a person holds.

    *platforms* are the service ids on which an account-operator runs the school's accounts;
    None means every platform.
    """

    duty: Duty
    platforms: frozenset[str] | None = None


class Person(msgspec.Struct, frozen=True):
    """
    What a decision needs to know of a person; their name is not among it.

    *age* is in whole years; None is an unknown age, which counts as too young.
    """

    id: str
    audience: Audience
    duties: tuple[HeldDuty, ...] = ()
    classes: frozenset[str] = frozenset()
    year_group: int | None = None
    age: int | None = None
    hours: WorkingHours | None = None
    overtime: frozenset[date] = frozenset()


class Network(msgspec.Struct, frozen=True):
    """A range of addresses (*cidr*) and what is known of whoever asks from it."""

    id: str
    cidr: str
    audience: Audience
    device: DeviceKind
    inspectable: bool


class Device(msgspec.Struct, frozen=True):
    """
    A line of the device register.

    *owner* is a person's id; *classes* are those that share the device; *is_shared* says that
    several people use it, so nobody may claim it. *kind* and *inspectable* None mean: as its
    network.
    """

    address: str
    id: str
    owner: str | None = None
    classes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    kind: DeviceKind | None = None
    inspectable: bool | None = None
    is_shared: bool = False


class DeviceClaim(msgspec.Struct, frozen=True):
    """A signed-in person's "This is my device" for one address, until *ends_at* (aware)."""

    id: str
    address: str
    person: str
    ends_at: datetime


class Subject(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """
    Who asks, with everything that a rule may ask about them.

    *known_until* is the moment (aware) at which what is known of them could change because a
    device claim ends; None means it does not end by itself.
    """

    audience: Audience = Audience.PUPIL
    device: DeviceKind = DeviceKind.UNKNOWN
    network: str = "unknown"
    inspectable: bool = False
    person: str | None = None
    device_id: str | None = None
    duties: tuple[HeldDuty, ...] = ()
    classes: frozenset[str] = frozenset()
    device_groups: frozenset[str] = frozenset()
    year_group: int | None = None
    age: int | None = None
    hours: WorkingHours | None = None
    overtime: frozenset[date] = frozenset()
    known_until: datetime | None = None

    @property
    def is_network_known(self) -> bool:
        """Whether the address was in one of the school's networks."""
        return self.network != UNKNOWN_SUBJECT.network

    @property
    def is_closely_filtered(self) -> bool:
        """
        Whether they are a pupil, a visitor or on an unknown device.

        What did not go by one of our answers is refused for those, where
        staff's is looked into first (answer-bound egress).
        """
        return self.audience is not Audience.STAFF or self.device is DeviceKind.UNKNOWN


UNKNOWN_SUBJECT = Subject()


def subject_from(network: Network, device: Device | None, person: Person | None) -> Subject:
    """Return the subject that asks from *network* with *device*, being *person*."""
    kind = network.device if device is None or device.kind is None else device.kind
    inspectable = network.inspectable
    if device is not None and device.inspectable is not None:
        inspectable = device.inspectable
    shared_by = frozenset[str]() if device is None else device.classes
    # A pupil works no overtime: a slip in the register must not set one apart from the others.
    is_pupil = person is not None and person.audience is Audience.PUPIL
    return Subject(
        audience=network.audience if person is None else person.audience,
        device=kind,
        network=network.id,
        inspectable=inspectable,
        person=None if person is None else person.id,
        device_id=None if device is None else device.id,
        duties=() if person is None else person.duties,
        classes=shared_by if person is None else shared_by | person.classes,
        device_groups=frozenset() if device is None else device.groups,
        year_group=None if person is None else person.year_group,
        age=None if person is None else person.age,
        hours=None if person is None else person.hours,
        overtime=frozenset() if person is None or is_pupil else person.overtime,
    )


def is_range_closely_filtered(network: Network) -> bool:
    """
    Whether whoever asks from *network*, with nothing else known of them, is closely filtered.

    The firewall holds a whole range to it; single clients who differ are told to it one by one.
    """
    return subject_from(network, None, None).is_closely_filtered
