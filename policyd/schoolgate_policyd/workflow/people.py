"""A member of the school, as pages name them; decisions know people by their ids alone."""

from collections.abc import Callable, Sequence

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty


class Member(msgspec.Struct, frozen=True):
    """
    Somebody of the school.

    *username* is None for those who do not sign in (pupils). *classes* are class ids.
    """

    id: str
    name: str
    audience: Audience
    username: str | None = None
    duties: frozenset[Duty] = frozenset()
    classes: frozenset[str] = frozenset()

    def holds(self, *duties: Duty) -> bool:
        """Whether they hold any of *duties*."""
        return not self.duties.isdisjoint(duties)

    def may_as(self, *duties: Duty) -> bool:
        """Whether any of *duties* entitles them; a pupil's never do, whatever a register says."""
        return self.audience is not Audience.PUPIL and self.holds(*duties)


class SchoolClass(msgspec.Struct, frozen=True):
    """A class of pupils, such as `4B`."""

    id: str
    name: str


def holders(people: tuple[Member, ...], duty: Duty, *, but: str) -> tuple[Member, ...]:
    """Return those who hold *duty* and can sign in, without the person whose id is *but*."""
    return tuple(
        each
        for each in people
        if duty in each.duties and each.id != but and each.username is not None
    )


def is_name_of_another(name: str, member: Member, people: tuple[Member, ...]) -> bool:
    """Whether *name*, as typed, is somebody else's in the school and not that of *member*."""
    folded = _folded(name)
    return folded != _folded(member.name) and any(folded == _folded(each.name) for each in people)


def meant_by(typed: str, people: Sequence[Member]) -> tuple[Member, ...]:
    """Return whom *typed* may mean: a pseudonym or user name, a whole name, a part of a name."""
    folded = _folded(typed)
    tests: tuple[Callable[[Member], bool], ...] = (
        lambda each: typed.strip() in {each.id, each.username},
        lambda each: folded == _folded(each.name),
        lambda each: bool(folded) and folded in _folded(each.name),
    )
    found = (tuple(each for each in people if test(each)) for test in tests)
    return next(filter(None, found), ())


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
