"""
Where an answer leads: to the site, to the proxy, or nowhere.

DNS and the firewall's point both go by it: DNS tells a name's real address only where the course
is ALLOW, and the firewall's point closes the way to that address when it no longer is.
"""

from enum import Enum
from typing import assert_never

from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject


class Course(Enum):
    """What becomes of a name that somebody asks DNS for."""

    ALLOW = "allow"
    STEER = "steer"
    BLOCK = "block"


def course_of(
    host: Host, subject: Subject, decision: Decision, snapshot: Snapshot, *, has_inspection: bool
) -> Course:
    """
    Return what becomes of *host*, on which *decision* was made for *subject* by *snapshot*.

    Where it *has_inspection*, what needs looking into leads to the proxy, but from devices that
    do not trust the school's authority, and but for hosts that are never looked into. Everywhere
    else *depends* becomes what it is uninspected.
    """
    if decision.verdict is Verdict.ALLOW:
        return Course.ALLOW
    if has_inspection and subject.inspectable and not snapshot.is_never_inspected(host):
        return Course.STEER
    match decision.verdict:
        case Verdict.BLOCK:
            return Course.BLOCK
        case Verdict.DEPENDS:
            is_open = decision.uninspected is Verdict.ALLOW
            return Course.ALLOW if is_open else Course.BLOCK
        case _:
            assert_never(decision.verdict)
