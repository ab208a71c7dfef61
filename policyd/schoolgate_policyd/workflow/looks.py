"""
Opening a named person's record: who may open whose, why, for how long, and who sees that.

In the log people are pseudonyms. A record is opened for a valid reason (employer-code §3.1, or
safeguarding, or because the person asks for their own data) and a line of words, by one viewer,
and closes by itself. Nobody opens their own. Every look is seen by the DSL, and one at the DSL or
by them by the head; so nobody watches over their own looks either.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.visibility import Sight, may

OPEN_FOR = timedelta(minutes=30)
MAX_WORDS = 300


class LookReason(StrEnum):
    """The valid reasons to look at what one person did."""

    WORKING_TIME = "social-media-in-working-time"
    BREACH = "breach-of-the-policy"
    CRIME = "prevention-of-crime"
    SAFEGUARDING = "safeguarding"
    THEIR_REQUEST = "their-own-request"


# employer-code §3.1; safeguarding is ours; UK GDPR article 15 for the last.
REASONS: Mapping[LookReason, str] = MappingProxyType(
    {
        LookReason.SAFEGUARDING: "Safeguarding: a pupil may be at risk",
        LookReason.BREACH: "Suspected breach of the policy",
        LookReason.WORKING_TIME: "Suspected social media use in working time",
        LookReason.CRIME: "Prevention or detection of crime",
        LookReason.THEIR_REQUEST: "They ask for the records about themselves (UK GDPR)",
    }
)


class LookForm(msgspec.Struct, frozen=True):
    """Why a record is opened."""

    reason: LookReason
    words: str


class Look(msgspec.Struct, frozen=True):
    """A record that was opened: whose, by whom, until when (machine time, aware), and why."""

    id: int
    person: str
    by: str
    at: datetime
    ends_at: datetime
    reason: LookReason
    words: str


def reasons_for(person: Member) -> Mapping[LookReason, str]:
    """Return the reasons for which the record of *person* may be opened: pupils do not work."""
    return {
        reason: words
        for reason, words in REASONS.items()
        if reason is not LookReason.WORKING_TIME or person.audience is not Audience.PUPIL
    }


def may_open(viewer: Member, person: Member) -> bool:
    """
    Whether *viewer* may open the record of *person*.

    Pupils' the DSL and the online safety lead; the head's the chair of governors; everybody
    else's the head and the online safety lead; one's own nobody.
    """
    if viewer.id == person.id or viewer.audience is Audience.PUPIL:
        return False
    if person.audience is Audience.PUPIL:
        return viewer.holds(Duty.DSL, Duty.ONLINE_SAFETY_LEAD)
    if Duty.HEAD in person.duties:
        return Duty.CHAIR_OF_GOVERNORS in viewer.duties
    return viewer.holds(Duty.HEAD, Duty.ONLINE_SAFETY_LEAD)


def is_told_apart(viewer: Member, person: Member) -> bool:
    """
    Whether *viewer* sees that the events of *person* are one person's, by a pseudonym.

    Not where they open the records of others like them and not this one: a pseudonym that only
    one person can have would be a name.
    """
    if viewer.id == person.id:
        return False
    if person.audience is not Audience.PUPIL and viewer.holds(Duty.HEAD, Duty.ONLINE_SAFETY_LEAD):
        return may_open(viewer, person)
    return True


def may_see_look(viewer: Member, look: Look, people: Mapping[str, Member]) -> bool:
    """
    Whether *viewer* sees *look*; *people* are everybody by id.

    The DSL every one but at themselves; the head those at a DSL or by one; the chair of governors
    those at the head or by them.
    """
    if look.person == viewer.id or not may(viewer, Sight.LOOKS):
        return False
    duties = frozenset[Duty]().union(
        *(people[each].duties for each in (look.person, look.by) if each in people)
    )
    return (
        Duty.DSL in viewer.duties
        or (Duty.HEAD in viewer.duties and Duty.DSL in duties)
        or (Duty.CHAIR_OF_GOVERNORS in viewer.duties and Duty.HEAD in duties)
    )


def parse_look(raw: Mapping[str, str], person: Member) -> LookForm:
    """Return the reason as it was entered. Raises InvalidForm with every mistake."""
    entry = Entry(raw, ("reason", "words"))
    options = {each.value: each.value for each in reasons_for(person)}
    reason = entry.choice("reason", options, "Choose why you open this record.")
    words = entry.line("words", "Write in a few words what you look for.", MAX_WORDS)
    entry.raise_mistakes()
    return LookForm(LookReason(str(reason)), words)
