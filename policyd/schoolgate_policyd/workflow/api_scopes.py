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
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    SCHOOL_READ = "school:read"
    SCHOOL_WRITE = "school:write"
    RECORDS_READ = "records:read"
    SYSTEM_READ = "system:read"


WORDS = {
    Scope.REQUESTS_READ: "See requests and permissions",
    Scope.REQUESTS_WRITE: "Send, answer and withdraw requests",
    Scope.CONCERNS_READ: "See incidents and reported pages",
    Scope.CONCERNS_WRITE: "Work on incidents and reported pages",
    Scope.LOG_READ: "See the log and figures",
    Scope.POLICY_READ: "See the policy and why something is blocked",
    Scope.POLICY_WRITE: "Draft changes of the policy",
    Scope.SCHOOL_READ: "See people, classes and devices",
    Scope.SCHOOL_WRITE: "Change people, classes and devices",
    Scope.RECORDS_READ: "See the records",
    Scope.SYSTEM_READ: "See how the gateway is",
}


def known_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """Return those of *words* that are scopes; any other, such as an older version's, is none."""
    known = {each.value: each for each in Scope}
    return frozenset(known[each] for each in words if each in known)
