"""
The snapshot that an enforcement point starts with, before policyd has said anything.

The last one it had; without that the built-in strict one, with the help lines, essentials and
baseline of the rule files as far as they can be read. Nothing fails open.
"""

from pathlib import Path

import structlog

from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.settings import Settings

log = structlog.get_logger(__name__)


def first_snapshot(client: PointClient, settings: Settings, last_snapshot_path: Path) -> Snapshot:
    """Return what to decide with until *client* brings something newer."""
    source = client.load_last_snapshot()
    if source is not None:
        try:
            return open_snapshot(source, settings.lists_dir)
        except Exception as error:  # noqa: BLE001 - whatever an older version wrote, strict rules apply
            log.error("last snapshot of no use, strict rules apply", cause=str(error))  # noqa: TRY400 - the cause says all
            # Without the file the client says that it has nothing, and is sent everything.
            last_snapshot_path.unlink(missing_ok=True)
            client.load_last_snapshot()
    from schoolgate_policyd.strict_snapshot import strict_snapshot  # noqa: PLC0415 - it loads what reads rule files, for good

    return strict_snapshot(settings)
