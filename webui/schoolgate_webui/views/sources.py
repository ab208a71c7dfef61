"""Sources that seem to be many devices, for those who look after the network."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from schoolgate_policyd.ipc.messages import Noticed
from schoolgate_webui.views.moments import Now, short_day_and_time

SHOWN_FOR = timedelta(days=7)


class SourceCard(msgspec.Struct, frozen=True):
    """One address, what was seen of it and when."""

    address: str
    network: str
    seen: str
    evidence: str


def source_cards(noticed: Iterable[Noticed], now: Now) -> tuple[SourceCard, ...]:
    """Return a card for each of *noticed*, in their order."""
    return tuple(
        SourceCard(
            address=each.client,
            network=each.network,
            seen=short_day_and_time(now.recorded(each.at)),
            evidence=each.evidence,
        )
        for each in noticed
    )
