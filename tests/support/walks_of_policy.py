"""Walks through versions and drafts of the policy."""

from keyboard_walks import SIGN, Walk

_DRAFT = "/policy/drafts/{number}"

WALKS = (
    Walk(
        "technician",
        "/policy/drafts/new",
        "/policy/drafts/new",
        "The draft was begun.",
        {"summary": "Lunch"},
    ),
    Walk(
        "technician",
        "/policy/versions/1",
        "/policy/versions/{number}/bring-back",
        "Bring back version 1",
    ),
    Walk(
        "technician",
        "/policy/drafts/{drafted}/changes",
        f"{_DRAFT}/undo",
        "The change was taken out of the draft.",
    ),
    Walk("technician", "/policy/drafts/{left}", f"{_DRAFT}/rebase", "The draft was begun."),
    Walk("technician", "/policy/drafts/{drafted}/proof", f"{_DRAFT}/proof", "Running"),
    Walk("technician", "/policy/drafts/{drafted}/replay", f"{_DRAFT}/replay", "Running"),
    Walk(
        "technician",
        "/policy/drafts/{drafted}/propose",
        f"{_DRAFT}/propose",
        "The draft was proposed.",
        {"reasons": "Staff asked"},
    ),
    Walk(
        "governor",
        "/policy/drafts/{proposed}/approve",
        f"{_DRAFT}/approve",
        "The governors’ approval was recorded.",
        {"met_on": "2026-11-11", "reference": "Item 7"},
    ),
    Walk(
        "head",
        "/policy/drafts/{approved}/direct",
        f"{_DRAFT}/direct",
        "The version was directed and signed.",
        {
            "announced_on": "2026-11-11",
            "when": "day",
            "in_force_from": "2027-01-01",
            "reasons": "As approved",
        },
        then=SIGN,
    ),
    Walk(
        "governor",
        "/policy/drafts/{proposed}/refuse",
        f"{_DRAFT}/refuse",
        "The proposal was refused.",
        {"reasons": "Not now"},
    ),
    Walk(
        "technician",
        "/policy/drafts/{drafted}/withdraw",
        f"{_DRAFT}/withdraw",
        "It was withdrawn.",
        {"why": "No need"},
    ),
)
