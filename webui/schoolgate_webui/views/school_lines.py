"""Classes and devices of the school, in lists and one by one."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import DeviceKind
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.networks import NetworkRecord
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reach import network_of
from schoolgate_policyd.workflow.register_acts import RegisterAct, may
from schoolgate_policyd.workflow.register_lines import ClassRecord, DeviceRecord
from schoolgate_policyd.workflow.register_people import PersonRecord
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.views.requests import Names, Row
from schoolgate_webui.views.school_fields import (
    Link,
    SchoolForm,
    Sheet,
    mistakes_of,
    stale_mistake,
)
from schoolgate_webui.views.school_people import year_words
from schoolgate_webui.views.words import DEVICES, capitalised, joined

_CLASSES, _DEVICES = "/school/classes", "/school/devices"


class ListedLine(msgspec.Struct, frozen=True):
    """A class or device in a list."""

    href: str
    name: str
    facts: tuple[str, ...]


class ClassesPage(msgspec.Struct, frozen=True):
    """Every class."""

    lines: tuple[ListedLine, ...]
    may_keep: bool


class DevicesPage(msgspec.Struct, frozen=True):
    """The register, narrowed to *words*."""

    lines: tuple[ListedLine, ...]
    counted: str
    words: str
    earlier: str
    later: str
    may_keep: bool


class LinePage(msgspec.Struct, frozen=True):
    """One class or device: what it says, who is in it, and its form; None: they only see it."""

    title: str
    back: Link
    rows: tuple[Row, ...]
    members: tuple[Link, ...]
    form: SchoolForm | None
    remove: str
    remove_words: str
    version: str
    mistakes: tuple[dict[str, str], ...]


def classes_page(records: tuple[ClassRecord, ...], member: Member) -> ClassesPage:
    """Return every class."""
    lines = tuple(
        ListedLine(f"{_CLASSES}/{each.id}", each.name, (_counted(each.size),)) for each in records
    )
    return ClassesPage(lines, may(member, RegisterAct.KEEP))


def _counted(size: int) -> str:
    if size == 0:
        return "nobody"
    return "1 person" if size == 1 else f"{size} people"


def class_form(
    record: ClassRecord | None,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form of a class; *record* None is a new one."""
    sheet = Sheet({"name": "" if record is None else record.name}, entered, invalid)
    fields = [sheet.line("name", "Name", "Like 4B.")]
    if record is None:
        fields.append(sheet.line("id", "Id", "Leave it empty to have it made of the name."))
    return SchoolForm(
        title="Add a class" if record is None else "Another name",
        action=f"{_CLASSES}/new" if record is None else f"{_CLASSES}/{record.id}",
        fields=tuple(fields),
        button="Add" if record is None else "Save",
        back=Link(_CLASSES, "Back to classes"),
        hidden=() if record is None else (("version", str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=(f"Name: {record.name}",) if is_stale and record is not None else (),
    )


def class_page(
    record: ClassRecord,
    members: tuple[PersonRecord, ...],
    member: Member,
    form: SchoolForm,
    *,
    refusal: str = "",
) -> LinePage:
    """Return one class with who is in it."""
    may_keep = may(member, RegisterAct.KEEP)
    refused = ({"text": refusal, "href": "#main-content"},) if refusal else ()
    return LinePage(
        title=f"Class {record.name}",
        back=Link(_CLASSES, "Back to classes"),
        rows=(Row("Id", record.id), Row("In it", _counted(record.size))),
        members=tuple(Link(f"/school/people/{each.id}", _member_words(each)) for each in members),
        form=form if may_keep else None,
        remove=f"{_CLASSES}/{record.id}/remove" if may_keep else "",
        remove_words="Remove this class",
        version=str(record.version),
        mistakes=refused + form.mistakes,
    )


def _member_words(record: PersonRecord) -> str:
    year = year_words(record.entry.year_group)
    return f"{record.entry.name}{f', {year}' if year else ''}"


def devices_page(
    found: tuple[int, tuple[DeviceRecord, ...]],
    names: Names,
    member: Member,
    *,
    words: str,
    page: int,
    page_size: int,
    query: Mapping[int, str],
) -> DevicesPage:
    """Return the register, narrowed to *words*."""
    count, records = found
    lines = tuple(
        ListedLine(
            f"{_DEVICES}/{each.device.id}",
            each.device.id,
            (
                each.device.address,
                capitalised(_whose(each, names)),
                capitalised(_kind_words(each.device.kind)),
            ),
        )
        for each in records
    )
    return DevicesPage(
        lines=lines,
        counted="1 device" if count == 1 else f"{count} devices",
        words=words,
        earlier=query[page - 1] if page > 1 else "",
        later=query[page + 1] if (page - 1) * page_size + len(records) < count else "",
        may_keep=may(member, RegisterAct.KEEP),
    )


def _whose(record: DeviceRecord, names: Names) -> str:
    device = record.device
    if device.owner is not None:
        return names.person(device.owner)
    parts = [f"class {names.classes.get(each, each)}" for each in sorted(device.classes)]
    if device.is_shared:
        parts.insert(0, "shared")
    return joined(parts) or "nobody’s in particular"


def _kind_words(kind: DeviceKind | None) -> str:
    return "as its network" if kind is None else DEVICES[kind]


def device_form(
    record: DeviceRecord | None,
    networks: tuple[NetworkRecord, ...],
    names: Names,
    *,
    values: Mapping[str, str] | None = None,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form of a device; *record* None is a new one."""
    held = _device_values(record, names) if record is not None else dict(values or {})
    sheet = Sheet(held, entered, invalid)
    fields = _device_fields(sheet, networks, is_new=record is None)
    now: tuple[str, ...] = ()
    if is_stale and record is not None:
        now = tuple(f"{row.label}: {row.value}" for row in _device_rows(record, networks, names))
    href = _DEVICES if record is None else f"{_DEVICES}/{record.device.id}"
    return SchoolForm(
        title="Register a device" if record is None else "Change it",
        action=f"{_DEVICES}/new" if record is None else href,
        fields=fields,
        button="Register" if record is None else "Save",
        back=Link(_DEVICES, "Back to devices"),
        hidden=() if record is None else (("version", str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=now,
    )


def _device_fields(
    sheet: Sheet, networks: tuple[NetworkRecord, ...], *, is_new: bool
) -> tuple[ChangeField, ...]:
    ranges = ", ".join(each.network.cidr for each in networks[:6])
    kinds = (Item("", "As its network"), *(_kind_item(each) for each in DeviceKind))
    name = (sheet.line("id", "Its name", "Like pc-12 or library-tablet-3."),) if is_new else ()
    return (
        *name,
        sheet.line("address", "Address", f"On one of your networks: {ranges}."),
        sheet.line("owner", "Whose is it?", "Name, user name or id. Empty: nobody’s alone."),
        sheet.line("classes", "Classes that use it", "Commas between several."),
        sheet.boxes(
            "is_shared",
            "Do several people use it?",
            (Item("is_shared", "Yes: nobody can say that it is their own"),),
        ),
        sheet.radios("kind", "What kind of device is it?", kinds),
        sheet.radios(
            "inspectable",
            "Does it trust the school’s certificate authority?",
            (Item("", "As its network"), Item("yes", "Yes"), Item("no", "No")),
        ),
        sheet.line("groups", "Groups", "For permissions that name devices. Usually empty."),
    )


def _kind_item(kind: DeviceKind) -> Item:
    return Item(kind.value, capitalised(DEVICES[kind]))


def _device_values(record: DeviceRecord, names: Names) -> dict[str, str]:
    device = record.device
    classes = [names.classes.get(each, each) for each in sorted(device.classes)]
    trusts = {None: "", True: "yes", False: "no"}[device.inspectable]
    return {
        "address": device.address,
        "owner": device.owner or "",
        "classes": ", ".join(classes),
        "is_shared": "yes" if device.is_shared else "",
        "kind": "" if device.kind is None else device.kind.value,
        "inspectable": trusts,
        "groups": ", ".join(sorted(device.groups)),
    }


def _device_rows(
    record: DeviceRecord, networks: tuple[NetworkRecord, ...], names: Names
) -> tuple[Row, ...]:
    device = record.device
    network = network_of(device.address, tuple(each.network for each in networks))
    named = {each.network.id: each.name for each in networks}
    trusts = {None: "as its network", True: "yes", False: "no"}[device.inspectable]
    return (
        Row("Address", device.address),
        Row("Network", "none that the school knows" if network is None else named[network.id]),
        Row("Whose", capitalised(_whose(record, names))),
        Row("Kind", capitalised(_kind_words(device.kind))),
        Row("Trusts the school’s authority", capitalised(trusts)),
        Row("Groups", ", ".join(sorted(device.groups)) or "None"),
    )


def device_page(
    record: DeviceRecord,
    networks: tuple[NetworkRecord, ...],
    names: Names,
    member: Member,
    form: SchoolForm,
) -> LinePage:
    """Return one line of the register."""
    may_change = may(member, RegisterAct.KEEP) and record.device.owner != member.id
    return LinePage(
        title=f"Device {record.device.id}",
        back=Link(_DEVICES, "Back to devices"),
        rows=_device_rows(record, networks, names),
        members=(),
        form=form if may_change else None,
        remove=f"{_DEVICES}/{record.device.id}/remove" if may_change else "",
        remove_words="Take it out of the register",
        version=str(record.version),
        mistakes=form.mistakes,
    )
