"""Every form of a change by its name in the address, grouped as people look for them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.changing import days, document, exceptions, sites, terms
from schoolgate_webui.changing.sheet import Form


class Kind(StrEnum):
    """What is changed, as it stands in the address."""

    SOCIAL_MEDIA = "social-media"
    BLOCK = "block"
    SITE = "site"
    OPEN_AGAIN = "open-again"
    EXCEPTION = "exception"
    LIFTING = "lifting"
    STANDING = "standing"
    PROMISE = "promise"
    BELLS = "bells"
    TERMS = "terms"
    DAYS_OFF = "days-off"
    ONE_OFF = "one-off"
    NO_ONE_OFF = "no-one-off"
    DOCUMENT = "document"
    STAFF_HOURS = "staff-hours"
    FILE = "file"


FORMS: Mapping[Kind, Form] = MappingProxyType(
    {
        Kind.SOCIAL_MEDIA: sites.SOCIAL_MEDIA,
        Kind.BLOCK: sites.BLOCK,
        Kind.SITE: sites.SITE,
        Kind.OPEN_AGAIN: sites.OPEN_AGAIN,
        Kind.EXCEPTION: exceptions.EXCEPTION,
        Kind.LIFTING: exceptions.LIFTING,
        Kind.STANDING: document.STANDING,
        Kind.PROMISE: exceptions.PROMISE,
        Kind.BELLS: days.BELLS,
        Kind.TERMS: terms.TERMS,
        Kind.DAYS_OFF: terms.DAYS_OFF,
        Kind.ONE_OFF: days.ONE_OFF,
        Kind.NO_ONE_OFF: days.NO_ONE_OFF,
        Kind.DOCUMENT: document.DOCUMENT,
        Kind.STAFF_HOURS: document.STAFF_HOURS,
        Kind.FILE: document.FILE,
    }
)

GROUPS: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("Sites", (Kind.SOCIAL_MEDIA, Kind.BLOCK, Kind.SITE, Kind.OPEN_AGAIN)),
    ("Exceptions", (Kind.EXCEPTION, Kind.LIFTING, Kind.STANDING, Kind.PROMISE)),
    ("The school day", (Kind.BELLS, Kind.TERMS, Kind.DAYS_OFF, Kind.ONE_OFF, Kind.NO_ONE_OFF)),
    ("The document", (Kind.DOCUMENT, Kind.STAFF_HOURS, Kind.FILE)),
)


def is_offered(kind: Kind, member: Member) -> bool:
    """Whether *member* may use the form: files are for technicians."""
    return kind is not Kind.FILE or member.holds(Duty.TECHNICIAN)
