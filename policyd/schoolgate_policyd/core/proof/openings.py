"""
What one policy allows that another blocked: the difference of two policies, request by request.

Grants count by their kinds, over whole sites. A grant for a part of a site can open there, for
whoever is inspected, no more than one for the whole site.
"""

from collections.abc import Iterator
from itertools import combinations

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof.dimensions import TIME, having
from schoolgate_policyd.core.proof.reasons import why_open
from schoolgate_policyd.core.proof.says import when, while_live, who
from schoolgate_policyd.core.proof.sites import Part
from schoolgate_policyd.core.proof.survey import Look, Survey
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.words import capitalised

GRANTED = tuple(
    frozenset(kinds)
    for size in range(len(GrantKind) + 1)
    for kinds in combinations(sorted(GrantKind), size)
)


class Opening(msgspec.Struct, frozen=True):
    """
    A class of requests that one policy blocks and the other allows, with the first of them.

    *sites* is how many names of the catalogue are alike in this.
    """

    sentence: str
    witness: Witness
    audience: Audience
    sites: int


def openings(before: Policy, after: Policy) -> tuple[Opening, ...]:
    """
    Return what *after* allows and *before* blocks: nothing if and only if it merely tightens.

    One opening for each class of sites and audience. Raises TooManyCellsError.
    """
    return tuple(_openings(before, after, "can now reach"))


def closings(before: Policy, after: Policy) -> tuple[Opening, ...]:
    """Return what *after* blocks and *before* allows, as `openings` does."""
    return tuple(_openings(after, before, "can no longer reach"))


def _openings(blocking: Policy, opening: Policy, verb: str) -> Iterator[Opening]:
    survey = Survey((blocking, opening))
    for look in survey.looks():
        for audience in Audience:
            found = _first(survey, look, audience)
            if found is None:
                continue
            witness, part = found
            words = (
                f"{who(witness.subject)} {verb} {part.name} "
                f"{when(witness, survey.year.zone)}{while_live(witness)}, "
                f"{why_open(witness, survey.snapshots[1])}"
            )
            yield Opening(capitalised(words), witness, audience, look.site.count)


def _first(survey: Survey, look: Look, audience: Audience) -> tuple[Witness, Part] | None:
    """Return the plainest opening for *audience*: without grants, on an inspected device."""
    blocking, opening = look.verdicts
    theirs = look.judge.of(TIME, having("audience", audience))
    for granted in GRANTED:
        for part in look.site.parts:
            cells = theirs & blocking.blocked(part, granted) & ~opening.blocked(part, granted)
            if cells:
                return (
                    survey.witness(look, part, cells, is_inspectable=True, granted=granted),
                    part,
                )
        unseen = theirs & blocking.blocked_unseen(granted) & ~opening.blocked_unseen(granted)
        if unseen:
            part = look.site.parts[0]
            return (
                survey.witness(look, part, unseen, is_inspectable=False, granted=granted),
                part,
            )
    return None
