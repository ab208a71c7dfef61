"""
A report of inappropriate content: anyone makes it, somebody answers it, the reporter hears back.

    waiting ──► blocked · blocked-already · stays-open · passed-on
       └─► with-head ─┘

An answer is an answer; what was left open may still be blocked later, since that only tightens.
"""

import hashlib
import re
import unicodedata
from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, Url, parse_url
from schoolgate_policyd.secret_codes import hash_of, in_groups
from schoolgate_policyd.workflow.scopes import is_local, whole_site_of

MAX_SAW = 4000
MAX_NAME = 100

# Without vowels no code is a word, and nobody takes a nought for an O.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 10
_MOST_WORDS_LOOKED_AT = 400
_WORD = re.compile(r"[^\s<>\"'(),]+")
# `bad.It scared me` is the end of a sentence and the beginning of the next.
_NEW_SENTENCE = re.compile(r"\A[^/:]*[a-z]\.[A-Z][a-z]*\Z")
# Categories of characters that hide or reorder what is read (see `entries`), but for joiners.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT = frozenset("\n\u200c\u200d")


class ReportState(StrEnum):
    """Where a report stands."""

    WAITING = "waiting"
    WITH_HEAD = "with-head"
    BLOCKED = "blocked"
    BLOCKED_ALREADY = "blocked-already"
    STAYS_OPEN = "stays-open"
    PASSED_ON = "passed-on"


OPEN_STATES = (ReportState.WAITING, ReportState.WITH_HEAD)
# What may still be blocked after it was answered.
_NOT_YET_BLOCKED = (ReportState.STAYS_OPEN, ReportState.PASSED_ON)


class ReportForm(msgspec.Struct, frozen=True):
    """What a reporter says: what they saw, an address found in it, their name if they gave one."""

    saw: str
    url: Url | None = None
    name: str = ""


class ReportStep(msgspec.Struct, frozen=True):
    """
    What somebody did about a report (machine time, aware).

    *reasons* are for those who handle reports, *answer* is for whoever made this one. *block* is
    the block at once that came of it, *incident* the incident.
    """

    state: ReportState
    actor: str
    at: datetime
    reasons: str
    answer: str = ""
    block: int | None = None
    incident: int | None = None


class Report(msgspec.Struct, frozen=True):
    """
    A report with its steps; *reporter* is a person's id where they were signed in.

    *about* are the people whom it is about, as far as that is known: none of them handles it.
    """

    id: int
    reported_at: datetime
    form: ReportForm
    reporter: str | None = None
    about: frozenset[str] = frozenset()
    steps: tuple[ReportStep, ...] = ()

    @property
    def state(self) -> ReportState:
        """Where it stands."""
        return self.steps[-1].state if self.steps else ReportState.WAITING

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state in OPEN_STATES

    def may_become(self, state: ReportState) -> bool:
        """Whether it may go from where it stands to *state*."""
        if self.is_open:
            return state not in OPEN_STATES or (
                state is ReportState.WITH_HEAD and self.state is ReportState.WAITING
            )
        return state is ReportState.BLOCKED and self.state in _NOT_YET_BLOCKED


def form_of(saw: str, name: str) -> ReportForm:
    """
    Return what a reporter typed, without what cannot be seen, cut where it is too long.

    A frightened child is not sent back for a hidden character that came with what they pasted.
    """
    cleaned = _cleaned(saw.replace("\r\n", "\n").replace("\r", "\n"))[:MAX_SAW]
    return ReportForm(cleaned, address_in(cleaned), " ".join(_cleaned(name).split())[:MAX_NAME])


def address_in(text: str) -> Url | None:
    """Return the first address of the internet that stands in *text*, if any does."""
    for number, word in enumerate(_WORD.finditer(text)):
        if number >= _MOST_WORDS_LOOKED_AT:
            return None
        found = _address(word[0].rstrip(".,;:!?"))
        if found is not None:
            return found
    return None


def code_of(once: str, form: ReportForm) -> str:
    """
    Return the code with which a reporter looks up the answer.

    *once* is a secret of the form that was sent: the same form sent twice has the same code, and
    is one report. Nobody guesses one of 28^10.
    """
    told = f"schoolgate report\0{once}\0{form.saw}\0{form.name}"
    number = int.from_bytes(hashlib.sha256(told.encode()).digest())
    letters = []
    for _ in range(_CODE_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return in_groups(letters, _CODE_LENGTH // 2)


def hash_of_code(code: str) -> str | None:
    """Return what is stored of a code, however it is typed; None for what can be none."""
    typed = "".join(each for each in code.upper() if each.isalnum())
    if len(typed) != _CODE_LENGTH or any(each not in _ALPHABET for each in typed):
        return None
    return hash_of(f"report code {typed}")


def _cleaned(text: str) -> str:
    seen = (each for each in text if each in _KEPT or unicodedata.category(each) not in _HIDDEN)
    return "".join(seen).strip()


def _address(word: str) -> Url | None:
    if "." not in word or _NEW_SENTENCE.search(word):
        return None
    try:
        url = parse_url(word)
    except NameSyntaxError:
        return None
    if is_local(url.host):
        return None
    # What ends in nothing under which anybody has a site is not taken for one.
    is_site = isinstance(url.host, AddressLiteral) or whole_site_of(url.host) is not None
    return url if is_site else None
