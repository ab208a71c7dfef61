"""
The parent of a name: the domain that somebody registered, or a customer of somebody who did.

The rules are publicsuffixlist's (publicsuffix.org), the private ones included: two customers of
one content network have two parents. The library itself looks at a name from its longest ending
to its shortest, and three times at each; most are decided by the last two labels.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import publicsuffixlist

# Of a name that no rule is about, the last label is public.
_LABELS_WITHOUT_RULE: Final = 2
_LABELS_BELOW_TWO: Final = 3
# At one ending an exception counts before a wildcard, and a wildcard before the ending itself.
_TAKEN_AFTER: Final = {"*": 1, "!": 2}


class Parents:
    """
    Finds parents by *rules* as publicsuffix.org writes them, in A-labels.

    INVARIANT: with an ending all shorter ones are known, so that the first that is not known
    shows that no rule is about a longer one.
    """

    def __init__(self, rules: Iterable[str]) -> None:
        # By ending: how many labels a parent has, 0 where only longer endings have a rule.
        self._labels_below: dict[str, int] = {}
        for rule in sorted(rules, key=lambda each: _TAKEN_AFTER.get(each[0], 0)):
            self._take(rule)

    def _take(self, rule: str) -> None:
        ending = rule.removeprefix("!").removeprefix("*.")
        labels = ending.split(".")
        for place in range(1, len(labels)):
            self._labels_below.setdefault(".".join(labels[place:]), 0)
        more = 0 if rule.startswith("!") else 2 if rule.startswith("*.") else 1
        self._labels_below[ending] = len(labels) + more

    def parent_of(self, name: str) -> str | None:
        """Return the parent of *name* (lower case), None if that is public from end to end."""
        known = self._labels_below
        last_dot = name.rfind(".")
        if last_dot > 0:
            # Nearly always the longest rule is about the last label (com) or two (co.uk).
            dot = name.rfind(".", 0, last_dot)
            ending = name[dot + 1 :]
            wanted = known.get(ending)
            if wanted is None:
                wanted = known.get(name[last_dot + 1 :], _LABELS_WITHOUT_RULE)
                if wanted == _LABELS_WITHOUT_RULE:
                    return ending
            elif wanted == _LABELS_BELOW_TWO and dot > 0:
                ending = name[name.rfind(".", 0, dot) + 1 :]
                if ending not in known:
                    return ending
        return self._by_longest_rule(name)

    def _by_longest_rule(self, name: str) -> str | None:
        known = self._labels_below
        wanted = _LABELS_WITHOUT_RULE
        dot = len(name)
        while dot >= 0:
            dot = name.rfind(".", 0, dot)
            count = known.get(name[dot + 1 :])
            if count is None:
                break
            # The longest rule decides.
            wanted = count or wanted
        labels = name.rsplit(".", wanted)
        return ".".join(labels[-wanted:]) if len(labels) >= wanted else None


@cache
def installed_parents() -> Parents:
    """Return those of the list that is installed."""
    return Parents(public_suffix_rules())


def public_suffix_rules() -> Iterator[str]:
    """Yield the rules of the list that is installed, in A-labels."""
    for line in Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines():
        rule = line.partition(" ")[0].strip().lower()
        if rule and not rule.startswith("//"):
            yield rule if rule.isascii() else _in_a_labels(rule)


def _in_a_labels(rule: str) -> str:
    mark = "!" if rule.startswith("!") else ""
    return mark + rule.removeprefix("!").encode("idna").decode("ascii")
