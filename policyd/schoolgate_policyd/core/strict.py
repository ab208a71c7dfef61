"""
The built-in strict policy, in force while no snapshot was ever received.

Help lines and essentials for everybody; nothing else for pupils, visitors and unknown devices;
for staff what the baseline leaves open. Nothing fails open.
"""

from datetime import time

from schoolgate_policyd.core.catalogue import Catalogue, HelpLine
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Document, Policy, Register, Source
from schoolgate_policyd.core.rules import EVERYTHING_BUT_ESSENTIALS, Citation, Condition, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network
from schoolgate_policyd.core.times import Calendar, Timetable, WorkingHours

STRICT_NUMBER = 0
STRICT_POLICY = "strict"

_DOCUMENT = Document(title="Schoolgate's built-in strict policy", version="1")
_CLOSED_ALL_YEAR = SchoolTime(
    zone="Europe/London",
    calendar=Calendar(id="none", terms=()),
    timetables=(TimetableUse(Timetable(id="none", days=((),) * 7)),),
    staff_hours=WorkingHours(start=time(8, 30), end=time(16)),
)
_STRICT_RULE = Rule(
    id="strict-essentials-only",
    block=frozenset({EVERYTHING_BUT_ESSENTIALS}),
    applies_to=(
        Condition(audience=frozenset({Audience.PUPIL, Audience.VISITOR})),
        Condition(device=frozenset({DeviceKind.UNKNOWN})),
    ),
    cite=Citation(document=_DOCUMENT.title, section="no policy received yet", is_ours=True),
    locked=True,
    topic="everything but lesson sites, until the gateway has the school's policy",
)
# What is known of help lines when not even the rule files can be read.
LAST_HELP_LINES = (
    HelpLine(
        id="childline",
        name="Childline",
        phone="0800 1111",
        domains=(DomainName("childline.org.uk"), DomainName("nspcc.org.uk")),
    ),
    HelpLine(
        id="samaritans",
        name="Samaritans",
        phone="116 123",
        domains=(DomainName("samaritans.org"),),
    ),
)


def strict_source(
    networks: tuple[Network, ...] = (),
    catalogue: Catalogue | None = None,
    baseline: tuple[Rule, ...] = (),
    school_time: SchoolTime = _CLOSED_ALL_YEAR,
) -> Source:
    """
    Return the strict source, with number 0.

    *catalogue* and *baseline* are what can be read of the rule files; without them nobody gets
    more than the help lines.
    """
    rule = _STRICT_RULE
    if catalogue is None:
        catalogue = Catalogue(help_lines=LAST_HELP_LINES)
        # Without the baseline's lists, staff too get nothing that was not looked at.
        rule = Rule(
            id=rule.id,
            block=rule.block,
            applies_to=(Condition(),),
            cite=rule.cite,
            locked=True,
            topic=rule.topic,
        )
    policy = Policy(
        id=STRICT_POLICY,
        document=_DOCUMENT,
        rules=(rule, *baseline),
        catalogue=catalogue,
        school_time=school_time,
    )
    return Source(number=STRICT_NUMBER, policy=policy, register=Register(networks=networks))
