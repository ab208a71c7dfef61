"""What whoever decides a request signs: the form in its own order, what opens, the decision."""

from collections.abc import Mapping
from typing import assert_never
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.rules import (
    EverythingScope,
    Grant,
    HostScope,
    PageScope,
    PrefixScope,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, State, Step
from schoolgate_policyd.workflow.signed_text import (
    Part,
    moment_words,
    person_words,
    signature_part,
    signed_text,
)

TITLE = "Decision on a request for blocked content"
_NOTHING = "nothing"


class WouldOpen(msgspec.Struct, frozen=True):
    """What the signer is shown of an approval: the grant, what opens, what would still block."""

    grant: Grant
    opens: tuple[str, ...]
    still_blocks: tuple[str, ...]


class Known(msgspec.Struct, frozen=True):
    """Names by the ids of people and classes, and the zone of the school's wall clock."""

    people: Mapping[str, str]
    classes: Mapping[str, str]
    zone: ZoneInfo

    def person(self, person: str) -> str:
        """Return who *person* is, by name and id."""
        return person_words(self.people.get(person, "somebody who has left"), person)


def decision_text(
    request: AccessRequest,
    decision: DecisionForm,
    would_open: WouldOpen | None,
    *,
    signer: Member,
    step: Step,
    known: Known,
) -> str:
    """
    Return exactly what *signer* signs.

    *would_open* is None for a refusal. *step* is the decision as it will be kept, which says in
    whose name a deputy decides.
    """
    parts = (
        _requester(request),
        _added(request, known),
        controls_part(request.step(State.MEASURES_CONFIRMED), known),
        _opens(would_open),
        authoriser_part(decision),
        _signature(signer, step, known),
    )
    return signed_text(TITLE, parts)


def scope_text(scope: Scope) -> str:
    """Return exactly which pages *scope* covers."""
    match scope:
        case PageScope(url=url):
            return f"this page alone: {url}"
        case PrefixScope(url=url):
            return f"this page and what lies below it: {url}"
        case HostScope(host=host):
            return f"the whole site and what lies under it: {host}"
        case ServiceScope(service=service):
            return f"the whole of the service `{service}`"
        case EverythingScope():
            return "everything"
        case _:
            assert_never(scope)


def _requester(request: AccessRequest) -> Part:
    form = request.form
    return Part(
        "Requester",
        (
            ("Staff name", form.staff_name),
            ("Date", day_words(form.written_on)),
            ("Full URL", str(form.url)),
            ("Site content", form.site_content),
            ("Reasons for access", form.reasons),
            ("Identified risks and control measures", form.measures),
        ),
    )


def _added(request: AccessRequest, known: Known) -> Part:
    form = request.form
    whom = known.person(request.requester)
    if form.for_class is not None:
        name = known.classes.get(form.for_class, "a class that is gone")
        whom = f"class {name} ({form.for_class})"
    fields = [
        ("Request", f"{request.id}, version {request.version}"),
        ("Asked by", known.person(request.requester)),
        ("For whom", whom),
        ("From", moment_words(form.starts_at, known.zone)),
        ("Until", moment_words(form.ends_at, known.zone)),
    ]
    for each in request.questions:
        fields += [
            ("Question", each.question),
            ("Asked by", known.person(each.asked_by)),
            ("Answer", each.answer or ""),
        ]
    return Part("Added by Schoolgate", tuple(fields))


def controls_part(step: Step | None, known: Known) -> Part:
    """Return who confirmed the control measures in which *step*, if anybody did."""
    fields: tuple[tuple[str, str], ...] = ()
    if step is not None:
        fields = (("Confirmed by", known.person(step.actor)), ("Why", step.reasons))
    return Part("Control measures", fields)


def _opens(would_open: WouldOpen | None) -> Part:
    heading = "What this signature opens"
    if would_open is None:
        return Part(heading, (("Opens", _NOTHING),))
    grant = would_open.grant
    return Part(
        heading,
        (
            ("Which pages", scope_text(grant.scope)),
            ("Opens", "\n".join(would_open.opens) or _NOTHING),
            ("Would still block", "\n".join(would_open.still_blocks) or _NOTHING),
            ("Grant", f"{grant.id}, {grant.kind}"),
        ),
    )


def authoriser_part(decision: DecisionForm) -> Part:
    """Return the authoriser's half of the form."""
    return Part(
        "Authoriser",
        (
            ("Approved", "✓ Yes" if decision.is_approved else "✗ No"),
            ("Reasons", decision.reasons),
            ("Staff name", decision.staff_name),
            ("Date", day_words(decision.signed_on)),
        ),
    )


def _signature(signer: Member, step: Step, known: Known) -> Part:
    if step.for_head is None:
        return signature_part(signer)
    return signature_part(
        signer,
        ("In the name of", known.person(step.for_head)),
        ("By delegation", str(step.delegation)),
    )
