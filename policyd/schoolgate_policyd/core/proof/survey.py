"""Policies gone through side by side: every class of sites with the verdicts of each policy."""

from collections.abc import Iterator

import msgspec

from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.proof.asked import Asked
from schoolgate_policyd.core.proof.judge import Judge
from schoolgate_policyd.core.proof.sites import Found, OneNameEach, Part, Site, Sites
from schoolgate_policyd.core.proof.verdicts import NO_GRANTS, Verdicts
from schoolgate_policyd.core.proof.witness import Witness, witness_of
from schoolgate_policyd.core.proof.year import Year
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.snapshot import compile_snapshot


class Coverage(msgspec.Struct, frozen=True):
    """
    What was gone through: *names* fall into *sites* that no rule tells apart.

    *cells* are kinds of request: a site, who asks with what, when, and what stands; *spans*
    are the different times of the year.
    """

    names: int = 0
    sites: int = 0
    cells: int = 0
    spans: int = 0


class Look(msgspec.Struct, frozen=True):
    """One class of sites, with the verdicts of each policy."""

    site: Site
    judge: Judge
    verdicts: tuple[Verdicts, ...]


class Survey:
    """Goes through *policies*, which share what the cells are. Raises TooManyCellsError."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self.snapshots = tuple(
            compile_snapshot(Source(0, policy), OneNameEach()) for policy in policies
        )
        self._sites = Sites(self.snapshots)
        self._classes = self._sites.classes()
        school_times = tuple(policy.school_time for policy in policies)
        self.year = Year(school_times, self._sites.year_groups)
        self._judges: dict[Asked, Judge] = {}

    def looks(self) -> Iterator[Look]:
        """Yield every class of sites, those that readers know first."""
        for site in self._classes:
            if site.asked not in self._judges:
                self._judges[site.asked] = Judge(site.asked, self.year)
            judge = self._judges[site.asked]
            verdicts = (
                Verdicts(self._sites, site, judge, side) for side in range(len(self.snapshots))
            )
            yield Look(site, judge, tuple(verdicts))

    def pairs(self, part: Part) -> Iterator[Found]:
        """Yield the rules of the first policy that speak of *part*, with their stand-ins."""
        return self._sites.pairs_of(part, 0)

    def witness(
        self,
        look: Look,
        part: Part,
        cells: int,
        *,
        is_inspectable: bool,
        granted: frozenset[GrantKind] = NO_GRANTS,
    ) -> Witness:
        """Return the request that the first of *cells*, not empty, is about."""
        return witness_of(
            look.judge.traits_of(cells),
            part.url,
            self.year.zone,
            actual=look.site.actual,
            is_inspectable=is_inspectable,
            granted=granted,
            is_at_any_time=look.judge.is_at_any_time(cells),
        )

    def coverage(self) -> Coverage:
        """Return how much was gone through."""
        return Coverage(
            names=self._sites.names,
            sites=len(self._classes),
            cells=sum(
                2 * len(site.parts) * self._judges[site.asked].cells.count
                for site in self._classes
                if site.asked in self._judges
            ),
            spans=self.year.count,
        )
