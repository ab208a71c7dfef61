"""Home and the list of requests: what waits for me, what I asked for, what is open."""

from collections.abc import Iterable, Mapping

import msgspec

from schoolgate_policyd.ipc.messages import Noticed
from schoolgate_policyd.store.records import WaitingRequest
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_drafts import RequestDraft
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.views.grants import GrantCard, grant_card
from schoolgate_webui.views.requests import Card, Seen, card, draft_card
from schoolgate_webui.views.sources import ClockCard, SourceCard, clock_cards, source_cards

_MINE_SHOWN = 5
_FAULTS_SHOWN = 20


class Home(msgspec.Struct, frozen=True):
    """What the first page shows to somebody; *faults* are sentences about the gateway itself."""

    acts: bool
    waiting: tuple[Card, ...]
    may_ask: bool
    mine: tuple[Card, ...]
    has_more: bool
    to_review: tuple[str, ...]
    open_title: str
    open_now: tuple[GrantCard, ...]
    faults: tuple[str, ...]
    clock: tuple[ClockCard, ...]
    sources: tuple[SourceCard, ...]


class Section(msgspec.Struct, frozen=True):
    """A list with its title, and what stands in its place when it is empty."""

    title: str
    cards: tuple[Card, ...]
    empty: str


class Listed(msgspec.Struct, frozen=True):
    """The page of requests."""

    may_ask: bool
    sections: tuple[Section, ...]


def home(
    member: Member,
    *,
    waiting: Iterable[WaitingRequest],
    mine: tuple[AccessRequest, ...],
    in_force: Iterable[AccessRequest],
    noticed: tuple[Noticed, ...],
    network_names: Mapping[str, str],
    seen: Seen,
    to_review: tuple[str, ...] = (),
) -> Home:
    """
    Return the first page of *member*; *noticed* is what the filter noticed by itself.

    *to_review* are sentences about standing permissions.
    """
    sees_all = may(member, Sight.GRANTS_IN_FORCE)
    open_now = [each for each in in_force if sees_all or _is_about(each, member)]
    waiting_cards = _waiting_cards(waiting, seen)
    faults = seen.status.faults if seen.status is not None and may(member, Sight.SYSTEM) else ()
    return Home(
        acts=may(member, Sight.ALL_REQUESTS) or bool(waiting_cards),
        waiting=waiting_cards,
        may_ask=may_submit(member),
        mine=tuple(card(each, seen) for each in mine[:_MINE_SHOWN]),
        has_more=len(mine) > _MINE_SHOWN,
        to_review=to_review,
        open_title="Open beyond the policy" if sees_all else "Open for you",
        open_now=tuple(grant_card(each, seen) for each in open_now),
        faults=faults[:_FAULTS_SHOWN],
        clock=clock_cards(noticed, seen.now),
        sources=source_cards(noticed, seen.now, network_names),
    )


def listed(
    member: Member,
    *,
    waiting: Iterable[WaitingRequest],
    drafts: Iterable[RequestDraft] = (),
    mine: Iterable[AccessRequest],
    every: Iterable[AccessRequest],
    seen: Seen,
) -> Listed:
    """Return the page of requests for *member*; *every* is shown to those who may see it."""
    waiting_cards = _waiting_cards(waiting, seen)
    mine_cards = tuple(card(each, seen) for each in mine)
    kept = tuple(draft_card(each, seen) for each in drafts)
    sections = [Section("Your drafts", kept, "")] if kept else []
    sections += [Section("Your requests", mine_cards, "You have not asked for a page yet.")]
    if may(member, Sight.ALL_REQUESTS):
        every_card = tuple(card(each, seen) for each in every)
        sections.append(Section("Everybody’s requests", every_card, "There are none yet."))
    if may(member, Sight.ALL_REQUESTS) or waiting_cards:
        sections.insert(0, Section("Waiting for you", waiting_cards, "Nothing waits for you."))
    return Listed(may_submit(member), tuple(sections))


def _waiting_cards(waiting: Iterable[WaitingRequest], seen: Seen) -> tuple[Card, ...]:
    return tuple(card(each.request, seen) for each in waiting)


def _is_about(request: AccessRequest, member: Member) -> bool:
    return request.requester == member.id or request.form.for_class in member.classes
