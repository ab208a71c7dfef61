"""This is my device."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.store.records import ClaimRecord
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Row
from schoolgate_webui.views.words import AUDIENCE, DEVICES


class DevicePage(msgspec.Struct, frozen=True):
    """
    What the filter thinks of the address that somebody comes from.

    *claimed* is a sentence while it is theirs by their claim, else *refusal* why it cannot be.
    """

    rows: tuple[Row, ...]
    claimed: str
    refusal: str


def device_page(
    address: str,
    subject: Subject,
    *,
    claim: ClaimRecord | None,
    refusal: str | None,
    names: Mapping[str, str],
    network_names: Mapping[str, str],
    member: Member,
    now: Now,
    is_in_force: bool,
) -> DevicePage:
    """Return the page for *member*, whose request came from *address*."""
    if subject.person == member.id:
        who = f"you, {member.name}"
    elif subject.person is not None:
        # Whose device it is instead is that person's matter.
        who = "somebody else" if subject.person in names else "somebody who has left"
    else:
        who = f"somebody it does not know ({AUDIENCE[subject.audience].lower()})"
    rows = (
        Row("You come from", address),
        Row("Network", network_names.get(subject.network, "not known")),
        Row("The filter sees", f"{_article(DEVICES[subject.device])} of {who}"),
    )
    is_known_already = claim is None and subject.person == member.id
    return DevicePage(
        rows=rows,
        claimed="" if claim is None else _claimed_words(claim, now, is_in_force=is_in_force),
        refusal=(
            "This device is registered as yours, so there is nothing to do."
            if is_known_already
            else refusal or ""
        ),
    )


def _claimed_words(claim: ClaimRecord, now: Now, *, is_in_force: bool) -> str:
    if not is_in_force:
        return "You said that this is your device. The filter is being told now."
    return (
        f"The filter knows this device as yours until {now.local(claim.ends_at):%H:%M}. Using "
        "these pages moves that on, up to the end of the day; signing out ends it."
    )


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
