"""Whom somebody looks at in the log and in figures: read once for a page."""

from collections.abc import Iterable
from datetime import date
from functools import partial

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.store.event_figures import DaySums
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.log_rows import Around
from schoolgate_webui.views.pseudonyms import Viewed


def viewed_by(desk: Desk) -> Viewed:
    """Return whom the one at *desk* looks at, with the records open to them now."""
    store = desk.site.decisions
    seed, holds = _pseudonyms(desk)
    everybody = store.looks.everybody()
    return Viewed(
        viewer=desk.member,
        seed=seed,
        holds=holds,
        key=store.looks.pseudonym_key(),
        people={each.member.id: each.member for each in everybody},
        years={
            each.member.id: each.year
            for each in everybody
            if each.year is not None and not each.has_left
        },
        open_now=store.looks.open_now(desk.member.id, desk.now.machine),
    )


def _pseudonyms(desk: Desk) -> tuple[str, str]:
    """Return what pseudonyms follow from, and how long they hold."""
    visit = desk.visit
    if visit.session is not None:
        return f"session {visit.session.id}", "until you sign out"
    if visit.api_token is None:
        raise AssertionError("nobody looks who is not known")
    # A session ends by itself within a day; a token lasts for months.
    day = desk.now.machine.date().isoformat()
    return f"token {visit.api_token} {day}", "with this token until midnight (UTC)"


def around(desk: Desk, viewed: Viewed) -> Around:
    """Return what rows of the log need beside the events."""
    site = desk.site
    return Around(
        viewed=viewed,
        policy=site.policy_in_force.policy(),
        now=desk.now,
        devices={each.address: each for each in site.decisions.people.devices()},
        networks=site.networks(),
        network_names=site.network_names(),
        may_ask=may_submit(desk.member),
        may_block=may(desk.member, Sight.BLOCK_AT_ONCE),
    )


def social_media_of(desk: Desk, person: str) -> tuple[tuple[DaySums, ...], tuple[date, ...]]:
    """Return the use of social media of *person* on every day, and the days not added up."""
    policy = desk.site.policy_in_force.policy()
    return desk.site.events.use_of(person, partial(counts_as_social_media, policy))


def sums_of(
    desk: Desk, viewed: Viewed, days: Iterable[date]
) -> tuple[tuple[DaySums, ...], tuple[date, ...]]:
    """Return the sums of *days* (UTC), of use that of social media, and the days not added up."""
    policy = desk.site.policy_in_force.policy()
    return desk.site.events.sums(
        days,
        {each: viewed.group(each) for each in viewed.years},
        partial(counts_as_social_media, policy),
    )


def counts_as_social_media(
    policy: Policy, categories: tuple[str, ...], services: tuple[str, ...]
) -> bool:
    """
    Whether use of names that belong to *categories* and *services* is use of social media.

    Of a service that is named by itself, its whole site must be of it: reading a wiki whose
    editing alone counts is none.
    """
    if not policy.social_media.isdisjoint(categories):
        return True
    known = policy.catalogue.services_by_id
    return any(
        each in policy.social_media and each in known and known[each].category in categories
        for each in services
    )
