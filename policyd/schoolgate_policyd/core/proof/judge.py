"""
Which cells a rule blocks: the atoms of its conditions, each asked of each value once.

`conditions.holds` says whether an atom holds, here as in every decision; a condition is the
conjunction of its atoms and atoms of different dimensions do not depend on each other, so the
cells in which a condition holds are the common cells of its atoms.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.proof.asked import Asked, asked_by, asks_of_the_time
from schoolgate_policyd.core.proof.cells import Cells
from schoolgate_policyd.core.proof.dimensions import (
    DUTY,
    OVERTIME,
    TIME,
    Dimension,
    Trait,
    dimensions,
    having,
)
from schoolgate_policyd.core.proof.year import Year
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.school_time import Possible
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import Period

_NO_CONDITION = Condition()
_ANY_TIME = Possible(Period.CLOSED, is_school_day=False)


class _At(NamedTuple):
    """What a condition is asked of, beside a cell: the period, the service, whose timetable."""

    possible: Possible
    service: Service | None
    side: int


class Judge:
    """Says in which cells a rule blocks, for everything that is *asked* about one kind of site."""

    def __init__(self, asked: Asked, year: Year) -> None:
        self._dimensions = dimensions(asked, year)
        self.cells = Cells([len(each.traits) for each in self._dimensions])
        self.real = self._real()
        self._blocked: dict[object, int] = {}

    def blocked_by(self, rule: Rule, service: Service | None, side: int = 0) -> int:
        """
        Return the cells in which *rule* blocks what belongs to *service*, grants aside.

        *side* says by which of the year's school times. Where several periods are possible, one
        in which the rule blocks suffices.
        """
        key = (rule.id, service and (service.id, service.minimum_age), side)
        if key not in self._blocked:

            def blocked(at: _At) -> int:
                spoken_of = self._any(rule.applies_to, at, unknown_holds=True)
                return spoken_of & ~self._any(rule.unless, at, unknown_holds=False)

            self._blocked[key] = self.real & self._in_some_period(rule, service, side, blocked)
        return self._blocked[key]

    def excepted_by(self, rule: Rule, exception: Condition, service: Service | None) -> int:
        """Return the cells in which *exception* spares somebody of whom *rule* speaks."""

        def excepted(at: _At) -> int:
            spoken_of = self._any(rule.applies_to, at, unknown_holds=True)
            return spoken_of & self._any((exception,), at, unknown_holds=False)

        return self.real & self._in_some_period(rule, service, 0, excepted)

    def of(self, dimension: int, is_chosen: Callable[[Trait], bool]) -> int:
        """Return the cells whose trait in *dimension* is chosen."""
        traits = self._dimensions[dimension].traits
        return self.cells.where(dimension, [is_chosen(trait) for trait in traits])

    def traits_of(self, cells: int) -> tuple[Trait, ...]:
        """Return the traits of the first of *cells*, which are not empty."""
        first = self.cells.first(cells)
        return tuple(
            dimension.traits[value]
            for dimension, value in zip(self._dimensions, first, strict=True)
        )

    def is_at_any_time(self, cells: int) -> bool:
        """Whether what holds of the first of *cells* holds of it at every time of the year."""
        first = self.cells.first(cells)
        alike = self.real
        for position, (dimension, value) in enumerate(zip(self._dimensions, first, strict=True)):
            its = dimension.traits[value]
            if position == TIME:
                chosen = [trait.subject == its.subject for trait in dimension.traits]
            else:
                chosen = [trait is its for trait in dimension.traits]
            alike &= self.cells.where(position, chosen)
        return not alike & ~cells

    def _real(self) -> int:
        """
        Return the cells that occur.

        The register refuses pupils who hold a duty, and staff alone work overtime.
        """
        pupils = self.of(TIME, having("audience", Audience.PUPIL))
        staff = self.of(TIME, having("audience", Audience.STAFF))
        on_duty = ~self.of(DUTY, having("duties", ()))
        on_overtime = self.of(OVERTIME, lambda trait: trait.is_on_overtime)
        return self.cells.all & ~(pupils & on_duty) & ~(on_overtime & ~staff)

    def _in_some_period(
        self, rule: Rule, service: Service | None, side: int, cells_at: Callable[[_At], int]
    ) -> int:
        if not asks_of_the_time(asked_by(rule)):
            return cells_at(_At(_ANY_TIME, service, side))
        spans = [trait.span for trait in self._dimensions[TIME].traits]
        times = [span.possible[side] for span in spans if span is not None]
        found = 0
        for possible in dict.fromkeys(each for time in times for each in time):
            here = self.cells.where(TIME, [possible in time for time in times])
            found |= here & cells_at(_At(possible, service, side))
        return found

    def _any(self, some: Iterable[Condition], at: _At, *, unknown_holds: bool) -> int:
        found = 0
        for condition in some:
            found |= self._holding(condition, at, unknown_holds=unknown_holds)
        return found

    def _holding(self, condition: Condition, at: _At, *, unknown_holds: bool) -> int:
        found = self.cells.all
        for position, dimension in enumerate(self._dimensions):
            part = _about(condition, dimension)
            if part != _NO_CONDITION:
                chosen = [
                    conditions.holds(
                        part, _facts(trait, at), at.service, unknown_holds=unknown_holds
                    )
                    for trait in dimension.traits
                ]
                found &= self.cells.where(position, chosen)
        return found


def _about(condition: Condition, dimension: Dimension) -> Condition:
    """Return those atoms of *condition* that *dimension* settles."""
    return Condition(**{name: getattr(condition, name) for name in dimension.atoms})


def _facts(trait: Trait, at: _At) -> Facts:
    is_at_work = trait.is_at_work[at.side : at.side + 1] == (True,)
    return Facts(
        subject=Subject(**dict(trait.subject)),
        period=at.possible.period,
        is_in_own_hours=is_at_work and at.possible.is_school_day,
        is_on_overtime=trait.is_on_overtime,
        standing=trait.standing,
    )
