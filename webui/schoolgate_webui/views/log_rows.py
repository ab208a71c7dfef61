"""A line of the log: who, on what, which name, by which rule and why, and what can be done."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Device, Network
from schoolgate_policyd.core.words import describe_rule
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, PointKind
from schoolgate_policyd.store.events import Stored
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.pseudonyms import Shown, Viewed
from schoolgate_webui.views.why_form import moment_entry
from schoolgate_webui.views.words import DEVICES

_NOTICED = "Noticed by the filter itself"
_REFUSED = "Refused by the firewall"
# Hosts too many to be told apart, and those that were cut, name no page that could be opened.
_NO_PAGE = ("(", "…")

ATTEMPTS: Mapping[str, str] = MappingProxyType(
    {
        "circumvention": "Tried to get round the filter",
        "name-mismatch": "Disguised the name it asked for",
        "tunnel": "Tried to tunnel through the proxy",
        "no-name": "Opened an encrypted connection without a name",
        "encrypted-name": "Hid the name it asked for",
        "dns-tunnel": "Tried to tunnel through DNS",
        "other-resolver": "Asked DNS of somebody else",
        "encrypted-dns": "Asked encrypted DNS of somebody else",
        "unknown-address": "Went to an address without asking for its name",
        "other-protocol": "Disguised something else as web traffic",
        "other-port": "Tried a port that is closed",
        "foreign-source": "Used an address of another network",
        "dns-flood": "Asked DNS more than any device does",
    }
)
# The same kind of attempt as it looks to the firewall, which sees addresses and ports.
_AT_THE_FIREWALL: Mapping[str, str] = MappingProxyType({"tunnel": "Tried a VPN or another tunnel"})


class Around(msgspec.Struct, frozen=True):
    """
    What rows need beside the events: whom the viewer sees how, devices, networks, the policy.

    *network_names* has what the school calls each network. *may_ask* and *may_block* say which
    actions the viewer has.
    """

    viewed: Viewed
    policy: Policy
    now: Now
    devices: Mapping[str, Device]
    networks: tuple[Network, ...]
    network_names: Mapping[str, str]
    may_ask: bool
    may_block: bool

    def rule_words(self, rule: str) -> str:
        """Return what a rule of the policy in force says; empty for one that it has not."""
        policy = self.policy
        found = next((each for each in policy.rules if each.id == rule), None)
        if found is None:
            return ""
        said = describe_rule(found, policy.catalogue, policy.social_media)
        return said.partition(". ")[0] + "."

    def network_name(self, network: str) -> str:
        """Return what the school calls a network; its id where it calls it nothing."""
        return self.network_names.get(network, network)


class LogRow(msgspec.Struct, frozen=True):
    """
    A line of the table; *attempt* is set for attempts to get round the filter.

    *day* is empty today, *network* is an id. *evidence* is what was seen of one beside the name.
    *who_href* asks the log for more of the same person. Links are empty where there is nothing
    to do.
    """

    day: str
    clock: str
    count: str
    who: Shown
    who_href: str
    device: str
    network: str
    network_name: str
    name: str
    is_allowed: bool
    rule: str
    citation: str
    says: str
    belongs: str
    attempt: str
    evidence: str
    why_href: str
    ask_href: str
    block_href: str

    @property
    def time(self) -> str:
        """Day and time of day."""
        return f"{self.day}, {self.clock}" if self.day else self.clock


def rows_of(found: tuple[Stored, ...], around: Around) -> tuple[LogRow, ...]:
    """Return the lines of *found*."""
    words: dict[str, str] = {}
    return tuple(
        _blocked_row(each.event, around, words)
        if isinstance(each.event, Blocked)
        else _allowed_row(each.event, around)
        for each in found
    )


def _blocked_row(event: Blocked, around: Around, words: dict[str, str]) -> LogRow:
    now = around.now
    at, last = now.local(event.school_at), now.recorded(event.last_at)
    is_noticed = not event.rules and (
        event.evidence is not None or event.point is PointKind.FIREWALL
    )
    for rule in event.rules:
        words.setdefault(rule, around.rule_words(rule))
    who = around.viewed.shown(event.person, event.audience)
    return LogRow(
        day=_day(at, now),
        clock=f"{at:%H:%M:%S}",
        count=f"{event.count} times, last at {last:%H:%M:%S}" if event.count > 1 else "",
        who=who,
        who_href=_who_href(who),
        device=f"{DEVICES[event.device].capitalize()}, {_device(event, who, around)}",
        network=event.network,
        network_name=around.network_name(event.network),
        name=event.page or event.host,
        is_allowed=False,
        rule=_noticed_by(event) if is_noticed else ", ".join(event.rules),
        citation="; ".join(event.citations),
        says=" ".join(words[rule] for rule in event.rules if words[rule]),
        belongs=_belongs(event, around.policy),
        attempt=_attempt_of(event),
        evidence=event.evidence or "",
        why_href="" if is_noticed else _why_href(event, at, around, who),
        ask_href=_page_href("/requests/new", event.page, event.host) if around.may_ask else "",
        block_href=(_page_href("/blocks/new", None, event.host) if around.may_block else ""),
    )


def _allowed_row(event: AllowedCount, around: Around) -> LogRow:
    now = around.now
    who = around.viewed.shown(event.person, event.audience)
    device = around.devices.get(event.client)
    found = _network_of(event.client, around.networks)
    network = "" if found is None else found.id
    at = now.recorded(event.minute)
    return LogRow(
        day=_day(at, now),
        clock=f"{at:%H:%M}",
        count="" if event.count == 1 else f"{event.count} times in that minute",
        who=who,
        who_href=_who_href(who),
        device=_known_as(device, event.client, who),
        network=network,
        network_name=around.network_name(network),
        name=event.host,
        is_allowed=True,
        rule="",
        citation="",
        says="",
        belongs=_belongs(event, around.policy),
        attempt="",
        evidence="",
        why_href="",
        ask_href="",
        block_href=_page_href("/blocks/new", None, event.host) if around.may_block else "",
    )


def _day(at: datetime, now: Now) -> str:
    """Return the day of *at*, nothing for today."""
    is_today = at.date() == now.local(now.school).date()
    return "" if is_today else f"{at:%a} {at.day} {at:%b}"


def _device(event: Blocked, who: Shown, around: Around) -> str:
    if event.device_id is None:
        return event.client
    known = around.devices.get(event.client)
    if known is not None and known.id == event.device_id:
        return _known_as(known, event.client, who)
    if event.person is not None and not who.is_named:
        # The register does not know it any more: it may have been the person's own.
        return f"registered device ({event.client})"
    return f"{event.device_id} ({event.client})"


def _known_as(device: Device | None, client: str, who: Shown) -> str:
    """Return how a device is called; one of a person's own has their name for who knows them."""
    if device is None:
        return client
    if device.owner is not None and not who.is_named:
        return f"registered device ({client})"
    return f"{device.id} ({client})"


