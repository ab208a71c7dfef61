"""Walks through signing in and somebody's own account."""

from keyboard_walks import Sent, Walk
from page_list import NOBODY
from web_school import PASSWORD

NEW = "seven herons stand here"
HALF = "operator, part-way"
_NEW_TWICE = {"new_password": NEW, "new_password_again": NEW}

WALKS = (
    Walk(
        NOBODY,
        "/sign-in",
        "/sign-in",
        "Sign out",
        {"username": "teacher", "password": PASSWORD},
    ),
    Walk(HALF, "/sign-in/second", "/sign-in/second", "Sign out", {"code": "{code}"}),
    Walk("teacher", "/", "/sign-out", "You are signed out."),
    Walk(
        NOBODY,
        "/account/setup",
        "/account/setup",
        "Your account is set up",
        {"code": "{setup_code}"},
        then=(Sent("/account/setup", _NEW_TWICE),),
    ),
    Walk(
        "teacher",
        "/account/confirm?next=/account/password",
        "/account/confirm",
        "Change your password",
        {"password": PASSWORD},
    ),
    Walk(
        "teacher",
        "/account/password",
        "/account/password",
        "Your password was changed.",
        {"password": PASSWORD, **_NEW_TWICE},
    ),
    Walk(
        "teacher",
        "/account/email",
        "/account/email",
        "Your e-mail address was changed.",
        {"email": "tess@school.example"},
    ),
    Walk(
        "teacher",
        "/account/codes",
        "/account/codes",
        "One-time codes are set up.",
        {"code": "{shown_code}"},
    ),
    Walk("operator", "/account", "/account/codes/remove", "One-time codes are taken off."),
    Walk(
        "operator",
        "/account/recovery-codes",
        "/account/recovery-codes",
        "Each of these stands in once",
    ),
    Walk(
        "visitor",
        "/account/passkeys/1",
        "/account/passkeys/{number}",
        "The passkey has its new name.",
        {"name": "My phone"},
    ),
    Walk(
        "visitor",
        "/account/passkeys/1",
        "/account/passkeys/{number}/remove",
        "The passkey was removed",
    ),
    Walk(
        "teacher",
        "/account",
        "/account/sessions/{number}/end",
        "That browser is signed out.",
    ),
    Walk(
        "teacher",
        "/account",
        "/account/sessions/end-others",
        "You are signed out everywhere else.",
    ),
    Walk(
        "teacher",
        "/account/tokens/new",
        "/account/tokens/new",
        "It is shown this once.",
        {"name": "Timetable", "scope:log:read": "yes"},
    ),
    Walk("teacher", "/account", "/account/tokens/{number}/revoke", "The token was revoked"),
    Walk(
        "newcomer",
        "/policy/acknowledge",
        "/policy/acknowledge",
        "You acknowledged the policy.",
        {"read": "yes", "monitored": "yes"},
    ),
)
