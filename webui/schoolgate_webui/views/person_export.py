"""Everything that the log keeps about one person, as a table to hand over (UK GDPR article 15)."""

from collections.abc import Iterable

from schoolgate_policyd.ipc.messages import AllowedCount, Blocked
from schoolgate_policyd.store.events import Stored
from schoolgate_webui.paper.csv_text import Cell, csv_text
from schoolgate_webui.views.log_rows import ATTEMPTS
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.words import AUDIENCE, DEVICES

HEADINGS = (
    "From",
    "To",
    "What happened",
    "Times",
    "Name",
    "Page",
    "Rule",
    "Section",
    "Attempt",
    "What was seen of it",
    "Kind of person",
    "Kind of device",
    "Device",
    "Address",
    "Network",
    "Services",
    "Categories",
)


def export_of(events: Iterable[Stored], now: Now) -> str:
    """Return the table; times are those of the school's clock, with their offset."""
    return csv_text(HEADINGS, (_row(each.event, now) for each in events))


def _row(event: Blocked | AllowedCount, now: Now) -> tuple[Cell, ...]:
    belongs = ("; ".join(event.services), "; ".join(event.categories))
    if isinstance(event, AllowedCount):
        at = now.recorded(event.minute).isoformat(timespec="minutes")
        audience = "" if event.audience is None else AUDIENCE[event.audience]
        none = ("",) * 5
        return (
            at, at, "allowed", event.count, event.host, *none,
            audience, "", "", event.client, "", *belongs,
        )  # fmt: skip
    return (
        now.local(event.school_at).isoformat(timespec="seconds"),
        now.recorded(event.last_at).isoformat(timespec="seconds"),
        "blocked",
        event.count,
        event.host,
        event.page,
        "; ".join(event.rules),
        "; ".join(event.citations),
        "" if event.attempt is None else ATTEMPTS.get(event.attempt, event.attempt),
        event.evidence,
        AUDIENCE[event.audience],
        DEVICES[event.device],
        event.device_id,
        event.client,
        event.network,
        *belongs,
    )
