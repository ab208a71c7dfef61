"""For how long each kind of record is kept: what is usual, and what a school may set."""

import pytest

from schoolgate_policyd.record_settings import RetentionSettings
from schoolgate_policyd.store.retention import RetentionError, days_of
from schoolgate_policyd.store.retention_kinds import KINDS, Kind


def test_settings_change_days_within_bounds() -> None:
    assert 30 == days_of(KINDS, (RetentionSettings(kind="events", days=30),))["events"]


@pytest.mark.parametrize(
    ("kind", "days", "told"),
    [
        ("events", 6, "retention.1.days: `events` .* 6 days: write 7 to 365, .* the usual 90"),
        ("events", 366, "retention.1.days: `events` .* write 7 to 365"),
        ("audit-names", 1, "retention.1.days: `audit-names` .* write 365 to 3650"),
        ("nothing", 30, "retention.1.kind: .* `nothing`: write one of .*events.* take the entry"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_with_its_place_and_what_to_write(
    kind: str, days: int, told: str
) -> None:
    settings = (RetentionSettings(kind="mails", days=80), RetentionSettings(kind=kind, days=days))

    with pytest.raises(RetentionError, match=told):
        days_of(KINDS, settings)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_says_why_and_for_how_long(kind: Kind) -> None:
    assert kind.what
    assert kind.reason.endswith(".")
    assert 1 <= kind.least <= kind.days <= kind.most
