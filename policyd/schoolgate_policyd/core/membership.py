"""Whom a timetable or a one-off day is for; what is not known of a subject could hold."""

import msgspec

from schoolgate_policyd.core.subjects import Audience, Subject


class Membership(msgspec.Struct, frozen=True):
    """
    Whom a timetable or a one-off day is for; what is None is not asked.

    *audience* and *classes* hold when the subject's is one of theirs; *year_groups* is
    inclusive.
    """

    audience: frozenset[Audience] | None = None
    year_groups: tuple[int, int] | None = None
    classes: frozenset[str] | None = None

    def could_hold(self, subject: Subject) -> bool:
        """Whether nothing that is known of *subject* speaks against it."""
        return (
            self.has_audience_of(subject)
            and (subject.year_group is None or self._has_year(subject.year_group))
            and (
                self.classes is None
                or are_classes_unknown(subject)
                or not self.classes.isdisjoint(subject.classes)
            )
        )

    def holds(self, subject: Subject) -> bool:
        """Whether it holds whatever else may come to be known of *subject*."""
        if not self.could_hold(subject):
            return False
        if self.year_groups is not None and subject.year_group is None:
            return False
        if self.classes is None or subject.person is not None:
            return True
        # Somebody at a device that several classes share is in one of them.
        return bool(subject.classes) and subject.classes <= self.classes

    def has_audience_of(self, subject: Subject) -> bool:
        """Whether it speaks of *subject*'s audience at all."""
        return self.audience is None or subject.audience in self.audience

    def _has_year(self, year_group: int) -> bool:
        return self.year_groups is None or (
            self.year_groups[0] <= year_group <= self.year_groups[1]
        )


def are_classes_unknown(subject: Subject) -> bool:
    """Whether *subject* could be in any class: nobody is known, nor whose device it is."""
    return subject.person is None and not subject.classes
