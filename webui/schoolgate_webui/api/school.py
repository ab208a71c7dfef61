"""Classes, devices, networks, and days that are different."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.workflow.different_days import DayKind
from schoolgate_policyd.workflow.register_lines import (
    ClassRecord,
    DeviceRecord,
    parse_class,
    parse_device,
)
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import skipped
from schoolgate_webui.api.people import Version
from schoolgate_webui.api.shapes import (
    Entered,
    Ids,
    Limit,
    LineId,
    Named,
    Page,
    Shape,
    Skip,
    Word,
    known,
    named,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import configured_networks, today

router = APIRouter(tags=["School"])

VersionQuery = Annotated[int, Query(ge=0, le=2**53, description="The version that was read.")]
_NO_CONTENT = status.HTTP_204_NO_CONTENT


class ClassEntry(Entered):
    """A new class; without an id its name gives one."""

    id: Word = ""
    name: Word = ""


class ClassChange(Entered):
    """Another name for a class."""

    version: Version
    name: Word = ""


class DeviceFields(Entered):
    """A line of the device register; an empty kind is as its network is."""

    address: Word = ""
    owner: Word = ""
    classes: Ids = ()
    groups: Ids = ()
    is_shared: bool = False
    kind: Word = ""
    inspectable: Literal["", "yes", "no"] = ""


class NewDeviceEntry(DeviceFields):
    """A new device."""

    id: Word = ""


class DeviceChange(DeviceFields):
    """A changed line: every field of it, and the version that was read."""

    version: Version


class ClassShown(Shape):
    """A class and how many are in it."""

    id: str
    name: str
    size: int
    version: int


class DeviceShown(Shape):
    """A line of the device register; null is as its network is."""

    id: str
    address: str
    owner: Named | None
    classes: list[str]
    groups: list[str]
    is_shared: bool
    kind: DeviceKind | None
    inspectable: bool | None
    version: int


class NetworkShown(Shape):
    """A network, and what is known of whoever asks from it."""

    id: str
    name: str
    cidr: str
    audience: Audience
    device: DeviceKind
    inspectable: bool
    version: int


class DayShown(Shape):
    """Days that the head directed to go otherwise."""

    number: int
    kind: DayKind
    first: date
    last: date
    name: str
    years: list[int] | None
    directed_by: Named


@router.get("/classes", summary="Classes")
def classes(desk: DeskDep) -> Page[ClassShown]:
    """List every class with how many are in it."""
    return Page(items=[_class(each) for each in desk.site.decisions.classes.every()])


@router.get("/classes/{line}", summary="One class")
def one_class(desk: DeskDep, line: LineId) -> ClassShown:
    """Give one class."""
    return _class(desk.site.decisions.classes.one(line))


@router.post("/classes", status_code=status.HTTP_201_CREATED, summary="Add a class")
def add_class(desk: DeskDep, entered: ClassEntry) -> ClassShown:
    """Add a class."""
    added, store = parse_class(entered.as_form()), desk.site.decisions.classes
    store.add(added, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _class(store.one(added.id))


@router.put("/classes/{line}", summary="Give a class another name")
def rename_class(desk: DeskDep, line: LineId, entered: ClassChange) -> ClassShown:
    """Give a class another name."""
    store = desk.site.decisions.classes
    name = parse_class(entered.as_form(), known=line).name
    store.rename(line, name, version=entered.version, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _class(store.one(line))


@router.delete("/classes/{line}", status_code=_NO_CONTENT, summary="Remove a class")
def remove_class(desk: DeskDep, line: LineId, version: VersionQuery) -> Response:
    """Remove a class that nobody is in."""
    store = desk.site.decisions.classes
    store.remove(line, version=version, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return Response(status_code=_NO_CONTENT)


@router.get("/devices", summary="The device register")
def devices(
    desk: DeskDep,
    words: Annotated[str, Query(max_length=100)] = "",
    skip: Skip = 0,
    limit: Limit = 50,
) -> Page[DeviceShown]:
    """List the device register."""
    count, found = desk.site.decisions.devices.search(words, skip=skip, limit=limit)
    return skipped(desk.request, found, lambda each: _device(each, desk), count=count, skip=skip)


@router.get("/devices/{line}", summary="One device")
def one_device(desk: DeskDep, line: LineId) -> DeviceShown:
    """Give one line of the register."""
    return _device(desk.site.decisions.devices.one(line), desk)


@router.post("/devices", status_code=status.HTTP_201_CREATED, summary="Register a device")
def add_device(desk: DeskDep, entered: NewDeviceEntry) -> DeviceShown:
    """Register a device."""
    decisions = desk.site.decisions
    device = parse_device(
        entered.as_form(), people=decisions.people.members(), classes=decisions.people.classes()
    )
    decisions.devices.add(device, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _device(decisions.devices.one(device.id), desk)


@router.put("/devices/{line}", summary="Change a device")
def change_device(desk: DeskDep, line: LineId, entered: DeviceChange) -> DeviceShown:
    """Change a line of the register; every field is written."""
    decisions = desk.site.decisions
    device = parse_device(
        entered.as_form(),
        people=decisions.people.members(),
        classes=decisions.people.classes(),
        known=line,
    )
    decisions.devices.change(
        device, version=entered.version, by=desk.member.id, at=desk.now.machine
    )
    desk.site.changed()
    return _device(decisions.devices.one(line), desk)


@router.delete("/devices/{line}", status_code=_NO_CONTENT, summary="Remove a device")
def remove_device(desk: DeskDep, line: LineId, version: VersionQuery) -> Response:
    """Take a device out of the register."""
    store = desk.site.decisions.devices
    store.remove(line, version=version, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return Response(status_code=_NO_CONTENT)


@router.get("/networks", summary="Networks")
def networks(desk: DeskDep) -> Page[NetworkShown]:
    """List every network."""
    found = desk.site.decisions.networks.records(configured_networks(desk))
    return Page(
        items=[
            NetworkShown(
                id=each.network.id,
                name=each.name,
                cidr=each.network.cidr,
                audience=each.network.audience,
                device=each.network.device,
                inspectable=each.network.inspectable,
                version=each.version,
            )
            for each in found
        ]
    )


@router.get("/different-days", summary="Days that are different")
def different_days(desk: DeskDep) -> Page[DayShown]:
    """List the days from today on that the head directed to go otherwise."""
    people = names_of(desk).people
    return Page(
        items=[
            DayShown(
                number=each.id,
                kind=each.entry.kind,
                first=each.entry.first,
                last=each.entry.last,
                name=each.entry.name,
                years=None if each.entry.years is None else list(each.entry.years),
                directed_by=known(each.directed_by, people),
            )
            for each in desk.site.decisions.different_days.from_day(today(desk))
        ]
    )


def _class(record: ClassRecord) -> ClassShown:
    return ClassShown(id=record.id, name=record.name, size=record.size, version=record.version)


def _device(record: DeviceRecord, desk: Desk) -> DeviceShown:
    device = record.device
    return DeviceShown(
        id=device.id,
        address=device.address,
        owner=named(device.owner, names_of(desk).people),
        classes=sorted(device.classes),
        groups=sorted(device.groups),
        is_shared=device.is_shared,
        kind=device.kind,
        inspectable=device.inspectable,
        version=record.version,
    )
