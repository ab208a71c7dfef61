"""Walks through what keeps children safe: reports, blocks, incidents, the log, supervision."""

from keyboard_walks import SIGN, Walk
from page_list import NOBODY
from walks_of_requests import DECISION

_ABOUT = Walk(
    "lead",
    "/reports/3",
    "/reports/{number}/about",
    "It is about Dana Dsl.",
    {"person": "Dana"},
)
_CLOSED = Walk(
    "dsl",
    "/incidents/2",
    "/incidents/{number}/close",
    "The incident was closed.",
    {"taken": "Talked", "outcome": "They understood"},
)
_ENDED = Walk(
    "teacher",
    "/supervised",
    "/supervised/{number}/end",
    "The supervised session ended.",
)
_GIVEN_BACK = Walk(
    "teacher",
    "/supervised/devices",
    "/supervised/devices/{number}/give-back",
    "The device was taken back.",
)
_CLAIMED = Walk(
    "teacher",
    "/devices",
    "/devices/claim",
    "You said that this is your device.",
)
_REASON = {"reason": "safeguarding", "words": "A friend is worried"}

WALKS = (
    Walk(NOBODY, "/report", "/report", "Thank you for telling us", {"saw": "A scary man"}),
    Walk(
        NOBODY,
        "/report/answer",
        "/report/answer",
        "It is a museum.",
        {"code": "{report_code}"},
    ),
    Walk(
        "lead",
        "/reports/3",
        "/reports/{number}/answer",
        "Your answer was recorded.",
        {"state": "stays-open", "reasons": "A circus", "answer": "It is a circus."},
    ),
    Walk(
        "lead",
        "/reports/3",
        "/reports/{number}/incident",
        "Your answer was recorded.",
        {"severity": "low", "audience": "pupil"},
    ),
    Walk(
        "lead",
        "/reports/3",
        "/reports/{number}/not-about",
        "It was recorded.",
        after=_ABOUT,
    ),
    Walk(
        "lead",
        "/blocks/new?url=www.odd.example/clown",
        "/blocks/new",
        "It is blocked at once.",
        {"extent": "part", "whom": "pupils", "reason": "It frightens"},
    ),
    Walk(
        "head",
        "/blocks/1",
        "/blocks/{number}/lift",
        "The block was lifted.",
        {"reason": "Mended"},
        then=SIGN,
    ),
    Walk(
        "teacher",
        "/incidents/new",
        "/incidents/new",
        "Thank you: your concern was passed on",
        {"who": "Ben", "kind": "harmful-content", "severity": "high", "summary": "A film"},
    ),
    Walk("dsl", "/incidents/2", "/incidents/{number}/take-up", "You are looking into it."),
    Walk(
        "dsl",
        "/incidents/2",
        "/incidents/{number}/note",
        "The note was added.",
        {"text": "Noted"},
    ),
    Walk(
        "dsl",
        "/incidents/2",
        "/incidents/{number}/action",
        "The action was recorded.",
        {"text": "Talked"},
    ),
    Walk(
        "dsl",
        "/incidents/3",
        "/incidents/{number}/name",
        "It was recorded who it was.",
        {"person": "Ben", "how": "Seen"},
    ),
    Walk(
        "dsl",
        "/incidents/2",
        "/incidents/{number}/reopen",
        "The incident was opened again.",
        {"why": "Again"},
        after=_CLOSED,
    ),
    Walk(
        "lead",
        "/incidents/1/propose",
        "/incidents/{number}/propose",
        "It was proposed.",
        {"what": "supervised-only", "ends_on": "2026-12-12", "why": "Again", "section": "§9"},
    ),
    Walk(
        "head",
        "/restrictions",
        "/restrictions/{number}/decide",
        "It was decided",
        DECISION,
    ),
    Walk(
        "head",
        "/restrictions",
        "/restrictions/{number}/end",
        "It ended.",
        {"why": "Settled"},
        is_folded=True,
    ),
    Walk(
        "teacher",
        "/supervised",
        "/supervised/open",
        "The supervised session is open.",
        after=_ENDED,
    ),
    Walk(
        "teacher",
        "/supervised/devices",
        "/supervised/devices",
        "The device was assigned.",
        {"person": "Ben", "device": "tablet"},
        after=_GIVEN_BACK,
    ),
    Walk(
        "teacher",
        "/devices",
        "/devices/release",
        "You said that this is no longer your device.",
        after=_CLAIMED,
    ),
    Walk("lead", "/log/people/p-21", "/log/people/{person}", "Open to you until", _REASON),
    Walk("dsl", "/log/open/{log_code}", "/log/open/{code}", "Open to you until", _REASON),
)
