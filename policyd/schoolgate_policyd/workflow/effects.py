"""
What a grant would open and what would still block, before it is signed.

Whoever signs sees each person the grant is for, on each device they can be known on, through the
periods that the grant lasts. A grant that opens nothing is refused: it would only look like help.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    Resource,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.listed import NamesAt
from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import Grant, Rule
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import DeviceKind, Subject
from schoolgate_policyd.core.times import Period, require_aware
from schoolgate_policyd.workflow.reach import needs_of, probes_in, reachable_subjects

# A school week has at most about 35 bells, so this many steps see every day of the timetable.
STEPS_SHOWN = 48
# Looking further than a week is only for a grant that has not opened anything yet.
MAX_STEPS = 480
MAX_KINDS = 60


class StillBlocked(msgspec.Struct, frozen=True):
    """
    For whom, on what and in which periods the page stays blocked in spite of the grant.

    *rules* block it. *is_uninspectable* says that the device lacks the school's certificate
    authority, so that a part of a site cannot be told from the rest.
    """

    person: str | None
    device: DeviceKind
    network: str
    periods: tuple[Period, ...]
    rules: tuple[Rule, ...]
    is_uninspectable: bool = False


class Opening(msgspec.Struct, frozen=True):
    """For whom, on what and in which periods something goes from block to allow."""

    person: str | None
    device: DeviceKind
    network: str
    periods: tuple[Period, ...]


class Effects(msgspec.Struct, frozen=True):
    """
    What *grant* would do.

    *unreached* are the ids of people it is for who are on no device that the school knows as
    theirs, nor on a network where they could say so: for them it does nothing. *blocked_needs*
    are hosts that the page's service is known to need and that stay blocked when the page opens:
    it may come without its pictures or films.
    """

    grant: Grant
    opens: tuple[Opening, ...]
    still_blocks: tuple[StillBlocked, ...]
    unreached: tuple[str, ...] = ()
    blocked_needs: tuple[Host, ...] = ()

    @property
    def opens_anything(self) -> bool:
        """Whether some page in its scope goes from block to allow for anybody."""
        return bool(self.opens)


def effects_of(
    grant: Grant,
    source: Source,
    asked_for: Url,
    *,
    moment: datetime,
    names: NamesAt | None = None,
) -> Effects:
    """
    Return what *grant* would do from *moment* (aware) on, with *source* being what is in force.

    *names* are those of its large lists.

    *asked_for* is the page on the form; what would still block is about that page.
    """
    live = msgspec.structs.replace(
        source.live, grants=tuple(each for each in source.live.grants if each.id != grant.id)
    )
    reached = reachable_subjects(grant, source.register)
    without = compile_snapshot(msgspec.structs.replace(source, live=live), names)
    look = _Look(grant, without, asked_for)
    opens: dict[Opening, None] = {}
    still_blocks: dict[StillBlocked, None] = {}
    for alike in _alike(reached.subjects, grant, live)[:MAX_KINDS]:
        for finding in look.at(alike[0], require_aware(moment)):
            for subject in alike:
                found = msgspec.structs.replace(finding, person=subject.person)
                if isinstance(found, Opening):
                    opens[found] = None
                else:
                    still_blocks[found] = None
    return Effects(
        grant, tuple(opens), tuple(still_blocks), reached.unreached, tuple(look.blocked_needs)
    )


class _Look:
    """Compares what one subject may open without the grant and with it."""

    def __init__(self, grant: Grant, without: Snapshot, asked_for: Url) -> None:
        self._grant = grant
        self._without = without
        live = without.source.live
        self._with = without.with_live(
            without.source.number + 1,
            msgspec.structs.replace(live, grants=(*live.grants, grant)),
        )
        self._asked_for = asked_for
        catalogue = without.source.policy.catalogue
        self._probes = probes_in(grant.scope, asked_for, catalogue)
        self._needs = needs_of(asked_for, catalogue)
        self.blocked_needs: dict[Host, None] = {}

    def at(self, subject: Subject, moment: datetime) -> Iterator[Opening | StillBlocked]:
        """Yield what is found for *subject* through the periods of the grant, from *moment* on."""
        has_opened = False
        for step, start in enumerate(self._steps(subject, moment)):
            if step >= STEPS_SHOWN and has_opened:
                return
            periods = self._without.periods_of(subject, start)
            place = (subject.person, subject.device, subject.network, periods)
            if self._opens(subject, start):
                if not has_opened:
                    self._note_blocked_needs(subject, start)
                has_opened = True
                yield Opening(*place)
            decision = self._decide(subject, self._asked_for, self._with, start)
            if decision.verdict is not Verdict.ALLOW and step < STEPS_SHOWN:
                yield StillBlocked(*place, decision.rules, not subject.inspectable)

    def _steps(self, subject: Subject, moment: datetime) -> Iterator[datetime]:
        start = max(self._grant.starts_at, moment)
        for _ in range(MAX_STEPS):
            if start >= self._grant.ends_at:
                return
            yield start
            bell = next(iter(self._without.timeline_of(subject).bells_after(start)), None)
            changes = [
                self._decide(subject, self._asked_for, snapshot, start).valid_until
                for snapshot in (self._without, self._with)
            ]
            start = min(*changes, self._grant.ends_at if bell is None else bell)

    def _opens(self, subject: Subject, moment: datetime) -> bool:
        return any(
            self._decide(subject, url, self._without, moment).verdict is not Verdict.ALLOW
            and self._decide(subject, url, self._with, moment).verdict is Verdict.ALLOW
            for url in self._probes
        )

    def _note_blocked_needs(self, subject: Subject, moment: datetime) -> None:
        for url in self._needs:
            if self._decide(subject, url, self._with, moment).verdict is not Verdict.ALLOW:
                self.blocked_needs[url.host] = None

    def _decide(
        self, subject: Subject, url: Url, snapshot: Snapshot, moment: datetime
    ) -> Decision:
        # Where nothing can look inside, no URL is ever seen: the host's verdict is the page's.
        resource: Resource = UrlResource(url) if subject.inspectable else HostResource(url.host)
        return decide(Request(subject, resource), snapshot, moment)


def _alike(subjects: Iterable[Subject], grant: Grant, live: Live) -> list[list[Subject]]:
    """
    Return *subjects* in groups for which everything is decided alike.

    People whom something live names are by themselves; a class of thirty else is one question.
    """
    named = grant.people.union(*(each.people for each in live.grants))
    named |= {each.person for each in live.restrictions if each.person is not None}
    groups: dict[Subject, list[Subject]] = {}
    for each in subjects:
        key = msgspec.structs.replace(
            each, device_id=None, person=each.person if each.person in named else None
        )
        groups.setdefault(key, []).append(each)
    return list(groups.values())
