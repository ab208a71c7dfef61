"""A scope's words name everything that a token with it can reach, and nothing that none can."""

import pytest

from schoolgate_policyd.workflow.api_scopes import WORDS, Scope
from schoolgate_webui.api.access import TABLE

# By the first part of an endpoint's path: the word that says it to whoever makes a token.
SAYS = {
    "requests": "requests",
    "request-drafts": "draft",
    "grants": "grants",
    "delegations": "delegations",
    "standing": "standing permissions",
    "reports": "reports",
    "blocks": "block",
    "incidents": "incidents",
    "restrictions": "restrictions",
    "supervised-sessions": "supervised sessions",
    "supervised-pupils": "supervised sessions",
    "device-assignments": "assign",
    "log": "the log",
    "figures": "figures",
    "policy": "the policy",
    "why": "why",
    "people": "people",
    "classes": "classes",
    "devices": "devices",
    "networks": "networks",
    "different-days": "days",
    "calendar": "days",
    "school": "the school",
    "school-year": "year",
    "overtime": "overtime",
    "suggested-sites": "sites",
    "audit": "the audit",
    "retention": "for how long",
    "legal-holds": "legal holds",
    "training": "training",
    "acknowledgements": "acknowledged",
    "status": "gateway",
    "mail": "mail",
    "me": "alerts",
}
# These are there and say where a person signs: a token does nothing by them.
SIGNED = {
    (Scope.SCHOOL_WRITE, "networks"),
    (Scope.SCHOOL_WRITE, "different-days"),
}
# What can only be looked at needs no word of its own where the rest is moved up.
SAID_OTHERWISE = {(Scope.SCHOOL_READ, "school-year"): "the school"}


def parts_of(scope: Scope) -> set[str]:
    return {path.split("/")[1] for (_, path), needs in TABLE.items() if needs.scope is scope}


@pytest.mark.parametrize("scope", Scope)
def test_the_words_of_a_scope_name_all_that_it_opens(scope: Scope) -> None:
    words = WORDS[scope].lower()
    parts = parts_of(scope)
    missing = {
        part
        for part in parts
        if (scope, part) not in SIGNED
        and SAID_OTHERWISE.get((scope, part), SAYS[part]).lower() not in words
    }

    assert parts
    assert set() == missing


@pytest.mark.parametrize("scope", Scope)
def test_the_words_of_a_scope_promise_nothing_that_it_does_not_open(scope: Scope) -> None:
    opened = {SAYS[part] for part in parts_of(scope)}
    nouns = {"requests", "incidents", "reports", "figures", "people", "classes", "networks"}
    others = (nouns | {"legal holds", "training", "mail"}) - opened

    assert [] == [each for each in sorted(others) if each in WORDS[scope].lower()]
