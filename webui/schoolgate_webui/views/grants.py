"""Permissions in force, each with what it opens, for whom and until when."""

import msgspec

from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import Act, Staffing, acts_of
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, stage_at
from schoolgate_policyd.workflow.scopes import scope_for
from schoolgate_webui.views.moments import in_words, window
from schoolgate_webui.views.requests import Seen
from schoolgate_webui.views.stages import Tag, tag_of
from schoolgate_webui.views.words import scope_words


class GrantCard(msgspec.Struct, frozen=True):
    """A grant in a list; *withdraw_action* is empty for those who may not withdraw it there."""

    number: int
    href: str
    scope: str
    stage: Tag
    holders: str
    window: str
    ends_in: str
    is_open_now: bool
    withdraw_action: str = ""


class Grants(msgspec.Struct, frozen=True):
    """The page of permissions in force; *fault* says what cannot be seen now."""

    cards: tuple[GrantCard, ...]
    fault: str


def grant_card(request: AccessRequest, seen: Seen, *, may_end: bool = False) -> GrantCard:
    """Return the grant of *request*, with a form to withdraw it for whoever *may_end* it."""
    form = request.form
    now = seen.now
    is_open_now = stage_at(request, now.school) is Stage.IN_FORCE
    scope = (
        scope_for(form, seen.policy.catalogue) if request.grant is None else request.grant.scope
    )
    return GrantCard(
        number=request.id,
        href=f"/requests/{request.id}",
        scope=scope_words(scope, seen.policy),
        stage=tag_of(request, now.school, seen.status),
        holders=seen.names.for_whom(request),
        window=window(now.local(form.starts_at), now.local(form.ends_at)),
        ends_in=in_words(form.ends_at - now.school) if is_open_now else "",
        is_open_now=is_open_now,
        withdraw_action=f"{_href(request)}/withdraw" if may_end else "",
    )


def grants(
    requests: tuple[AccessRequest, ...], member: Member, staffing: Staffing, seen: Seen
) -> Grants:
    """Return the page for *member*."""
    fault = ""
    if seen.status is None:
        fault = (
            "What is in force cannot be seen now, because the gateway’s decision point does not "
            "answer. Grants end on time all the same."
        )
    cards = (
        grant_card(each, seen, may_end=Act.WITHDRAW in acts_of(each, member, staffing))
        for each in requests
    )
    return Grants(tuple(cards), fault)


def _href(request: AccessRequest) -> str:
    return f"/requests/{request.id}"
