"""
What a school may change of a network, and which changes could open something.

Ranges and interfaces belong to the gateway's configuration. What is known of whoever asks from a
network is the school's: a change that is sure to open nothing, whoever keeps the register makes;
every other is the head's, who signs it, since it may open for a whole network what rules close.
"""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.register_people import MAX_NAME

FIELDS = ("name", "audience", "device", "inspectable", "reasons")


class NetworkRecord(msgspec.Struct, frozen=True):
    """
    A network as it stands; *configured* is what the configuration says of it.

    *version* is 0 until the school changed something.
    """

    network: Network
    configured: Network
    name: str
    version: int


class NetworkEntry(msgspec.Struct, frozen=True):
    """What the school says of a network, and why it changes it."""

    name: str
    audience: Audience
    device: DeviceKind
    inspectable: bool
    reasons: str


def parse_network(raw: Mapping[str, str]) -> NetworkEntry:
    """Return what was entered. Raises InvalidForm with every mistake."""
    entry = Entry(raw, FIELDS)
    name = entry.line("name", "Enter a name, like Staff Wi-Fi.", MAX_NAME)
    audiences = {each.value: each.value for each in Audience}
    audience = entry.choice("audience", audiences, "Say who asks from this network.")
    devices = {each.value: each.value for each in DeviceKind}
    device = entry.choice("device", devices, "Say what kind of device is on it.")
    answers = {each: each for each in ("yes", "no")}
    answer = entry.choice("inspectable", answers, "Say whether its devices trust the school.")
    reasons = entry.text("reasons", "Say why: it is kept in the records.", 1000)
    entry.raise_mistakes()
    return NetworkEntry(
        name,
        Audience(audience or Audience.PUPIL),
        DeviceKind(device or DeviceKind.UNKNOWN),
        answer == "yes",
        reasons,
    )


def could_open(before: Network, after: Network) -> bool:
    """
    Whether *after* could open anything that *before* keeps closed, whatever the rules say.

    Of one change alone that is certain not to: an unknown device never gets more than a known one
    (law 6 of decisions). Rules may speak of any audience, pupils too; what cannot be looked into
    may be let pass; and with their own devices end the claims by which people are known there.
    """
    if (before.audience, before.inspectable) != (after.audience, after.inspectable):
        return True
    ends_no_claims = before.device is not DeviceKind.OWN_DEVICE
    is_less_known = after.device is DeviceKind.UNKNOWN and ends_no_claims
    return after.device is not before.device and not is_less_known


def with_entry(network: Network, entry: NetworkEntry) -> Network:
    """Return *network* as the school says it is."""
    return msgspec.structs.replace(
        network, audience=entry.audience, device=entry.device, inspectable=entry.inspectable
    )
