"""Deputies: who decides in the head's name, from when until when, and the form that names one."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.delegations import Delegation, may_be_deputy, may_end
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.fields import Field, Form, day_input_type
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.stages import Tag

LABELS = {
    "deputy": "Who decides in your name?",
    "starts_on": "First day",
    "ends_on": "Last day",
    "reasons": "Reasons",
}
_LIVE = Tag("Holds now", "govuk-tag--green")
_AHEAD = Tag("Still to come", "govuk-tag--teal")
_OVER = Tag("Over", "govuk-tag--grey")
_WITHDRAWN = Tag("Withdrawn", "govuk-tag--grey")


class DelegationCard(msgspec.Struct, frozen=True):
    """
    A delegation in the list; *end_action* is empty for those who may not withdraw it.

    *end_why* is what was typed into its form, which came back with *end_mistake*.
    """

    title: str
    stage: Tag
    facts: str
    reasons: str
    is_quiet: bool
    number: int
    end_action: str
    end_mistake: str
    end_why: str


class NamingPart(msgspec.Struct, frozen=True):
    """The form with which a head names a deputy."""

    fields: Mapping[str, Field]
    deputies: list[dict[str, object]]
    starts_type: str
    ends_type: str


class DelegationsPage(msgspec.Struct, frozen=True):
    """The page of deputies."""

    mistakes: list[dict[str, str]]
    cards: tuple[DelegationCard, ...]
    naming: NamingPart | None


def delegations_page(
    delegations: tuple[Delegation, ...],
    member: Member,
    people: tuple[Member, ...],
    names: Names,
    now: Now,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    ending: int | None = None,
) -> DelegationsPage:
    """
    Return the page as *member* sees it.

    *invalid* are the mistakes in the form that names a deputy, or, with *ending*, in the one that
    withdraws delegation *ending*.
    """
    mistake = why = ""
    if invalid is not None and ending is not None:
        mistake, why = invalid.message_for("why") or "", invalid.entry.get("why", "")
    cards = tuple(
        _card(each, member, names, now, (mistake, why) if each.id == ending else ("", ""))
        for each in delegations
    )
    naming, mistakes = None, []
    if member.holds(Duty.HEAD):
        typed = {**_values(now), **(entered or {})}
        form = Form(LABELS, typed, invalid if ending is None else None)
        naming, mistakes = _naming(form, member, people), form.mistakes
    if mistake:
        mistakes = [{"text": mistake, "href": f"#why-{ending}"}]
    return DelegationsPage(mistakes, cards, naming)


def _values(now: Now) -> dict[str, str]:
    today = now.local(now.school).date()
    return {"starts_on": f"{today:%Y-%m-%d}"}


def _naming(form: Form, member: Member, people: tuple[Member, ...]) -> NamingPart:
    able = [each for each in people if may_be_deputy(each, member.id)]
    chosen = form["deputy"].value
    options: list[dict[str, object]] = [{"value": "", "text": "Choose"}]
    options += [
        {"value": each.id, "text": each.name, "selected": each.id == chosen} for each in able
    ]
    return NamingPart(
        fields={name: form[name] for name in LABELS},
        deputies=options,
        starts_type=day_input_type(form["starts_on"].value),
        ends_type="date" if not form["ends_on"].value else day_input_type(form["ends_on"].value),
    )


def _card(
    delegation: Delegation, member: Member, names: Names, now: Now, came_back: tuple[str, str]
) -> DelegationCard:
    mistake, why = came_back
    starts = now.local(delegation.starts_at)
    last = now.local(delegation.ends_at - timedelta(seconds=1))
    is_over = delegation.is_over(now.school)
    facts = (
        f"For {names.person(delegation.head)}, from {weekday_words(starts)} to "
        f"{weekday_words(last)}. "
        f"Signed {day_and_time(now.recorded(delegation.given_at))}."
    )
    if delegation.withdrawn_at is not None and delegation.withdrawn_by is not None:
        by = names.person(delegation.withdrawn_by)
        facts += f" Withdrawn by {by}: {delegation.withdrawn_why}"
    return DelegationCard(
        title=f"{names.person(delegation.deputy)} decides",
        stage=_stage(delegation, now),
        facts=facts,
        reasons=delegation.reasons,
        is_quiet=is_over,
        number=delegation.id,
        end_action=(
            ""
            if is_over or not may_end(delegation, member)
            else f"/delegations/{delegation.id}/withdraw"
        ),
        end_mistake=mistake,
        end_why=why,
    )


def _stage(delegation: Delegation, now: Now) -> Tag:
    if delegation.withdrawn_at is not None:
        return _WITHDRAWN
    if delegation.is_live(now.school):
        return _LIVE
    return _OVER if delegation.is_over(now.school) else _AHEAD
