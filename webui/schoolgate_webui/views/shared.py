"""What stands on every page: the school, its clock, where to go, who is signed in."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.access import is_for, who_may
from schoolgate_webui.views.moments import Now, day_and_time

# Each page in the order of the bar; somebody sees those that are for them.
_PAGES = (
    ("/", "Home"),
    ("/requests", "Requests"),
    ("/grants", "Permissions in force"),
    ("/attempts", "Blocked attempts"),
    ("/why", "Why?"),
    ("/policy", "Policy"),
    ("/devices", "This is my device"),
)
_PUBLIC_PAGES = (
    ("/", "Welcome"),
    ("/help", "Where to get help"),
    ("/filtering", "What we filter and monitor"),
)


class Notice(msgspec.Struct, frozen=True):
    """What just happened; *is_waiting* when it is not in force everywhere yet."""

    text: str
    is_waiting: bool = False


class NavigationItem(msgspec.Struct, frozen=True):
    """A link in the bar; *count* is how much waits there."""

    text: str
    href: str
    is_here: bool
    count: int = 0


class Shared(msgspec.Struct, frozen=True):
    """What the frame of every page prints."""

    school_name: str
    clock: str
    navigation: tuple[NavigationItem, ...]
    person_name: str | None
    csrf: str
    notice: Notice | None


def shared(
    school_name: str,
    now: Now,
    member: Member | None,
    *,
    path: str,
    csrf: str,
    waiting: Mapping[str, int],
    notice: Notice | None,
) -> Shared:
    """
    Return the frame of the page at *path* for *member*, None for somebody not signed in.

    *waiting* says how much waits at which page.
    """
    return Shared(
        school_name=school_name,
        clock=day_and_time(now.local(now.school)),
        navigation=_navigation(member, path, waiting),
        person_name=None if member is None else member.name,
        csrf=csrf,
        notice=notice,
    )


def _navigation(
    member: Member | None, path: str, waiting: Mapping[str, int]
) -> tuple[NavigationItem, ...]:
    pages = _PUBLIC_PAGES if member is None else _PAGES
    return tuple(
        NavigationItem(
            text=text,
            href=href,
            is_here=path == href or (href != "/" and path.startswith(f"{href}/")),
            count=waiting.get(href, 0),
        )
        for href, text in pages
        if (who := who_may("GET", href)) is not None and is_for(who, member)
    )
