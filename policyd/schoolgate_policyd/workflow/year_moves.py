"""The new school year: every pupil one year group up, and each class's pupils to the next."""

import re
from collections import Counter

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.people_import import Update
from schoolgate_policyd.workflow.register_people import PersonRecord, shown
from schoolgate_policyd.workflow.shown_plans import digest_of

FIELDS = ("last_year", "moves", "leave_on")
MOST_LINES = 500
MAX_TEXT = 20_000

_YEAR = re.compile(r"(\d{1,2})(.*)", re.ASCII)
_ARROW = re.compile(r"\s*(?:>|→|->)\s*")


class YearMoves(msgspec.Struct, frozen=True):
    """
    What moving up changes: *moved* lines, and the ids of those *leaving*.

    *text* says where each class's pupils go, a line for each class.
    """

    text: str
    moved: tuple[Update, ...]
    leaving: tuple[str, ...]
    without_year: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What stands for these very moves, so that what was shown is what is done."""
        return digest_of(self)


def moved_up(
    people: tuple[PersonRecord, ...],
    classes: tuple[SchoolClass, ...],
    text: str | None,
    last_year: int,
) -> YearMoves:
    """
    Return what moving up would change; *text* None proposes where each class goes.

    Pupils in *last_year* leave; those without a year group stay as they are. Raises InvalidForm.
    """
    text = proposed(classes) if text is None else text
    goes_to = _read(text, classes)
    moved, leaving, without_year = [], [], []
    for each in people:
        if each.entry.audience is not Audience.PUPIL or each.leaves_at is not None:
            continue
        if each.entry.year_group is None:
            without_year.append(each.id)
        elif each.entry.year_group >= last_year:
            leaving.append(each.id)
        else:
            ids = (goes_to.get(old, old) for old in each.entry.classes)
            after = msgspec.structs.replace(
                each.entry,
                year_group=each.entry.year_group + 1,
                classes=frozenset(new for new in ids if new is not None),
            )
            moved.append(Update(each.id, each.entry, after))
    return YearMoves(text, tuple(moved), tuple(leaving), tuple(without_year))


def proposed(classes: tuple[SchoolClass, ...]) -> str:
    """Return where each class's pupils probably go: 4B to 5B where there is one."""
    written = {each.name.casefold(): _written(each, classes) for each in classes}
    lines = []
    for each in classes:
        found = _YEAR.fullmatch(each.name)
        following = "" if found is None else f"{int(found[1]) + 1}{found[2]}"
        after = written.get(following.casefold(), "")
        lines.append(f"{_written(each, classes)} > {after}".rstrip())
    return "\n".join(lines)


def _written(class_: SchoolClass, classes: tuple[SchoolClass, ...]) -> str:
    """Return a class's name, or its id where a line with that name could not be read back."""
    is_read = class_.name.casefold() in _by_name(classes) and not _ARROW.search(class_.name)
    return class_.name if is_read else class_.id


def _by_name(classes: tuple[SchoolClass, ...]) -> dict[str, str]:
    """Return the ids of the classes by the names that stand for one of them alone."""
    # A class may have the id of another one for its name.
    often = Counter(
        word for each in classes for word in {each.name.casefold(), each.id.casefold()}
    )
    return {each.name.casefold(): each.id for each in classes if often[each.name.casefold()] == 1}


def _read(text: str, classes: tuple[SchoolClass, ...]) -> dict[str, str | None]:
    """Return by the id of each class that of the class its pupils go to. Raises InvalidForm."""
    entry = Entry({"moves": text}, FIELDS)
    named = {each.id.casefold(): each.id for each in classes}
    named |= _by_name(classes)
    goes_to: dict[str, str | None] = {}
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    if len(lines) > MOST_LINES or len(text) > MAX_TEXT:
        entry.mistake("moves", f"Enter at most {MOST_LINES} lines.")
        lines = []
    for line in lines:
        parts = _ARROW.split(line)
        before, after = parts[0], (parts[1] if len(parts) > 1 else "")
        if len(parts) > 2 or before.casefold() not in named:  # noqa: PLR2004 - from and to
            entry.mistake("moves", f"“{shown(line)}” is not like 4B > 5B, with classes you have.")
        elif after and after.casefold() not in named:
            entry.mistake("moves", f"There is no class “{shown(after)}”: add it first.")
        elif named[before.casefold()] in goes_to:
            entry.mistake("moves", f"{shown(before)} stands here twice: remove one line.")
        else:
            goes_to[named[before.casefold()]] = named[after.casefold()] if after else None
    entry.raise_mistakes()
    return goes_to
