"""What the summary of an event says about the school year, or why that is not understood."""

import re
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.times import DateRange


class Meaning(StrEnum):
    """What an event says."""

    TERM = "term"
    TERM_STARTS = "term starts"
    TERM_ENDS = "term ends"
    HALF_TERM = "half-term"
    INSET = "INSET"
    BANK_HOLIDAY = "bank holiday"
    HOLIDAY = "holiday between terms"


class NotUnderstood(msgspec.Struct, frozen=True):
    """Why an event says nothing that can be relied on."""

    why: str


# A term lasts weeks; what is called one and lasts a few days is something in it (`Term 1 fair`).
FEWEST_TERM_DAYS = 14
DAYS_IN_A_WEEK = 7

_WORDS = re.compile(r"[^\w]+")
_INSET = re.compile(
    r"\binset\b|\bin service\b|\b(?:staff|teacher) (?:training|development)\b|\btraining day\b"
    r"|\bnon pupil day\b|\bstaff only\b|\bclosed (?:to|for) (?:pupils|children|students)\b"
)
_BANK_HOLIDAY = re.compile(
    r"\b(?:bank|public) holidays?\b"
    r"|\A(?:early )?may day\Z|\Agood friday\Z|\Aeaster monday\Z|\Anew year s day\Z"
    r"|\A(?:christmas|boxing) day\Z|\As(?:ain)?t (?:andrew|patrick) s day\Z"
)
_HALF_TERM = re.compile(r"\bhalf ?term\b|\bmid term\b")
_SEASON = r"(?:autumn|spring|summer|october|february|may|michaelmas|lent|trinity|school)"
_HALF_TERM_NAME = re.compile(
    rf"\A(?:{_SEASON}(?: term)? )?(?:half ?term|mid term)(?: (?:holidays?|break|week|closure))?"
    rf"(?: {_SEASON}(?: term)?)?(?: \d{{4}}(?: \d{{2,4}})?)?\Z"
)
_CLOSED = re.compile(r"\b(?:the )?school (?:is )?closed\b|\b(?:all week|inclusive)\b")
_NOBODY_THERE = re.compile(r"\b(?:no|not)(?: in)? (?:school|pupils|children|students)\b")
_TERM = re.compile(r"\bterm\b|\A(?:autumn|spring|summer) \d\Z")
_SCHOOL = re.compile(r"\b(?:term|school|pupils|children)\b")
_STARTS = re.compile(
    r"\b(?:starts?|begins?|opens?|reopens|returns?|commences|first day|start of|back to)\b"
)
_ENDS = re.compile(r"\b(?:ends?|finish(?:es)?|closes?|breaks? up|last day|end of)\b")
_HOLIDAY = re.compile(
    r"\b(?:christmas|easter|summer|winter|school|tattie) (?:holidays?|break|vacation)\b"
)
_UNCERTAIN = re.compile(
    r"\b(?:cancelled|canceled|moved|postponed|tbc|provisional|proposed|not|no|except|unless|"
    r"changed|optional|possible)\b"
)
_FOR_SOME = re.compile(
    r"\b(?:years?|yr|ks|key stage|class|form|reception|nursery|pre school|sixth|eyfs|"
    r"infants?|juniors?|nurture)\b ?\d*|\by\d+\b|\byr\d+\b|\bks\d\b|\bpart time\b"
)
_OTHER = re.compile(
    r"\b(?:fair|fete|show|play|concert|disco|trip|club|party|assembly|service|report|reports|"
    r"meeting|photo|photos|camp|menu|fees?|payment|sports?|reading|photographs?|production)\b"
)


def meaning_of(summary: str, days: DateRange) -> Meaning | NotUnderstood:
    """Return what an event called *summary* on *days* says."""
    words = _WORDS.sub(" ", summary.casefold()).strip()
    found = _meaning(words, days)
    if found is None:
        return NotUnderstood("nothing in its words is known")
    if isinstance(found, NotUnderstood):
        return found
    for pattern, why in (
        (_UNCERTAIN, "its words take something back, or are not sure"),
        (_FOR_SOME, "it seems to be for some of the school only"),
        (_OTHER, "it seems to be about something else"),
    ):
        # `Service` is of a church, but not in `in service`; `New Year's Day` is for no year group.
        rest = _NOBODY_THERE.sub(" ", _BANK_HOLIDAY.sub(" ", _INSET.sub(" ", words)))
        match = pattern.search(rest)
        if match is not None:
            return NotUnderstood(f"{why}: `{match[0].strip()}`")
    return found


def _meaning(words: str, days: DateRange) -> Meaning | NotUnderstood | None:
    starts, ends = bool(_STARTS.search(words)), bool(_ENDS.search(words))
    single = _single_day(words)
    if single is not None and (starts or ends):
        return NotUnderstood("it says two things: make an event of each")
    if single is not None:
        is_short = (days.last - days.first).days < DAYS_IN_A_WEEK
        return single if is_short else NotUnderstood("it lasts longer than a week")
    if _HALF_TERM.search(words):
        return _half_term(words)
    return _term_or_holiday(words, days, starts=starts, ends=ends)


def _term_or_holiday(
    words: str, days: DateRange, *, starts: bool, ends: bool
) -> Meaning | NotUnderstood | None:
    if starts or ends:
        return _edge(words, days, starts=starts, ends=ends)
    if _HOLIDAY.search(words):
        return Meaning.HOLIDAY
    return _term(days) if _TERM.search(words) else None


def _single_day(words: str) -> Meaning | None:
    if _INSET.search(words):
        return Meaning.INSET
    return Meaning.BANK_HOLIDAY if _BANK_HOLIDAY.search(words) else None


def _term(days: DateRange) -> Meaning | NotUnderstood:
    if (days.last - days.first).days < FEWEST_TERM_DAYS:
        return NotUnderstood("a term lasts weeks: write `starts`, `ends`, or all of its days")
    return Meaning.TERM


def _half_term(words: str) -> Meaning | NotUnderstood:
    if _HALF_TERM_NAME.match(" ".join(_CLOSED.sub(" ", words).split())):
        return Meaning.HALF_TERM
    return NotUnderstood("a half-term is one event, `Half-term`, from its first day to its last")


def _edge(
    words: str, days: DateRange, *, starts: bool, ends: bool
) -> Meaning | NotUnderstood | None:
    if not _SCHOOL.search(words):
        return None
    if starts and ends:
        return NotUnderstood("it both starts and ends something: make two events of it")
    if days.first != days.last:
        return NotUnderstood("a term starts and ends on one day, and this has several")
    if _TERM.search(words) or _plain_school(words):
        return Meaning.TERM_STARTS if starts else Meaning.TERM_ENDS
    return None


def _plain_school(words: str) -> bool:
    """Whether nothing but the school itself starts or ends, as in `School closes`."""
    return (
        re.fullmatch(
            r"(?:school|pupils|children)(?: (?:re)?(?:opens?|starts?|begins?|returns?|closes?|"
            r"breaks? up))(?: for (?:the )?(?:autumn|spring|summer|christmas|easter)"
            r"(?: holidays?| break)?)?",
            words,
        )
        is not None
    )
