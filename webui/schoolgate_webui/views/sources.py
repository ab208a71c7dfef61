"""What the filter noticed by itself, for those who look after the network."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.clock_alarm import KIND as CLOCK
from schoolgate_policyd.ipc.messages import Noticed
from schoolgate_webui.views.moments import Now, short_day_and_time

SHOWN_FOR = timedelta(days=7)


class SourceCard(msgspec.Struct, frozen=True):
    """One address, what was seen of it and when."""

    address: str
    network: str
    seen: str
    evidence: str


class ClockCard(msgspec.Struct, frozen=True):
    """What was last noticed of the gateway's clock, and when."""

    seen: str
    evidence: str


def clock_cards(noticed: Iterable[Noticed], now: Now) -> tuple[ClockCard, ...]:
    """Return a card for each of *noticed* that is about the gateway's clock."""
    return tuple(
        ClockCard(seen=short_day_and_time(now.recorded(each.at)), evidence=each.evidence)
        for each in noticed
        if each.kind == CLOCK
    )


def source_cards(
    noticed: Iterable[Noticed], now: Now, network_names: Mapping[str, str]
) -> tuple[SourceCard, ...]:
    """Return a card for each source of *noticed* that is many devices, in their order."""
    return tuple(
        SourceCard(
            address=each.client,
            network=network_names.get(each.network, each.network),
            seen=short_day_and_time(now.recorded(each.at)),
            evidence=each.evidence,
        )
        for each in noticed
        if each.kind != CLOCK
    )
