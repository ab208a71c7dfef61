"""When "This is my device" is refused, and how long it lasts."""

import ipaddress
from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.subjects import Device, DeviceKind, Network
from schoolgate_policyd.core.times import local_date, moment_of
from schoolgate_policyd.workflow.reach import network_of

IDLE_LIMIT = timedelta(minutes=15)


def canonical_address(text: str) -> str | None:
    """Return the one spelling of an address, as the register has it; None for other text."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(address if mapped is None else mapped)


def why_refused(
    address: str,
    person: str,
    *,
    networks: tuple[Network, ...],
    device: Device | None,
    own_addresses: Collection[str],
) -> str | None:
    """
    Return why *person* may not claim the device at *address*, None if they may.

    *device* is the register's line for the address, *own_addresses* are the gateway's.
    """
    canonical = canonical_address(address)
    if canonical is None:
        return "The address that you came from cannot be read."
    if canonical in {canonical_address(each) for each in own_addresses}:
        return "This is the gateway itself, not a device of yours."
    network = network_of(canonical, networks)
    if network is None:
        return "This device is not on a network that the school knows."
    if network.device is not DeviceKind.OWN_DEVICE:
        return "This is not a network for people's own devices."
    return None if device is None else _why_device_refused(device, person)


def _why_device_refused(device: Device, person: str) -> str | None:
    if device.kind not in {None, DeviceKind.OWN_DEVICE}:
        return "This device belongs to the school."
    if device.is_shared or device.classes:
        return "Several people use this device, so it cannot be one person's."
    if device.owner not in {None, person}:
        return "This device is registered to somebody else."
    return None


def ends_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return when a claim used at *moment* (aware) ends: 15 idle minutes, or the day's end."""
    midnight = moment_of(local_date(moment, zone) + timedelta(days=1), time(0), zone)
    return min(moment + IDLE_LIMIT, midnight)
