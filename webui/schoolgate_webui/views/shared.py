"""What stands on every page: the school, its clock, where to go, who is signed in."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.access import is_for, who_may
from schoolgate_webui.views.moments import Now, day_and_time

# The sections of the bar, each with its pages in their order; somebody sees those that are for
# them, and a section leads to the first of its pages that is.
_SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Home", (("/", "Home"),)),
    (
        "Requests",
        (
            ("/requests", "Requests"),
            ("/grants", "Permissions in force"),
            ("/standing", "Standing permissions"),
            ("/delegations", "Deputies"),
        ),
    ),
    (
        "Concerns",
        (
            ("/incidents", "Incidents"),
            ("/incidents/new", "Report a concern"),
            ("/reports", "Reported pages"),
            ("/blocks", "Blocked at once"),
            ("/restrictions", "Restrictions"),
            ("/supervised", "Supervised sessions"),
        ),
    ),
    (
        "What happens",
        (
            ("/log", "Log"),
            ("/log/people", "Open a record"),
            ("/log/looks", "Who looked"),
            ("/figures", "Figures"),
            ("/why", "Why?"),
        ),
    ),
    (
        "Policy",
        (
            ("/policy", "Policy"),
            ("/policy/acknowledgements", "Who has read it"),
            ("/filtering/sites", "Suggested sites"),
        ),
    ),
    (
        "School",
        (
            ("/school", "Overview"),
            ("/school/people", "People"),
            ("/school/classes", "Classes"),
            ("/school/devices", "Devices"),
            ("/school/networks", "Networks"),
            ("/school/calendar", "Day and year"),
        ),
    ),
    (
        "Records",
        (
            ("/records", "Audit"),
            ("/records/checkpoints", "Checkpoints"),
            ("/records/retention", "How long they are kept"),
            ("/records/holds", "Legal holds"),
            ("/records/training", "Training"),
            ("/records/mail", "Mail"),
        ),
    ),
    ("You", (("/devices", "This is my device"), ("/account", "Your account"))),
)
# Pages that belong to one of those, though their address does not lie in its.
_BELONGS = {"/school/import": "/school/people", "/school/year": "/school/classes"}
_PUBLIC_SECTIONS = (
    ("Welcome", (("/", "Welcome"),)),
    ("Where to get help", (("/help", "Where to get help"),)),
    ("Tell us what you saw", (("/report", "Tell us what you saw"),)),
    ("What we filter and monitor", (("/filtering", "What we filter and monitor"),)),
)


class Notice(msgspec.Struct, frozen=True):
    """What just happened; *is_waiting* when it is not in force everywhere yet."""

    text: str
    is_waiting: bool = False


class NavigationItem(msgspec.Struct, frozen=True):
    """A link in the bar or below it; *count* is how much waits there."""

    text: str
    href: str
    is_here: bool
    count: int = 0


class Shared(msgspec.Struct, frozen=True):
    """
    What the frame of every page prints.

    *beside* are the pages of the section one is in, *waiting* those where something waits.
    """

    school_name: str
    clock: str
    navigation: tuple[NavigationItem, ...]
    beside: tuple[NavigationItem, ...]
    waiting: tuple[NavigationItem, ...]
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
    sections = _sections(member, path, waiting)
    beside = next((pages for item, pages in sections if item.is_here and len(pages) > 1), ())
    return Shared(
        school_name=school_name,
        clock=day_and_time(now.local(now.school)),
        navigation=tuple(item for item, _ in sections),
        beside=beside,
        waiting=tuple(page for _, pages in sections for page in pages if page.count),
        person_name=None if member is None else member.name,
        csrf=csrf,
        notice=notice,
    )


def _sections(
    member: Member | None, path: str, waiting: Mapping[str, int]
) -> list[tuple[NavigationItem, tuple[NavigationItem, ...]]]:
    """Return the sections for *member*, each with its pages; *path* is in one of them."""
    found = []
    path = _BELONGS.get(path, path)
    for title, pages in _PUBLIC_SECTIONS if member is None else _SECTIONS:
        # Of pages that lie in one another the innermost is the one that somebody is on.
        here = max((href for href, _ in pages if _is_in(path, href)), key=len, default=None)
        items = tuple(
            NavigationItem(text, href, href == here, waiting.get(href, 0))
            for href, text in pages
            if (who := who_may("GET", href)) is not None and is_for(who, member)
        )
        if items:
            is_here = any(each.is_here for each in items)
            count = sum(each.count for each in items)
            found.append((NavigationItem(title, items[0].href, is_here, count), items))
    return found


def _is_in(path: str, href: str) -> bool:
    return path == href or (href != "/" and path.startswith(f"{href}/"))
