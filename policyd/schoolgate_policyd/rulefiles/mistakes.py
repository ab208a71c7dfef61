"""What is wrong with rule files: each mistake with its place, all of them gathered."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.rulefiles.overlay import NO_OVERLAY, Overlay

MAX_MISTAKES = 1000
MAX_SUGGESTIONS = 100
MAX_SHOWN_CHARACTERS = 60
MIN_LIKENESS = 0.65  # below this difflib finds `unknown` in `own`


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a rule file; *line* and *column* count from 1."""

    path: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{printable(str(self.path))}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake: where it stands, what is wrong and what to do about it."""

    path: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{printable(str(self.path))}:{self.line}:{self.column}: {self.message}"


class RuleFileErrors(SchoolgateError):  # noqa: N818 - it is about several mistakes
    """Rule files cannot be used; *mistakes* are all of theirs, sorted by place."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class MistakeBook:
    """
    Gathers mistakes while files are read, so that nobody has to correct them one at a time.

    Beyond MAX_MISTAKES they are counted only, in *noted*: a file of garbage must not fill the
    memory. *overlay* holds the texts that are read in place of files, so that a mistake in one is
    named like a mistake in the file. *files* are those that were read.
    """

    def __init__(self, overlay: Overlay = NO_OVERLAY) -> None:
        self.overlay = overlay
        self._mistakes: set[Mistake] = set()
        self._unlisted: Place | None = None
        self._suggestions = 0
        self.noted = 0
        self.files: set[Path] = set()

    def add(self, place: Place, message: str) -> None:
        """Note a mistake. *message* is lower case, without a full stop, and names a remedy."""
        self.noted += 1
        if len(self._mistakes) < MAX_MISTAKES:
            self._mistakes.add(Mistake(place.path, place.line, place.column, message))
        else:
            self._unlisted = place

    def add_unknown(self, place: Place, what: str, word: str, known: Iterable[str]) -> None:
        """Note that *word*, which should be *what*, is none of *known*."""
        self.add(place, f"{shown(word)} is no {what}{self._remedy(word, tuple(known))}")

    def mistakes(self) -> tuple[Mistake, ...]:
        """Return every mistake, sorted by place."""
        listed = sorted(self._mistakes)
        last = self._unlisted
        if last is not None:
            message = f"there are more than {MAX_MISTAKES} mistakes: correct the others first"
            listed.append(Mistake(last.path, last.line, last.column, message))
        return tuple(sorted(listed))

    def _remedy(self, word: str, known: tuple[str, ...]) -> str:
        if not known:
            return ": none is defined"
        self._suggestions += 1
        # Comparing is slow, and nobody reads the hundredth suggestion.
        if self._suggestions > MAX_SUGGESTIONS or len(word) > 2 * MAX_SHOWN_CHARACTERS:
            return ": see docs/policy-language.md"
        close = difflib.get_close_matches(word, known, n=1, cutoff=MIN_LIKENESS)
        if close:
            return f": did you mean `{close[0]}`?"
        if len(known) <= 12:  # noqa: PLR2004 - as many as fit in a line
            return ": write " + alternatives(known)
        return f": there are {len(known)}, none of them like it"


def shown(text: str) -> str:
    """Return user input in backticks, short and printable, so that no message can be forged."""
    cut = text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"
    return "`" + printable(cut.replace("`", "'")) + "`"


def printable(text: str) -> str:
    """Return *text* with what cannot be printed escaped: the names of files are input too."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def alternatives(words: Iterable[str]) -> str:
    """Return *words* in backticks, joined by commas and an "or"."""
    *leading, last = [f"`{word}`" for word in words]
    return f"{', '.join(leading)} or {last}" if leading else last
