"""What staff acknowledge, and who has."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from schoolgate_policyd.store.acknowledgements import Acknowledged
from schoolgate_policyd.workflow.acknowledging import has_to
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.public_parts import Part, PublicPage

MOST_CHANGES = 40
# What has to be said, each on its own: by the name of its box.
STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "read": "I have read what the school filters, and from when.",
        "monitored": "I know that my use of the school’s network and devices is monitored.",
    }
)
_SUMMARISED = ("for-everybody", "for-staff", "monitored")


class Box(msgspec.Struct, frozen=True):
    """A statement to tick; *error* says that it was not."""

    id: str
    name: str
    text: str
    error: str


class AcknowledgePage(msgspec.Struct, frozen=True):
    """
    The policy in force, to be acknowledged.

    *before* is the version that they acknowledged last; *changed* what is different since, None
    where that cannot be said.
    """

    number: int
    document: str
    since: str
    before: int | None
    changed: tuple[str, ...] | None
    further: int
    parts: tuple[Part, ...]
    boxes: tuple[Box, ...]
    mistakes: list[dict[str, str]]
    is_newer: bool


class PersonLine(msgspec.Struct, frozen=True):
    """Somebody of the staff, and what they acknowledged."""

    name: str
    what: str


class AcknowledgementsPage(msgspec.Struct, frozen=True):
    """Who has not, first; *number* None: no version has been taken up yet."""

    number: int | None
    missing: tuple[PersonLine, ...]
    done: tuple[PersonLine, ...]


def acknowledge_page(
    version: PolicyVersion,
    page: PublicPage,
    *,
    before: int | None,
    changed: tuple[str, ...] | None,
    lacking: tuple[str, ...],
    is_newer: bool,
    now: Now,
) -> AcknowledgePage:
    """Return the page on which *version* is acknowledged; *lacking* boxes were not ticked."""
    direction = version.direction
    error = "Tick this box once it is so"
    return AcknowledgePage(
        number=version.number,
        document=" ".join(page.lead),
        since="" if direction is None else day_and_time(now.local(direction.in_force_from)),
        before=before,
        changed=None if changed is None else changed[:MOST_CHANGES],
        further=max(0, len(changed or ()) - MOST_CHANGES),
        parts=tuple(part for part in page.parts if part.id in _SUMMARISED),
        boxes=tuple(
            Box(_id(name), name, text, error if name in lacking else "")
            for name, text in STATEMENTS.items()
        ),
        mistakes=[
            {"text": f"{error}: {STATEMENTS[each]}", "href": f"#{_id(each)}"} for each in lacking
        ],
        is_newer=is_newer,
    )


def _id(name: str) -> str:
    # The parts of the policy on the same page have ids of their own.
    return f"say-{name}"


def acknowledgements_page(
    current: PolicyVersion | None,
    people: tuple[Member, ...],
    newest: Mapping[str, Acknowledged],
    now: Now,
) -> AcknowledgementsPage:
    """Return who of the staff who can sign in has acknowledged *current*."""
    missing: list[PersonLine] = []
    done: list[PersonLine] = []
    for each in people:
        if not has_to(each) or each.username is None or current is None:
            continue
        said = newest.get(each.id)
        if said is not None and said.version == current.number:
            done.append(PersonLine(each.name, day_and_time(now.recorded(said.at))))
        else:
            before = "never" if said is None else f"version {said.version}"
            missing.append(PersonLine(each.name, before))
    return AcknowledgementsPage(
        number=None if current is None else current.number,
        missing=tuple(missing),
        done=tuple(done),
    )
