"""Walks through requests, deputies and standing permissions."""

from datetime import timedelta

from keyboard_walks import SIGN, Walk
from web_school import PASSWORD

DECISION = {"approved": "yes", "reasons": "Fits the lesson"}
MEASURES = {"in_place": "yes", "why": "I looked at it"}
_TOLD = Walk(
    "teacher",
    "/requests/1",
    "/requests/{number}/how-it-went",
    "Thank you: what you said was recorded.",
    {"how_it_went": "Well"},
    later=timedelta(days=1),
)
# A permission is asked for once at a time.
_WITHDRAWN = Walk(
    "technician",
    "/standing/requests/2",
    "/standing/requests/{number}/withdraw",
    "It was withdrawn.",
)
_ASKED = Walk(
    "technician",
    "/standing/new",
    "/standing/new",
    "Your request was sent.",
    {
        "name": "staff-break-access",
        "reasons": "Breaks",
        "measures": "Own devices",
        "review_on": "2026-12-12",
    },
    after=_WITHDRAWN,
)

WALKS = (
    Walk(
        "teacher",
        "/requests/new?url=https://www.tiktok.com/@pond/video/5",
        "/requests/new",
        "Your request was sent.",
        {"site_content": "Ponds", "reasons": "Year 4", "measures": "No comments", "scope": "site"},
        "Send request",
    ),
    Walk(
        "teacher",
        "/requests/drafts/1",
        "/requests/drafts/{number}",
        "Your draft was saved.",
        {"reasons": "Year 4 looks at ponds"},
        "Save and finish later",
    ),
    Walk(
        "teacher",
        "/requests/drafts/1",
        "/requests/drafts/{number}/delete",
        "The draft was deleted.",
    ),
    Walk(
        "teacher",
        "/requests/4/change",
        "/requests/{number}/change",
        "The changed request was sent.",
        {"measures": "Shown on the board", "why": "Safer"},
    ),
    Walk(
        "lead",
        "/requests/2",
        "/requests/{number}/measures",
        "Your answer was recorded.",
        MEASURES,
    ),
    Walk(
        "lead",
        "/requests/2",
        "/requests/{number}/question",
        "Your question was sent.",
        {"question": "Who is with them?"},
    ),
    Walk(
        "teacher",
        "/requests/4",
        "/requests/{number}/answer",
        "Your answer was sent.",
        {"answer": "I am"},
    ),
    Walk(
        "head",
        "/requests/3",
        "/requests/{number}/decision",
        "Your decision was signed and recorded.",
        DECISION,
        then=SIGN,
    ),
    Walk(
        "teacher",
        "/requests/3",
        "/requests/{number}/withdraw",
        "It was withdrawn.",
        {"why": "Too late"},
    ),
    Walk(
        "lead",
        "/requests/1",
        "/requests/{number}/note",
        "Your note was recorded.",
        {"note": "Again in spring"},
        after=_TOLD,
    ),
    Walk(
        "head",
        "/sign/{nonce}",
        "/sign/{nonce}",
        "Your decision was signed and recorded.",
        {"password": PASSWORD},
    ),
    Walk(
        "head",
        "/delegations",
        "/delegations",
        "The delegation was signed.",
        {
            "deputy": "Olu",
            "starts_on": "2026-12-12",
            "ends_on": "2026-12-12",
            "reasons": "A course",
        },
        then=SIGN,
    ),
    Walk(
        "head",
        "/delegations",
        "/delegations/{number}/withdraw",
        "It was withdrawn.",
        {"why": "I stay"},
    ),
    Walk(
        "lead",
        "/standing/requests/3",
        "/standing/requests/{number}/controls",
        "Your answer was recorded.",
        MEASURES,
        after=_ASKED,
    ),
    Walk(
        "head",
        "/standing/requests/2",
        "/standing/requests/{number}/decision",
        "Your decision was signed and recorded.",
        DECISION,
        then=SIGN,
    ),
    Walk(
        "head",
        "/standing",
        "/standing/records/{number}/withdraw",
        "It was withdrawn.",
    ),
)
