"""
Examples and promises of a preset, kept in step with its rules.

An ordinary change alters what some examples of the preset show. They get the verdict that the
changed policy gives, so that a school need not touch them; promises are never adjusted, since
they say what must hold whatever is changed: one is given up on purpose or not at all.
"""

from pathlib import Path

import msgspec

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.proof.sites import OneNameEach
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.sections import without_item
from schoolgate_policyd.examples import failing
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import ListNode, MappingNode, TextNode, parse_nodes

EXAMPLES = "examples"
PROMISES = "invariants"


def with_verdicts(text: str, after: Preset) -> tuple[str, Preset]:
    """
    Return the school's *text*, and *after*, what it says, with the verdicts that it gives.

    Each example that is answered otherwise than it states is corrected in both.
    """
    snapshot = compile_snapshot(Source(0, after.policy), OneNameEach())
    wrong = dict(failing(after.notes.examples, snapshot))
    node = parse_nodes(text, Path("policy"), MistakeBook())
    listed = node.entries.get(EXAMPLES) if isinstance(node, MappingNode) else None
    if not wrong or not isinstance(listed, ListNode):
        return text, after
    lines = text.splitlines(keepends=True)
    # From the last to the first, so that a longer word moves no place that is still needed.
    for example, item in reversed(list(zip(after.notes.examples, listed.items, strict=True))):
        verdict = item.entries.get("verdict") if isinstance(item, MappingNode) else None
        if example not in wrong or not isinstance(verdict, TextNode):
            continue
        line, start = verdict.place.line - 1, verdict.place.column - 1
        before, rest = lines[line][:start], lines[line][start:]
        lines[line] = before + rest.replace(verdict.text, wrong[example].value, 1)
    examples = tuple(
        msgspec.structs.replace(each, verdict=wrong.get(each, each.verdict))
        for each in after.notes.examples
    )
    notes = msgspec.structs.replace(after.notes, examples=examples)
    return "".join(lines), msgspec.structs.replace(after, notes=notes)


def give_up(text: str, position: int) -> str:
    """Return the school's *text* without a promise of what must never happen."""
    changed = without_item(text, PROMISES, position)
    node = parse_nodes(changed, Path("policy"), MistakeBook())
    if not isinstance(node, MappingNode) or not isinstance(node.entries.get(PROMISES), ListNode):
        raise ChangeRefused("A policy promises at least one thing: the last promise stays.")
    return changed
