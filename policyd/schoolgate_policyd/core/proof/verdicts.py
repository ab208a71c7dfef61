"""
The rule of decision over sets of cells: which subjects, at which times, reach a part of a site.

Of grants the kinds alone count. A grant for the whole site opens the most that its kind can open
anywhere on it, and more kinds never open less, so an invariant that holds with grants of all
other kinds over the whole site holds with any.
"""

from collections.abc import Iterable

from schoolgate_policyd.core.proof.judge import Judge
from schoolgate_policyd.core.proof.sites import Part, Site, Sites
from schoolgate_policyd.core.rules import GrantKind, Rule

NO_GRANTS: frozenset[GrantKind] = frozenset()


class Verdicts:
    """What the policy *side* says of *site*, in cells of *judge*."""

    def __init__(self, sites: Sites, site: Site, judge: Judge, side: int = 0) -> None:
        self._site = site
        self._side = side
        # What blocks each part, rule by rule; a help line is blocked by none.
        self._blocking = {part.url: self._by_rule(sites, part, judge) for part in site.parts}

    def blocked(self, part: Part, granted: frozenset[GrantKind] = NO_GRANTS) -> int:
        """Return the cells in which *part* is blocked while grants of these kinds are live."""
        return _union(
            cells for rule, cells in self._blocking[part.url] if rule.lifted_by.isdisjoint(granted)
        )

    def blocked_by(self, rule: Rule, part: Part) -> int:
        """Return the cells in which *rule* blocks *part*, grants aside."""
        return _union(cells for each, cells in self._blocking[part.url] if each is rule)

    def blocked_unseen(self, granted: frozenset[GrantKind] = NO_GRANTS) -> int:
        """Return the cells in which the site is blocked where nothing can look inside."""
        everywhere = -1
        found = 0
        for part in self._site.parts:
            everywhere &= self.blocked(part, granted)
            for rule, cells in self._blocking[part.url]:
                if rule.lifted_by.isdisjoint(granted):
                    found |= self._unseen(rule, cells)
        return found | everywhere

    def blocked_unseen_by(self, rule: Rule, part: Part) -> int:
        """Return the cells in which *rule* blocks the whole site because of *part*."""
        return self._unseen(rule, self.blocked_by(rule, part))

    def _unseen(self, rule: Rule, cells: int) -> int:
        """Return those of *cells* in which *rule* blocks also where nothing can look inside."""
        # Open uninspected is a part of a site, never the site.
        return cells & self._everywhere(rule) if rule.is_open_uninspected else cells

    def _everywhere(self, rule: Rule) -> int:
        """Return the cells in which *rule* blocks all of the site, or would without a grant."""
        found = -1
        for part in self._site.parts:
            found &= self.blocked_by(rule, part)
        return found

    def _by_rule(self, sites: Sites, part: Part, judge: Judge) -> list[tuple[Rule, int]]:
        if self._site.is_help_line[self._side]:
            return []
        return [
            (rule, judge.blocked_by(rule, service, self._side))
            for rule, service in sites.pairs_of(part, self._side)
        ]


def _union(sets: Iterable[int]) -> int:
    found = 0
    for cells in sets:
        found |= cells
    return found
