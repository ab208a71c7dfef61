"""What the head signs to have days go otherwise: which, for whom, how, and in which policy."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind, DifferentDay
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signed_text import Part, signature_part, signed_text

TITLE = "Days that are different"
_NONE = "none"
_HOW: Mapping[DayKind, str] = MappingProxyType(
    {
        DayKind.CLOSED: "the school is closed: what the policy says of closed hours holds all day",
        DayKind.CLOSED_FOR_PUPILS: (
            "closed for pupils: what the policy says of closed hours holds all day for them"
        ),
        DayKind.LESSONS: "no breaks: what the policy says of lessons holds in breaks and at lunch",
    }
)


def day_text(
    entry: DayEntry,
    standing: tuple[DifferentDay, ...],
    document: str,
    *,
    version: int,
    signer: Member,
    signed_on: date,
) -> str:
    """
    Return exactly what *signer* signs.

    *standing* are the other days that are different, whose *version* it is; *document* names the
    policy in force.
    """
    days = (
        ("What it is", entry.name),
        ("How it goes", _HOW[entry.kind]),
        ("For whom", _whom(entry)),
        ("From", f"{day_words(entry.first)}, the whole day"),
        ("Until", f"{day_words(entry.last)}, that day included"),
        ("Policy", document),
    )
    beside = (
        ("Calendar", f"version {version}"),
        ("Stand already", "\n".join(map(_line, standing)) or _NONE),
    )
    return signed_text(
        TITLE,
        (
            Part("What this signature changes", days),
            Part("Other days that are different", beside),
            signature_part(signer, ("Date", day_words(signed_on))),
        ),
    )


def _line(day: DifferentDay) -> str:
    entry = day.entry
    days = f"{day_words(entry.first)} to {day_words(entry.last)}"
    return f"{day.id}: {entry.name}, {days}, {entry.kind.value.replace('-', ' ')}, {_whom(entry)}"


def _whom(entry: DayEntry) -> str:
    if entry.years is None:
        return "pupils" if entry.kind is DayKind.CLOSED_FOR_PUPILS else "everybody"
    first, last = entry.years
    return f"pupils of year {first}" if first == last else f"pupils of years {first} to {last}"
