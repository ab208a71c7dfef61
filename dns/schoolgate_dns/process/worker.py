"""What one worker is given, and what it decides with at first."""

from dataclasses import dataclass
from typing import Final

import structlog

from schoolgate_dns.process.sockets import ServerSockets
from schoolgate_dns.process.start import First
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.strict import STRICT_NUMBER
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.first_snapshot import first_snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.settings import Settings

NAME: Final = "dns"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Worker:
    """
    Worker *number*, from 1 on, with its sockets and what it begins with.

    *is_reborn* when it takes the place of one that died. Without *sockets* it opens its own,
    without *first* it looks on the disk by itself.
    """

    number: int = 1
    sockets: ServerSockets | None = None
    first: First | None = None
    is_reborn: bool = False

    @property
    def name(self) -> str:
        """The name by which policyd, spools and snapshots know it: `dns`, `dns-2` and so on."""
        return NAME if self.number == 1 else f"{NAME}-{self.number}"

    def metrics_port(self, dns: DnsSettings) -> int | None:
        """Where its metrics are: the first worker's port, or as far behind it as it is itself."""
        first = dns.metrics_port
        return first + self.number - 1 if first else first


def begin(client: PointClient, settings: Settings, worker: Worker) -> Snapshot:
    """
    Return the snapshot that *worker* decides with at first; *client* will say which that is.

    One that takes a dead worker's place may have had something newer: it looks on the disk.
    """
    first = worker.first
    if first is None:
        return first_snapshot(client, settings, settings.last_snapshot_path(worker.name))
    source = first.snapshot.source
    last = client.load_last_snapshot() if worker.is_reborn else None
    if last is not None and last.number > source.number:
        try:
            return open_snapshot(last, settings.lists_dir)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the first is there
            log.error("last snapshot of no use", cause=str(error))  # noqa: TRY400 - the cause says all
    client.begin_with(None if source.number == STRICT_NUMBER else source, first.digest)
    return first.snapshot
