"""What policyd has stored of blocks and attempts, read beside it from its files."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """
    What policyd has stored of a block or an attempt, or of several alike ones in one minute.

    The first of them was *at*, the last one at *last_at*.
    """

    at: datetime
    last_at: datetime
    point: str
    client: str
    host: str
    attempt: str | None
    count: int
    evidence: str | None


def recorded_in(events_dir: Path) -> list[Recorded]:
    """Return what the store in *events_dir* has, oldest first."""
    found = []
    for path in events_dir.glob("events-*.db"):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as day:
            rows = day.execute(
                "SELECT at, last_at, point, client, host, attempt, count, evidence FROM blocked"
            ).fetchall()
        found += [Recorded(_moment(at), _moment(last_at), *rest) for at, last_at, *rest in rows]
    return sorted(found, key=lambda each: each.at)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
