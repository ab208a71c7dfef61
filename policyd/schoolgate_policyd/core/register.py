"""Who asks from which address: networks, the device register, and device claims."""

import ipaddress
from datetime import datetime

import msgspec

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Device,
    DeviceKind,
    Network,
    Subject,
    subject_from,
)

# The memory is emptied when it is full: a flood of addresses costs time, never memory.
MEMORY_LIMIT = 65_536


class SubjectFinder:
    """Who asks from which address."""

    def __init__(self, source: Source) -> None:
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, Network]] = [
            (ipaddress.ip_network(network.cidr), network) for network in source.register.networks
        ]
        # The narrowest range that holds an address says whose it is.
        self._networks.sort(key=lambda pair: pair[0].prefixlen, reverse=True)
        self._devices = {device.address: device for device in source.register.devices}
        self._people = {person.id: person for person in source.register.people}
        self._claims = {claim.address: claim for claim in source.live.claims}
        self._known: dict[str, Subject] = {}
        # As if every claim held: whether it does goes by the moment. Each claim has at most one.
        self._claimed: dict[str, Subject] = {}

    def subject_at(self, address: str, moment: datetime) -> Subject:
        """Return who asks from *address* at *moment* (aware); any text may be an address."""
        claim = self._claims.get(address)
        if claim is None or claim.ends_at <= moment:
            subject = self._known.get(address)
            if subject is None:
                if len(self._known) >= MEMORY_LIMIT:
                    self._known.clear()
                subject = self._known[address] = self._subject(address, None)
            return subject
        subject = self._claimed.get(address)
        if subject is None:
            claimed = self._subject(address, claim.person)
            subject = msgspec.structs.replace(claimed, known_until=claim.ends_at)
            self._claimed[address] = subject
        return subject

    def forget(self) -> None:
        """Forget who asked."""
        self._known.clear()
        self._claimed.clear()

    def _subject(self, address: str, claimed_by: str | None) -> Subject:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return UNKNOWN_SUBJECT
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        asking = parsed if mapped is None else mapped
        network = next((each for cidr, each in self._networks if asking in cidr), None)
        if network is None:
            return UNKNOWN_SUBJECT
        device = self._devices.get(str(asking))
        owner = None if device is None else device.owner
        if owner is None and claimed_by is not None and _may_be_claimed(network, device):
            owner = claimed_by
        return subject_from(network, device, None if owner is None else self._people.get(owner))


def _may_be_claimed(network: Network, device: Device | None) -> bool:
    if device is None:
        return network.device is DeviceKind.OWN_DEVICE
    kind = network.device if device.kind is None else device.kind
    return kind is network.device is DeviceKind.OWN_DEVICE and not device.is_shared
