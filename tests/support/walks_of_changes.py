"""Walks through every kind of change that a draft of the policy can have."""

from collections.abc import Mapping

from keyboard_walks import NOTHING, Walk

_DRAFT = "/policy/drafts/{drafted}/changes"
_RULE = {"audience:staff": "yes", "reason": "Parents asked", "section": "§8"}
_FAIR = {"name": "Fair", "first": "2026-12-12"}


def _change(
    kind: str,
    entered: Mapping[str, str] = NOTHING,
    *,
    before: Mapping[str, str] = NOTHING,
    after: Walk | None = None,
) -> Walk:
    return Walk(
        "technician",
        f"{_DRAFT}/{kind}",
        "/policy/drafts/{number}/changes/{kind}",
        "The change is in the draft.",
        entered,
        before=before,
        after=after,
    )


_PLANNED = _change("one-off", _FAIR)

WALKS = (
    _change("social-media", {"what": "All of: Disc", "counts": "yes"}),
    _change("block", {"what": "Talk", **_RULE, "lifted_by:access-grant": "yes"}),
    _change(
        "site",
        {"name": "Gossip", "domains": "gossip.example", "category": "Disc", **_RULE},
    ),
    _change("open-again?rule=staff-forums", {"what": "chat"}),
    _change("exception?rule=staff&exception=0", {"periods:after-school": "yes"}),
    _change("lifting?rule=staff", {"kinds:access-grant": ""}),
    _change("standing", {"id": "trip-access", "about": "Maps"}),
    _change("promise", {"promise": "0"}),
    _change("bells?timetable=day&from=monday", {"bell2_at": "08:55", "bell2_is": "Break"}),
    _change("terms", {"t2_half_first": "2027-02-02", "t2_half_last": "2027-02-02"}),
    _change("days-off?kind=inset_days", {"days": "4/1/2027"}),
    _change("no-one-off?day=Fair&first=2026-12-12", after=_PLANNED),
    _change("document", {"title": "Policy of the hill"}),
    _change("staff-hours", {"start": "8:15"}),
    _change("file?path=schools/hill.yaml", before={"text": "# Ours\n"}),
)
