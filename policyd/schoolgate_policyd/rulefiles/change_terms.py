"""What the school's document asks before a change of it takes effect: the key `changes`."""

from collections.abc import Callable

from schoolgate_policyd.core.policy import Document
from schoolgate_policyd.core.rules import Citation
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    Reader,
    choice,
    mapping,
    one_or_more,
    whole_number,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.preset import (
    Announcement,
    Approval,
    Approver,
    ChangeTerms,
    Notice,
    ToldOf,
)
from schoolgate_policyd.rulefiles.rule_syntax import cited

LONGEST_NOTICE_MONTHS = 12


def change_terms(document: Document | None) -> Reader[ChangeTerms]:
    """Return a reader of what a change of *document* needs."""

    def read(node: Node, book: MistakeBook) -> ChangeTerms | None:
        known = ("notice", "approval", "announcement")
        entries = mapping("what a change needs", node, known, book)
        if entries is None:
            return None
        if entries.is_empty:
            book.add(node.place, "nothing stands here: name what a change needs, or remove it")
            return None
        return ChangeTerms(
            notice=entries.optional("notice", _notice(document), default=None),
            approval=entries.optional("approval", _approval(document), default=None),
            announcement=entries.optional("announcement", _announcement(document), default=None),
        )

    return read


def _notice(document: Document | None) -> Reader[Notice]:
    months = whole_number(1, LONGEST_NOTICE_MONTHS)
    return _clause("the notice of a change", "months", months, Notice, document)


def _approval(document: Document | None) -> Reader[Approval]:
    by = choice("approver of changes", Approver)
    return _clause("the approval of a change", "by", by, Approval, document)


def _announcement(document: Document | None) -> Reader[Announcement]:
    told = one_or_more(choice("group that is told of changes", ToldOf))
    return _clause("the announcement of a change", "to", told, Announcement, document)


def _clause[T, V](
    what: str,
    key: str,
    read_value: Reader[V],
    clause: Callable[[V, Citation], T],
    document: Document | None,
) -> Reader[T]:
    """Return a reader of one value with the section that asks for it."""

    def read(node: Node, book: MistakeBook) -> T | None:
        entries: Entries | None = mapping(what, node, (key, "cite", "ours"), book)
        if entries is None:
            return None
        value = entries.required(key, read_value)
        cite = cited(entries, document)
        return None if value is None or cite is None else clause(value, cite)

    return read
