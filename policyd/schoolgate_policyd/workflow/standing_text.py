"""What whoever decides a standing permission signs: what is permitted, to whom, and until when."""

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.words import describe_rule
from schoolgate_policyd.workflow.decision_text import Known, authoriser_part, controls_part
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import State
from schoolgate_policyd.workflow.signed_text import NOW, Part, signature_part, signed_text
from schoolgate_policyd.workflow.standing_requests import StandingRequest

TITLE = "Decision on a standing permission"
_NONE = "no rule of the policy names it"


class Permits(msgspec.Struct, frozen=True):
    """
    What the policy in force says of a standing permission: what it is *about*, in which document.

    *rules* are the rules that name it, each in words with the clause that it cites.
    """

    about: str
    document: str
    rules: tuple[str, ...]


def permits(policy: Policy, name: str) -> Permits:
    """Return what *policy* says of the standing permission *name*."""
    abouts = {each.id: each.about for each in policy.standing}
    document = policy.document
    return Permits(
        about=abouts.get(name, name),
        document=document.name,
        rules=tuple(
            f"{describe_rule(each, policy.catalogue, policy.social_media)} ({each.cite})"
            for each in policy.rules
            if name in _named_by(each)
        ),
    )


def standing_text(
    request: StandingRequest,
    decision: DecisionForm,
    permitted: Permits,
    *,
    signer: Member,
    known: Known,
) -> str:
    """Return exactly what *signer* signs."""
    confirmed = next((e for e in request.steps if e.state is State.MEASURES_CONFIRMED), None)
    parts = (
        _asked(request, permitted, known),
        controls_part(confirmed, known),
        _permits(request, decision, permitted),
        authoriser_part(decision),
        signature_part(signer),
    )
    return signed_text(TITLE, parts)


def _asked(request: StandingRequest, permitted: Permits, known: Known) -> Part:
    form = request.form
    return Part(
        "What is asked for",
        (
            ("Standing permission", f"{permitted.about} ({form.name})"),
            ("Request", f"{request.id}, version {len(request.steps)}"),
            ("Asked by", known.person(request.requester)),
            ("Reasons", form.reasons),
            ("Identified risks and control measures", form.measures),
            ("Reviewed on", day_words(form.review_on)),
        ),
    )


def _permits(request: StandingRequest, decision: DecisionForm, permitted: Permits) -> Part:
    heading = "What this signature permits"
    if not decision.is_approved:
        return Part(heading, (("Permits", "nothing"),))
    return Part(
        heading,
        (
            ("Permits", permitted.about),
            ("To whom, by which rules", "\n".join(permitted.rules) or _NONE),
            ("Policy", permitted.document),
            ("From", NOW),
            ("Until", f"{day_words(request.form.review_on)}, that day included"),
        ),
    )


def _named_by(rule: Rule) -> frozenset[str]:
    """Return the standing permissions that *rule* names."""
    return frozenset(
        name for each in (*rule.applies_to, *rule.unless) for name in each.standing or ()
    )
