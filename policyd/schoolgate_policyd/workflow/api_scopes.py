"""
What an API token may be made for.

A scope never gives more than its owner may do with the pages: it takes away. Signing is in none
of them, since a program is nobody's signature.
"""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """A part of the school's work, to look at or to do."""

    REQUESTS_READ = "requests:read"
    REQUESTS_WRITE = "requests:write"
    CONCERNS_READ = "concerns:read"
    CONCERNS_WRITE = "concerns:write"
    LOG_READ = "log:read"
    LOG_WRITE = "log:write"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    SCHOOL_READ = "school:read"
    SCHOOL_WRITE = "school:write"
    RECORDS_READ = "records:read"
    RECORDS_WRITE = "records:write"
    SYSTEM_READ = "system:read"
    ACCOUNT_READ = "account:read"


WORDS = {
    Scope.REQUESTS_READ: "See requests, drafts, grants, delegations and standing permissions",
    Scope.REQUESTS_WRITE: (
        "Draft, send, check, answer and withdraw requests and standing permissions, and withdraw "
        "delegations"
    ),
    Scope.CONCERNS_READ: (
        "See incidents, reports, what is blocked at once, restrictions, supervised sessions and "
        "assigned devices"
    ),
    Scope.CONCERNS_WRITE: (
        "Report in your name, work on incidents and reports, block at once, propose and end "
        "restrictions, open supervised sessions and assign devices"
    ),
    Scope.LOG_READ: "Search the log, read and take out records that are open, see figures",
    Scope.LOG_WRITE: "Open somebody’s record in the log, with a reason",
    Scope.POLICY_READ: "See the policy, its versions and drafts, and why something is blocked",
    Scope.POLICY_WRITE: (
        "Draft changes of the policy, prove and propose them, and approve, refuse and withdraw "
        "versions"
    ),
    Scope.SCHOOL_READ: (
        "See the school, people, classes, devices, networks, days and sites for pupils"
    ),
    Scope.SCHOOL_WRITE: (
        "Change the school, people, classes, devices, overtime and sites for pupils, move to the "
        "next year, and forget somebody who left for good"
    ),
    Scope.RECORDS_READ: (
        "See the audit, what is kept and for how long, legal holds, training and who acknowledged "
        "the policy"
    ),
    Scope.RECORDS_WRITE: (
        "Place and lift legal holds, write training down, ask for a checkpoint of the audit"
    ),
    Scope.SYSTEM_READ: "See how the gateway is, and its mail",
    Scope.ACCOUNT_READ: "See where your own alerts go",
}


def known_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """Return those of *words* that are scopes; any other, such as an older version's, is none."""
    known = {each.value: each for each in Scope}
    return frozenset(known[each] for each in words if each in known)