def _network_of(client: str, networks: tuple[Network, ...]) -> Network | None:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return None
    holding = [each for each in networks if address in ipaddress.ip_network(each.cidr)]
    return max(holding, key=lambda each: ipaddress.ip_network(each.cidr).prefixlen, default=None)


def _belongs(event: Blocked | AllowedCount, policy: Policy) -> str:
    categories = {each.id: each.name for each in policy.catalogue.categories}
    services = policy.catalogue.services_by_id
    named = [services[each].name for each in event.services if each in services]
    return ", ".join([*named, *(categories.get(each, each) for each in event.categories)])


def _noticed_by(event: Blocked) -> str:
    return _REFUSED if event.point is PointKind.FIREWALL else _NOTICED


def _attempt_of(event: Blocked) -> str:
    if event.attempt is None:
        return ""
    if event.point is PointKind.FIREWALL and event.attempt in _AT_THE_FIREWALL:
        return _AT_THE_FIREWALL[event.attempt]
    return ATTEMPTS.get(event.attempt, ATTEMPTS["circumvention"])


def _who_href(who: Shown) -> str:
    if not who.code:
        return ""
    return f"/log?{urlencode({'person' if who.is_named else 'who': who.code})}"


def _page_href(path: str, page: str | None, host: str) -> str:
    if page is None and host.startswith(_NO_PAGE):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{path}?{urlencode({'url': page or f'https://{shown}/'})}"


def _why_href(event: Blocked, at: datetime, around: Around, who: Shown) -> str:
    """Return the address of "Why?"; a person is named only where their record is open."""
    is_blind = any(each.id == event.network and not each.inspectable for each in around.networks)
    asked = {
        "url": event.page or event.host,
        "audience": event.audience.value,
        "device": event.device.value,
        "at": moment_entry(at),
        "person": who.code if who.is_named else "",
        "uninspectable": "yes" if is_blind else "",
    }
    return f"/why?{urlencode({name: value for name, value in asked.items() if value})}"
