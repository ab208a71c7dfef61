"""Classes and devices of the register, as forms say them."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Device, DeviceKind
from schoolgate_policyd.workflow.claims import canonical_address
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import Member, SchoolClass
from schoolgate_policyd.workflow.register_people import (
    CLASS_ID,
    ID,
    MAX_ID,
    MAX_NAME,
    RESERVED,
    classes_in,
    shown,
)

MOST_GROUPS = 20

CLASS_FIELDS = ("id", "name")
DEVICE_FIELDS = ("id", "address", "owner", "classes", "is_shared", "kind", "inspectable", "groups")
_AS_NETWORK = ""
_YES, _NO = "yes", "no"


class ClassRecord(msgspec.Struct, frozen=True):
    """A class as it stands, with the version that a form must name."""

    id: str
    name: str
    version: int
    size: int = 0


class DeviceRecord(msgspec.Struct, frozen=True):
    """A line of the device register as it stands, with its version."""

    device: Device
    version: int


def parse_class(raw: Mapping[str, str], *, known: str | None = None) -> SchoolClass:
    """Return the class as entered; *known*: its id where it is changed. Raises InvalidForm."""
    entry = Entry(raw, CLASS_FIELDS)
    name = entry.line("name", "Enter the name of the class, like 4B.", MAX_NAME)
    id_ = known or raw.get("id", "").strip() or "-".join(name.split())
    is_id = len(id_) <= MAX_ID and CLASS_ID.fullmatch(id_) and id_ not in RESERVED
    if known is None and name and not is_id:
        entry.mistake("id", "Use letters, digits and single hyphens, like 4B.")
    entry.raise_mistakes()
    return SchoolClass(id_, name)


def parse_device(
    raw: Mapping[str, str],
    *,
    people: tuple[Member, ...],
    classes: tuple[SchoolClass, ...],
    known: str | None = None,
) -> Device:
    """Return the device as entered; *known*: its id where it is changed. Raises InvalidForm."""
    entry = Entry(raw, DEVICE_FIELDS)
    id_ = known or raw.get("id", "").strip().lower()
    is_id = len(id_) <= MAX_ID and ID.fullmatch(id_) and id_ not in RESERVED
    if known is None and not is_id:
        entry.mistake("id", "Give it a name of letters, digits and single hyphens, like pc-12.")
    address = canonical_address(raw.get("address", "").strip())
    if address is None:
        entry.mistake("address", "Enter its address on the school’s network, like 10.0.3.17.")
    owner = _owner_in(entry, raw.get("owner", "").strip(), people)
    is_shared = raw.get("is_shared") == _YES
    if is_shared and owner is not None:
        entry.mistake("is_shared", "A shared device has no owner: remove one of the two.")
    kinds = {_AS_NETWORK: _AS_NETWORK, **{each.value: each.value for each in DeviceKind}}
    kind = entry.choice("kind", kinds, "Say what kind of device it is.")
    answers = {each: each for each in (_AS_NETWORK, _YES, _NO)}
    inspectable = entry.choice("inspectable", answers, "Say whether it trusts the school.")
    device = Device(
        address=address or "",
        id=id_,
        owner=owner,
        classes=classes_in(entry, raw.get("classes", ""), classes),
        groups=_groups_in(entry, raw.get("groups", "")),
        kind=DeviceKind(kind) if kind else None,
        inspectable=None if not inspectable else inspectable == _YES,
        is_shared=is_shared,
    )
    entry.raise_mistakes()
    return device


def device_changes(before: Device, after: Device) -> dict[str, object]:
    """Return for the audit what is different, as [before, after]."""
    found: dict[str, object] = {}
    for field in ("address", "owner", "classes", "groups", "kind", "inspectable", "is_shared"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            found[field] = [_plain(old), _plain(new)]
    return found


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else value


def _owner_in(entry: Entry, text: str, people: tuple[Member, ...]) -> str | None:
    """Return the id of whoever is called *text*: by id, user name or whole name."""
    if not text:
        return None
    wanted = text.casefold()
    exact = [each.id for each in people if wanted in {each.id.casefold(), each.username}]
    named = [each.id for each in people if each.name.casefold() == wanted]
    found = exact or named
    if len(found) == 1:
        return found[0]
    if found:
        entry.mistake("owner", "Several people have this name: enter a user name or an id.")
    else:
        entry.mistake("owner", f"Nobody in the register is called “{shown(text)}”.")
    return None


def _groups_in(entry: Entry, text: str) -> frozenset[str]:
    groups = {part.strip().lower() for part in text.split(",") if part.strip()}
    if len(groups) > MOST_GROUPS:
        entry.mistake("groups", f"Enter at most {MOST_GROUPS} groups.")
    elif any(len(each) > MAX_ID or not ID.fullmatch(each) for each in groups):
        entry.mistake("groups", "Use letters, digits and single hyphens, commas between groups.")
    return frozenset(groups)
