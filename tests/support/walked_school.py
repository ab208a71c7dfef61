"""The full school, and what it lacks that somebody walks to."""

from pathlib import Path

import pyotp
from account_people import shown_secret
from full_school import (
    MINUTE,
    NEWCOMER,
    FullSchool,
    draft_in_stages,
    filled_school,
    keeps_every_promise,
)
from keyboard_walks import HeldChecks, Walker, names_of
from policy_school import begin, change, lose_break, take
from rule_tree import SCHOOL
from walks_of_accounts import HALF
from web_browser import Browser
from web_program import token_for
from web_school import MACHINE, PASSWORD

from schoolgate_policyd.store.sign_in_records import NewPasskey
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workshop import Workshop

EVERYBODY = ("teacher", "head", "governor", "lead", "dsl", "technician", "operator", "visitor")
AT_ONCE = {"when": "safety", "reasons": "A pupil was hurt"}


def walked_school(folder: Path, port: int) -> Walker:
    """Return who walks through the school in *folder*, served at *port*."""
    held = HeldChecks()
    full = filled_school(folder, port, held.made)
    _versions(full)
    for person in (*EVERYBODY, NEWCOMER):
        # Staff acknowledge the version that is in force now; the newcomer walks there.
        full.who(person).get("/")
    _things(full)
    walker = Walker(full, held, names_of(full, _codes(full), _setup_code(full)))
    walker.keep()
    return walker


def _versions(full: FullSchool) -> None:
    """Have another version come into force: the first can be brought back, a draft is left."""
    school, technician = full.school, full.who("technician")
    left = begin(technician, "A new title")
    change(technician, left, "document", title="Policy of the hill")
    number = begin(technician, "Staff lose break")
    lose_break(technician, number)
    assert school.settings is not None
    rules, versions = school.settings.rules_dir, school.decisions.policies
    workshop = Workshop(rules, SCHOOL, versions, keeps_every_promise)
    workshop.prove(number, by="technician", at=MACHINE)
    take(technician, number, "propose", reasons="A pupil was hurt")
    page = take(full.who("head"), number, "direct", **AT_ONCE)
    assert "In force" in page.text, page.text
    # Those of before are left behind with the version that they were drafted on.
    draft_in_stages(full)
    full.drafts["left"] = left


def _things(full: FullSchool) -> None:
    store = full.school.decisions
    store.people.add_class(SchoolClass("5c", "5C"), at=MACHINE, by=None)
    Browser(full.school).sign_in("teacher")
    token_for(full.school, "teacher")
    passkey = NewPasskey(bytes(32), b"", b"h" * 8, 0, frozenset(), is_backed_up=False)
    store.passkeys.add("visitor", passkey, "A key", at=MACHINE, by="visitor")


def _codes(full: FullSchool) -> str:
    """Set the operator's codes up anew, leave them before their second step; return the secret."""
    school, operator = full.school, full.who("operator")
    # A code counts once, and the full school used the one of its moment.
    school.go_on(MINUTE)
    page = operator.get("/account/codes")
    secret = shown_secret(page.text)
    code = pyotp.TOTP(secret).at(school.machine_clock.moment)
    page = operator.send("/account/codes", "/account/codes", code=code)
    assert "One-time codes are set up." in page.text, page.text
    school.go_on(MINUTE)
    half = full.by[HALF] = Browser(school)
    page = half.send("/sign-in", "/sign-in", username="operator", password=PASSWORD)
    assert "One more step" in page.text, page.text
    return secret


def _setup_code(full: FullSchool) -> str:
    at = full.school.machine_clock.moment
    return full.school.decisions.setup_codes.invite("visitor", by=None, at=at).code
