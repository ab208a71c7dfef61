"""Subscriptions to lists of somebody else's, and the rules that locked ones bring with them."""

import re
from collections.abc import Iterable
from pathlib import Path

from schoolgate_policyd.core.catalogue import LargeList
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.lists.subscription import (
    DEFAULT_MAX_MEGABYTES,
    DEFAULT_UPDATE_HOURS,
    Format,
    Subscription,
)
from schoolgate_policyd.rulefiles.fields import (
    TEXT,
    Entries,
    Reader,
    choice,
    mapping,
    text,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.survey import accepts

FOLDER = "lists"
KEYS = (
    "subscription",
    "category",
    "format",
    "url",
    "file",
    "member",
    "locked",
    "update_hours",
    "max_megabytes",
    "source",
)
MAX_UPDATE_HOURS = 24 * 31
MOST_MEGABYTES = 500
LOCKED_RULE = "locked-list-"
"""What the id of a locked list's rule begins with."""

_MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z", re.ASCII)


def subscription(definitions: Definitions, category: Reader[str]) -> Reader[Subscription]:
    """Return a reader of a file with one subscription, whose id must be new."""

    def read(node: Node, book: MistakeBook) -> Subscription | None:
        entries = mapping("a subscription", node, KEYS, book)
        if entries is None:
            return None
        id_ = entries.required("subscription", definitions.defining("list"))
        of = entries.required("category", category)
        format_ = entries.required("format", choice("format of lists", Format))
        source = entries.required("source", text)
        hours = whole_number(1, MAX_UPDATE_HOURS)
        megabytes = whole_number(1, MOST_MEGABYTES)
        found = Subscription(
            id=id_ or "",
            category=of or "",
            format=format_ or Format.DOMAINS,
            source=source or "",
            url=entries.optional("url", _web_address, default=None),
            file=entries.optional("file", _path, default=None),
            member=entries.optional("member", _member, default=None),
            locked=entries.optional("locked", truth, default=False),
            update_hours=entries.optional("update_hours", hours, default=DEFAULT_UPDATE_HOURS),
            max_megabytes=entries.optional(
                "max_megabytes", megabytes, default=DEFAULT_MAX_MEGABYTES
            ),
        )
        _check(found, entries, book)
        return None if None in {id_, of, format_, source} else found

    return read


def large_lists(subscriptions: Iterable[Subscription]) -> tuple[LargeList, ...]:
    """Return the lists that *subscriptions* are of, as rules know them."""
    return tuple(LargeList(each.id, each.category, each.locked) for each in subscriptions)


def locked_rules(subscriptions: Iterable[Subscription]) -> tuple[Rule, ...]:
    """Return the rules of locked lists: for everybody, whatever a school's file says."""
    return tuple(
        Rule(
            id=LOCKED_RULE + each.id,
            block=frozenset({each.id}),
            applies_to=(Condition(),),
            cite=Citation(document=each.source, section=f"locked list {each.id}"),
            locked=True,
            topic=each.category,
        )
        for each in subscriptions
        if each.locked
    )


def _check(found: Subscription, entries: Entries, book: MistakeBook) -> None:
    """Note what the keys say together that none of them says alone."""
    if ("url" in entries) is ("file" in entries):
        book.add(entries.place, "a list comes from one place: write either `url` or `file`")
    if "member" in entries and found.format is not Format.UT1:
        book.add(entries.place_of("member"), "only a tree of format `ut1` has members: remove it")
    if found.locked and (found.url or "").startswith("http:"):
        message = "on its way a locked list could be changed: write an `https:` address"
        book.add(entries.place_of("url"), message)


@accepts(TEXT)
def _web_address(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    try:
        url = parse_url(written)
    except NameSyntaxError as error:
        book.add(node.place, f"{shown(written)} is no web address: {error}")
        return None
    if not written.lower().startswith(("https://", "http://")):
        book.add(node.place, f"{shown(written)} begins with neither `https://` nor `http://`")
        return None
    if "@" in written.partition("//")[2].partition("/")[0]:
        book.add(node.place, "a name or password has no place in a rule file: remove it")
        return None
    return str(url)


@accepts(TEXT)
def _path(node: Node, book: MistakeBook) -> str | None:
    """Return a path; a relative one begins at the file that names it."""
    written = text(node, book)
    return None if written is None else str(node.place.path.parent / Path(written))


@accepts(TEXT)
def _member(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None or _MEMBER.match(written):
        return written
    message = f"{shown(written)} is no folder of a tree: write a category of it, like `adult`"
    book.add(node.place, message)
    return None
