"""What became of a list's lines: how many names were taken, and what could not be honoured."""

from enum import StrEnum

import msgspec

EXAMPLES_KEPT = 3
MAX_SHOWN = 80


class Reason(StrEnum):
    """Why a line of a list is not honoured."""

    SYNTAX = "syntax"
    TOO_WIDE = "too-wide"
    SPARED = "spared"
    NOT_PUBLIC = "not-public"
    EXCEPTION = "exception"
    MODIFIER = "modifier"
    PATTERN = "pattern"
    PAGE = "page"
    COSMETIC = "cosmetic"
    REWRITE = "rewrite"
    TRIGGER = "trigger"
    DIRECTIVE = "directive"

    @property
    def words(self) -> str:
        """How pages and tables say it."""
        return _WORDS[self]


_WORDS = {
    Reason.SYNTAX: "no name that a browser would open",
    Reason.TOO_WIDE: "covers a whole top-level domain or registry suffix",
    Reason.SPARED: "a lesson site, a help line or a name above one: stays open",
    Reason.NOT_PUBLIC: "an address that is not of the public internet",
    Reason.EXCEPTION: "would open something: a list can only block",
    Reason.MODIFIER: "has modifiers that change whom or what it is about",
    Reason.PATTERN: "a regular expression, a wildcard or a part of a name",
    Reason.PAGE: "a part of a site, not a name",
    Reason.COSMETIC: "changes pages, blocks nothing",
    Reason.REWRITE: "answers with another address or name",
    Reason.TRIGGER: "not about the name that is asked for",
    Reason.DIRECTIVE: "a directive of zone files that is not followed",
}


class Example(msgspec.Struct, frozen=True):
    """A line, as far as it can be shown, with its number from 1."""

    line: int
    text: str


class NotHonoured(msgspec.Struct, frozen=True):
    """How many lines are not honoured for one reason, with the first of them."""

    reason: Reason
    count: int
    examples: tuple[Example, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """
    What was read of a list: *names* are different ones.

    *warnings* are sentences about names that were taken all the same.
    """

    names: int
    not_honoured: tuple[NotHonoured, ...] = ()
    warnings: tuple[str, ...] = ()


class Tally:
    """Counts what is not honoured while a list is read, keeping the first few of each reason."""

    def __init__(self, examples_kept: int = EXAMPLES_KEPT) -> None:
        self._examples_kept = examples_kept
        self._counts: dict[Reason, int] = {}
        self._examples: dict[Reason, list[Example]] = {}

    def leave(self, reason: Reason, line: bytes, number: int) -> None:
        """Note that *line* is not honoured for *reason*."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        examples = self._examples.setdefault(reason, [])
        if len(examples) < self._examples_kept:
            examples.append(Example(number, shown(line)))

    def not_honoured(self) -> tuple[NotHonoured, ...]:
        """Return the counts, the largest first."""
        ordered = sorted(self._counts, key=lambda reason: (-self._counts[reason], reason))
        return tuple(
            NotHonoured(reason, self._counts[reason], tuple(self._examples[reason]))
            for reason in ordered
        )


def shown(line: bytes) -> str:
    """Return a line of a stranger's, short and printable, so that no output can be forged."""
    text = line[: 4 * MAX_SHOWN].decode("utf-8", "replace").strip()
    cut = text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in cut
    )
