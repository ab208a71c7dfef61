"""
Safe search: for whom the results of search services are filtered, and how strictly.

A search service that can be filtered from outside has a second name whose server leaves out what
is not for children. Whoever is told the address of that name instead of the usual one gets
filtered results, whatever they set in the browser. `rules/safe-search.yaml` says which names.
"""

from enum import StrEnum
from typing import assert_never

import msgspec

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject


class SafeSearchMode(StrEnum):
    """How strictly results are filtered."""

    STRICT = "strict"
    MODERATE = "moderate"
    OFF = "off"


class SearchService(msgspec.Struct, frozen=True):
    """
    A service with search results that can be filtered.

    *hosts* are exact names, without what is under them. Instead of each the name *strict* is
    looked up, or *moderate* where the service has such a mode.
    """

    id: str
    name: str
    hosts: tuple[DomainName, ...]
    strict: DomainName
    moderate: DomainName | None = None

    def name_in(self, mode: SafeSearchMode) -> DomainName | None:
        """Return the name that is looked up instead in *mode*, None where nothing is filtered."""
        if mode is SafeSearchMode.OFF:
            return None
        if mode is SafeSearchMode.MODERATE and self.moderate is not None:
            return self.moderate
        return self.strict


_STRICTNESS = {SafeSearchMode.OFF: 0, SafeSearchMode.MODERATE: 1, SafeSearchMode.STRICT: 2}


class SafeSearch(msgspec.Struct, frozen=True):
    """
    The mode for each audience, as a school chose it.

    It is locked for pupils and visitors: they may have a moderate one, never none.
    """

    pupil: SafeSearchMode = SafeSearchMode.STRICT
    visitor: SafeSearchMode = SafeSearchMode.STRICT
    staff: SafeSearchMode = SafeSearchMode.OFF

    def __post_init__(self) -> None:
        if SafeSearchMode.OFF in (self.pupil, self.visitor):
            raise ValueError("safe search is never off for pupils and visitors")

    def mode_for(self, subject: Subject) -> SafeSearchMode:
        """
        Return the mode for *subject*.

        Nobody knows who uses an unknown device: it never gets less filtered results than pupils.
        """
        own = self._mode_of(subject.audience)
        if subject.device is not DeviceKind.UNKNOWN:
            return own
        return max(own, self.pupil, key=_STRICTNESS.__getitem__)

    def _mode_of(self, audience: Audience) -> SafeSearchMode:
        match audience:
            case Audience.PUPIL:
                return self.pupil
            case Audience.VISITOR:
                return self.visitor
            case Audience.STAFF:
                return self.staff
            case _:
                assert_never(audience)
