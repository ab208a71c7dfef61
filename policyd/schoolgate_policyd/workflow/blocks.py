"""
Blocking at once: what is entered, what is kept, and who may lift it again.

Whoever handles reports may block at once, since that only tightens; the head alone lifts a block,
since that loosens. It is in force for everybody it is about until then: no grant lifts it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.core.at_once import AtOnce, Blockable
from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import Url, parse_url
from schoolgate_policyd.workflow.blockable import Extent, NotBlockable, blockable, warnings_of
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import (
    FieldMistake,
    InvalidForm,
    NotAllowed,
    WrongState,
    mistake_in,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.visibility import Sight, may

# Each costs every point a little, and a list so long belongs into the policy.
MOST_IN_FORCE = 200
MAX_REASON = 2000
MAX_URL = 2000
PUPILS, EVERYBODY = "pupils", "everybody"
FIELDS = ("url", "extent", "whom", "reason", "answer", "sure")
LIFTING_FIELDS = ("reason",)
_WHOM = {PUPILS: PUPILS, EVERYBODY: EVERYBODY}
_EXTENTS = {each.value: each.value for each in Extent}


class BlockForm(msgspec.Struct, frozen=True):
    """What is blocked, for whom and why; *answer* is for whoever reported it, if anybody did."""

    what: Blockable
    is_for_everybody: bool
    reason: str
    answer: str = ""


class Lifted(msgspec.Struct, frozen=True):
    """Who lifted a block, when (machine time, aware) and why."""

    by: str
    at: datetime
    reason: str


class Block(msgspec.Struct, frozen=True):
    """
    A block at once with who made it, when (machine time, aware) and why.

    *report* is the report that it came from.
    """

    number: int
    what: Blockable
    is_for_everybody: bool
    reason: str
    by: str
    at: datetime
    report: int | None = None
    lifted: Lifted | None = None

    @property
    def at_once(self) -> AtOnce:
        """What the policy in force has of it."""
        return AtOnce(self.number, self.what, self.is_for_everybody)

    def says(self, what: Blockable, *, is_for_everybody: bool) -> bool:
        """Whether it is in force and blocks *what* for as many already."""
        return (
            self.lifted is None
            and self.what == what
            and (self.is_for_everybody or not is_for_everybody)
        )


class Unsure(msgspec.Struct, frozen=True):
    """What is to be known before it is blocked; *digest* is what a form says to say yes to it."""

    warnings: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A short name of exactly these warnings."""
        return hashlib.sha256("\n".join(self.warnings).encode()).hexdigest()[:16]


class NotSure(InvalidForm):
    """A form is right but for what is to be known first."""

    def __init__(self, unsure: Unsure, entry: Mapping[str, str]) -> None:
        super().__init__((FieldMistake("sure", "Say that you mean it."),), entry)
        self.unsure = unsure


def parse_block(entered: Mapping[str, str], catalogue: Catalogue) -> BlockForm:
    """
    Return what is to be blocked. Raises InvalidForm, NotSure where warnings are not confirmed.

    *catalogue* is that of the policy in force.
    """
    entry = Entry(entered, FIELDS)
    typed = entry.line("url", "Enter the address of what is to be blocked.", MAX_URL)
    extent = entry.choice("extent", _EXTENTS, "Say how much of it.")
    whom = entry.choice("whom", _WHOM, "Say for whom.")
    reason = entry.text("reason", "Give the reason. It stays with the block.", MAX_REASON)
    answer = entry.text("answer", "", MAX_REASON) if entered.get("answer", "").strip() else ""
    url = _url(entry, typed)
    what = None
    if url is not None and extent is not None:
        try:
            what = blockable(url, Extent(extent), catalogue)
        except NotBlockable as refusal:
            entry.mistake("url", str(refusal))
    entry.raise_mistakes()
    if what is None:
        raise AssertionError("what is missing is a mistake")
    unsure = Unsure(warnings_of(what, catalogue))
    if unsure.warnings and entered.get("sure") != unsure.digest:
        raise NotSure(unsure, {name: entered.get(name, "") for name in FIELDS})
    return BlockForm(what, whom == EVERYBODY, reason, answer)


def parse_lifting(entered: Mapping[str, str]) -> str:
    """Return the reason for which a block is lifted. Raises InvalidForm."""
    entry = Entry(entered, LIFTING_FIELDS)
    reason = entry.text("reason", "Give the reason. It stays with the block.", MAX_REASON)
    entry.raise_mistakes()
    return reason


def require_may_block(by: Member) -> None:
    """Raise NotAllowed unless *by* may block at once."""
    if not may(by, Sight.BLOCK_AT_ONCE):
        raise NotAllowed(
            "The online safety lead, the designated safeguarding lead and the headteacher may "
            "block at once."
        )


def require_new(form: BlockForm, in_force: tuple[Block, ...]) -> None:
    """Raise InvalidForm where *form* is blocked at once already, NotAllowed where no room is."""
    if any(each.says(form.what, is_for_everybody=form.is_for_everybody) for each in in_force):
        raise mistake_in("url", "This is blocked at once already.")
    if len(in_force) >= MOST_IN_FORCE:
        raise NotAllowed(
            f"{MOST_IN_FORCE} blocks at once are in force: make some of them part of the policy, "
            "then have them lifted."
        )


def lifted(block: Block, *, by: Member, reason: str, at: datetime) -> Block:
    """Return *block* lifted. Raises NotAllowed, WrongState."""
    if not may(by, Sight.LIFT_BLOCKS):
        raise NotAllowed("Lifting a block opens something, so the headteacher decides.")
    if block.lifted is not None:
        raise WrongState("This block was lifted before.")
    return msgspec.structs.replace(block, lifted=Lifted(by.id, at, reason))


def _url(entry: Entry, typed: str) -> Url | None:
    if not typed:
        return None
    try:
        return parse_url(typed)
    except NameSyntaxError as error:
        entry.mistake("url", f"This is no address of a page: {error}.")
        return None
