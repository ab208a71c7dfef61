"""
The file of a sample school's people: who is there, with which duties, classes and devices.

Read like a rule file, every mistake with file and line, all of them at once.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind, Duty, HeldDuty
from schoolgate_policyd.rulefiles.day_fields import working_hours
from schoolgate_policyd.rulefiles.fields import (
    choice,
    identifier,
    list_of,
    mapping,
    one_or_more_in_set,
    text,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import MappingNode, Node, read_nodes
from schoolgate_policyd.store.errors import PeopleFileError
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.claims import canonical_address
from schoolgate_policyd.workflow.people import SchoolClass

OLDEST = 120
LAST_YEAR_GROUP = 13
LONGEST_REVIEW_DAYS = 1100
MAX_NAME = 80

_CLASS_ID = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\Z", re.ASCII)
_USERNAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*\Z", re.ASCII)
MAX_ID = 40


class SampleStanding(msgspec.Struct, frozen=True):
    """A standing permission with both its records."""

    name: str
    permitted_by: str
    permission: str
    confirmed_by: str
    controls: str
    review_after_days: int


class PeopleFile(msgspec.Struct, frozen=True):
    """What the file says, consistent in itself."""

    classes: tuple[SchoolClass, ...]
    people: tuple[NewPerson, ...]
    devices: tuple[Device, ...]
    standing: tuple[SampleStanding, ...]


def read_people_file(path: Path) -> PeopleFile:
    """Return what the file at *path* says. Raises PeopleFileError with every mistake."""
    book = MistakeBook()
    people_file = _read(path, book)
    mistakes = book.mistakes()
    if mistakes or people_file is None:
        raise PeopleFileError("\n".join(map(str, mistakes)))
    return people_file


def _read(path: Path, book: MistakeBook) -> PeopleFile | None:
    node = read_nodes(path, book)
    if node is None:
        return None
    entries = mapping("a people file", node, ("people", "classes", "devices", "standing"), book)
    if entries is None:
        return None
    read = PeopleFile(
        classes=entries.optional("classes", list_of(_class), default=()),
        people=entries.required("people", list_of(_person)) or (),
        devices=entries.optional("devices", list_of(_device), default=()),
        standing=entries.optional("standing", list_of(_standing), default=()),
    )
    for key, message in _inconsistencies(read):
        book.add(entries.place_of(key), message)
    return read


def _inconsistencies(read: PeopleFile) -> Iterable[tuple[str, str]]:
    """Yield, for each key of the file, what in it speaks of something that is not there."""
    classes = frozenset(each.id for each in read.classes)
    yield from _twice("classes", "class", (each.id for each in read.classes))
    yield from _inconsistent_people(read.people, classes)
    yield from _inconsistent_devices(read.devices, {each.id for each in read.people}, classes)
    people = {each.id: each for each in read.people}
    for standing in read.standing:
        for person, duty in (
            (standing.permitted_by, Duty.HEAD),
            (standing.confirmed_by, Duty.ONLINE_SAFETY_LEAD),
        ):
            holder = people.get(person)
            if holder is None or all(held.duty is not duty for held in holder.duties):
                yield "standing", f"`{person}` does not hold the duty `{duty}`: name who does"


def _inconsistent_people(
    people: tuple[NewPerson, ...], classes: frozenset[str]
) -> Iterable[tuple[str, str]]:
    yield from _twice("people", "person", (each.id for each in people))
    named = (each.username for each in people if each.username is not None)
    yield from _twice("people", "user name", named)
    for person in people:
        if person.audience is Audience.PUPIL and (person.duties or person.username is not None):
            yield "people", f"`{person.id}` is a pupil: pupils neither sign in nor hold duties"
        duties = (held.duty for held in person.duties)
        yield from _twice("people", f"duty of `{person.id}`", duties)
        for missing in sorted(person.classes - classes):
            yield "people", f"`{person.id}` is in {shown(missing)}, which is no class: add it"


def _inconsistent_devices(
    devices: tuple[Device, ...], people: set[str], classes: frozenset[str]
) -> Iterable[tuple[str, str]]:
    yield from _twice("devices", "device", (each.id for each in devices))
    yield from _twice("devices", "address", (each.address for each in devices))
    for device in devices:
        for missing in sorted(device.classes - classes):
            yield "devices", f"`{device.id}` names {shown(missing)}, which is no class: add it"
        if device.owner is not None and device.owner not in people:
            yield "devices", f"`{device.id}` belongs to `{device.owner}`, who is nobody: add them"
        if device.owner is not None and device.is_shared:
            yield "devices", f"`{device.id}` is shared and has an owner: remove one of the two"


def _twice(key: str, what: str, ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            yield key, f"the {what} `{each}` stands here twice: remove one"
        seen.add(each)


def _class(node: Node, book: MistakeBook) -> SchoolClass | None:
    entries = mapping("a class", node, ("id", "name"), book)
    if entries is None:
        return None
    id_ = entries.required("id", _class_id)
    name = entries.required("name", _name)
    return None if id_ is None or name is None else SchoolClass(id_, name)


def _person(node: Node, book: MistakeBook) -> NewPerson | None:
    known = (
        "id",
        "name",
        "audience",
        "username",
        "duties",
        "classes",
        "year_group",
        "age",
        "hours",
    )
    entries = mapping("a person", node, known, book)
    if entries is None:
        return None
    id_ = entries.required("id", identifier)
    name = entries.required("name", _name)
    audience = entries.required("audience", choice("audience", Audience))
    username = entries.optional("username", _username, default=None)
    duties = entries.optional("duties", list_of(_duty), default=())
    classes = entries.optional("classes", one_or_more_in_set(_class_id), default=frozenset[str]())
    year_group = entries.optional("year_group", whole_number(0, LAST_YEAR_GROUP), default=None)
    age = entries.optional("age", whole_number(0, OLDEST), default=None)
    hours = entries.optional("hours", working_hours, default=None)
    if id_ is None or name is None or audience is None:
        return None
    return NewPerson(
        id=id_,
        name=name,
        audience=audience,
        username=username,
        duties=duties,
        classes=classes,
        year_group=year_group,
        age=age,
        hours=hours,
    )


def _duty(node: Node, book: MistakeBook) -> HeldDuty | None:
    """Read `head`, or `{duty: account-operator, platforms: [facebook]}`."""
    read_duty = choice("duty", Duty)
    if not isinstance(node, MappingNode):
        duty = read_duty(node, book)
        return None if duty is None else HeldDuty(duty)
    entries = mapping("a duty", node, ("duty", "platforms"), book)
    if entries is None:
        return None
    duty = entries.required("duty", read_duty)
    platforms = entries.required("platforms", one_or_more_in_set(identifier))
    return None if duty is None or platforms is None else HeldDuty(duty, platforms)


def _device(node: Node, book: MistakeBook) -> Device | None:
    known = ("address", "id", "owner", "classes", "groups", "kind", "inspectable", "is_shared")
    entries = mapping("a device", node, known, book)
    if entries is None:
        return None
    address = entries.required("address", _address)
    id_ = entries.required("id", identifier)
    owner = entries.optional("owner", identifier, default=None)
    classes = entries.optional("classes", one_or_more_in_set(_class_id), default=frozenset[str]())
    groups = entries.optional("groups", one_or_more_in_set(identifier), default=frozenset[str]())
    kind = entries.optional("kind", choice("device kind", DeviceKind), default=None)
    inspectable = entries.optional("inspectable", truth, default=None)
    is_shared = entries.optional("is_shared", truth, default=False)
    if address is None or id_ is None:
        return None
    return Device(
        address=address,
        id=id_,
        owner=owner,
        classes=classes,
        groups=groups,
        kind=kind,
        inspectable=inspectable,
        is_shared=is_shared,
    )


def _standing(node: Node, book: MistakeBook) -> SampleStanding | None:
    known = SampleStanding.__struct_fields__
    entries = mapping("a standing permission", node, known, book)
    if entries is None:
        return None
    name = entries.required("name", identifier)
    permitted_by = entries.required("permitted_by", identifier)
    permission = entries.required("permission", text)
    confirmed_by = entries.required("confirmed_by", identifier)
    controls = entries.required("controls", text)
    days = entries.required("review_after_days", whole_number(1, LONGEST_REVIEW_DAYS))
    if (
        name is None
        or permitted_by is None
        or permission is None
        or confirmed_by is None
        or controls is None
        or days is None
    ):
        return None
    return SampleStanding(name, permitted_by, permission, confirmed_by, controls, days)


def _name(node: Node, book: MistakeBook) -> str | None:
    name = text(node, book)
    if name is not None and len(name) > MAX_NAME:
        book.add(node.place, f"the name is longer than {MAX_NAME} characters: cut it")
        return None
    return name


def _class_id(node: Node, book: MistakeBook) -> str | None:
    return _matching(node, book, _CLASS_ID, "class: write letters and digits, like `4B`")


def _username(node: Node, book: MistakeBook) -> str | None:
    return _matching(node, book, _USERNAME, "user name: write lower-case letters and digits")


def _matching(node: Node, book: MistakeBook, pattern: re.Pattern[str], what: str) -> str | None:
    word = text(node, book)
    if word is not None and (len(word) > MAX_ID or not pattern.match(word)):
        book.add(node.place, f"{shown(word)} is no {what}")
        return None
    return word


def _address(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    address = canonical_address(written)
    if address is None:
        book.add(node.place, f"{shown(written)} is no address: write one like `127.0.2.10`")
    return address
