"""
What people typed into a form, field by field; every mistake is kept beside the entry.

An `Entry` gives the fields' values and gathers mistakes instead of raising at the first, so that
a page can show them all at once with everything that was typed.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm

MAX_LINE = 200
MAX_TEXT = 4000
MAX_KEPT = 10_000
FIRST_YEAR, LAST_YEAR = 2000, 2100
SECRET_FIELDS = frozenset({"password"})

# Categories of characters that no form needs and that hide or reorder what is read: controls,
# format characters (bidi overrides among them), surrogates, private use, unassigned.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Joiners that scripts and emoji need inside words.
_JOINERS = frozenset("\u200c\u200d")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::\d{2})?", re.ASCII)


class Entry:
    """The raw fields of one form and the mistakes found in them so far."""

    def __init__(self, raw: Mapping[str, str], fields: tuple[str, ...]) -> None:
        self._raw = {name: raw.get(name, "") for name in fields}
        self._fields = fields
        self._mistakes: list[FieldMistake] = []

    def mistake(self, field: str, message: str) -> None:
        """Note that *field* is wrong."""
        self._mistakes.append(FieldMistake(field, message))

    def raise_mistakes(self) -> None:
        """Raise InvalidForm if any mistake was found, in the order of the form's fields."""
        if self._mistakes:
            order = {name: position for position, name in enumerate(self._fields)}
            inorder = sorted(self._mistakes, key=lambda each: order[each.field])
            kept = {
                name: text[:MAX_KEPT]
                for name, text in self._raw.items()
                if name not in SECRET_FIELDS
            }
            raise InvalidForm(tuple(inorder), kept)

    def line(self, field: str, missing: str, limit: int = MAX_LINE) -> str:
        """Return the single line of *field*, stripped; *missing* is what to say if it is empty."""
        text = self._checked(field, self._raw[field].strip(), limit, allowed="")
        if not text and not self._has(field):
            self.mistake(field, missing)
        return text

    def text(self, field: str, missing: str, limit: int = MAX_TEXT) -> str:
        """Return the lines of *field*, line ends made one kind."""
        raw = self._raw[field].replace("\r\n", "\n").replace("\r", "\n").strip()
        text = self._checked(field, raw, limit, allowed="\n\t")
        if not text and not self._has(field):
            self.mistake(field, missing)
        return text

    def choice(self, field: str, options: Mapping[str, str], missing: str) -> str | None:
        """Return what *options* gives for the chosen value, None after noting a mistake."""
        chosen = options.get(self._raw[field])
        if chosen is None:
            self.mistake(field, missing)
        return chosen

    def day(self, field: str, missing: str) -> date | None:
        """Return the date in *field*: 2026-11-20 or 20/11/2026."""
        raw = self._raw[field].strip()
        if not raw:
            self.mistake(field, missing)
            return None
        day = _day_in(raw)
        if day is None:
            self.mistake(field, "Enter a real date, like 20/11/2026.")
        return day

    def moment(self, field: str, zone: ZoneInfo, missing: str) -> datetime | None:
        """
        Return the moment in *field*, which the school's wall clock shows.

        It is written as 2026-11-20T10:30 or 20/11/2026 10:30.
        An hour that happens twice, when clocks go back, is taken as the first.
        """
        raw = self._raw[field].strip()
        if not raw:
            self.mistake(field, missing)
            return None
        local = _local_in(raw)
        if local is None:
            self.mistake(field, "Enter a real date and time, like 20/11/2026 10:30.")
            return None
        moment = local.replace(tzinfo=zone)
        utc = moment.astimezone(ZoneInfo("UTC"))
        if utc.astimezone(zone).replace(tzinfo=None) != local:
            self.mistake(field, "That time does not exist: the clocks go forward then.")
            return None
        return utc

    def _has(self, field: str) -> bool:
        return any(each.field == field for each in self._mistakes)

    def _checked(self, field: str, text: str, limit: int, *, allowed: str) -> str:
        if len(text) > limit:
            self.mistake(field, f"Use {limit} characters or fewer: these are {len(text)}.")
            return ""
        for character in text:
            if (
                unicodedata.category(character) in _HIDDEN
                and character not in allowed
                and character not in _JOINERS
            ):
                self.mistake(
                    field,
                    f"Remove the hidden character U+{ord(character):04X}: it cannot be shown.",
                )
                return ""
        return text


def _day_in(text: str) -> date | None:
    iso = _ISO_DAY.fullmatch(text)
    day_first = _DAY_FIRST.fullmatch(text)
    if iso:
        year, month, day = map(int, iso.groups())
    elif day_first:
        day, month, year = map(int, day_first.groups())
    else:
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _local_in(text: str) -> datetime | None:
    day_text, _, time_text = text.replace("T", " ", 1).partition(" ")
    day = _day_in(day_text)
    clock = _TIME.fullmatch(time_text.strip())
    if day is None or clock is None:
        return None
    hour, minute = int(clock[1]), int(clock[2])
    try:
        # The zone is put on by the caller, who knows the school's.
        return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - see above
    except ValueError:
        return None
