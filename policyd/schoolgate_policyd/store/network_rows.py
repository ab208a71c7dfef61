"""Networks: the configuration's, with what the school says of them where it says something."""

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.models import NetworkRow


def networks_in(session: Session, configured: tuple[Network, ...]) -> tuple[Network, ...]:
    """Return *configured* as the school says they are; ranges stay the configuration's."""
    rows = {row.id: row for row in session.scalars(select(NetworkRow))}
    return tuple(network_of(each, rows.get(each.id)) for each in configured)


def network_of(configured: Network, row: NetworkRow | None) -> Network:
    """Return the network as *row* says it is, as it is configured where there is none."""
    if row is None:
        return configured
    return msgspec.structs.replace(
        configured, audience=row.audience, device=row.device, inspectable=row.inspectable
    )
