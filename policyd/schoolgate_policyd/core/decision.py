"""What is asked and what is answered: `Request`, `Verdict`, `Decision`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.rules import Grant, Rule
from schoolgate_policyd.core.subjects import Subject


class Verdict(StrEnum):
    """The answer; DEPENDS only for a host alone, of an inspectable subject."""

    ALLOW = "allow"
    BLOCK = "block"
    DEPENDS = "depends"


class HostResource(msgspec.Struct, frozen=True, tag="host", gc=False):
    """A host alone, as DNS and TLS name it, with the CNAME targets behind it in order."""

    host: Host
    chain: tuple[Host, ...] = ()


class UrlResource(msgspec.Struct, frozen=True, tag="url", gc=False):
    """A whole URL, with the CNAME targets behind its host where they are known."""

    url: Url
    chain: tuple[Host, ...] = ()

    @property
    def host(self) -> Host:
        """The URL's host."""
        return self.url.host


Resource = HostResource | UrlResource


class Request(msgspec.Struct, frozen=True, gc=False):
    """A subject asks for a resource."""

    subject: Subject
    resource: Resource


class Decision(msgspec.Struct, frozen=True, gc=False):
    """
    The verdict on a request and why.

    *rules* are those that block; *excepted* those that speak of this subject and resource and
    whose exception applied; *lifted* those that *grants* lift. *uninspected* is what *verdict*
    becomes where nothing can look inside; it never is DEPENDS. The verdict holds on
    [moment, valid_until). *services* and *categories* name what the resource belongs to.
    """

    verdict: Verdict
    uninspected: Verdict
    valid_until: datetime
    rules: tuple[Rule, ...] = ()
    excepted: tuple[Rule, ...] = ()
    lifted: tuple[Rule, ...] = ()
    grants: tuple[Grant, ...] = ()
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    is_help_line: bool = False
    is_circumvention: bool = False


def deciding_rule(decision: Decision) -> Rule | None:
    """
    Return the one rule that stands for all of *decision*'s; None where no rule speaks.

    Of those that block the hardest to lift, of those alike the first. Where it is allowed, the
    rule that a grant lifts, else the one whose exception applies.
    """
    if decision.verdict is not Verdict.ALLOW:
        return min(decision.rules, key=_ease_of_lifting, default=None)
    return next(iter((*decision.lifted, *decision.excepted)), None)


def _ease_of_lifting(rule: Rule) -> int:
    return 0 if rule.locked else 1 + bool(rule.lifted_by)
