"""The networks that the configuration names, as decisions know them."""

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.settings import Settings


def networks_of(settings: Settings) -> tuple[Network, ...]:
    """Return the networks that *settings* name."""
    return tuple(
        Network(each.id, each.cidr, each.audience, each.device, each.inspectable)
        for each in settings.networks
    )
