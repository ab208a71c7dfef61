"""
The texts that are one version of a school's policy, by their paths below the rules folder.

Its own file, the timetables and calendars that this names, and the services that the school
itself named. What every school shares is no part of it, so that it stays up to date.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles import Preset, load_preset
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import ListNode, MappingNode, Node, TextNode, parse_nodes
from schoolgate_policyd.rulefiles.overlay import may_be_overlaid, own_sites_path

# The largest that ship are a quarter of it. A tenth of a million of `x,` takes a second to read,
# and what is sent in one form is read several times.
MAX_BUNDLE_CHARACTERS = 100_000

type Texts = Mapping[str, str]


def school_path(school: str) -> str:
    """Return the path of *school*'s own file."""
    return f"schools/{school}.yaml"


def bundle_in(rules_dir: Path, school: str) -> dict[str, str]:
    """
    Return the texts of *school* as they lie in *rules_dir*.

    Raises RuleFileErrors where the school's own file cannot be read.
    """
    own = school_path(school)
    text = _read(rules_dir / own)
    if text is None:
        load_preset(rules_dir, school)  # it says what is wrong with the file, and where
        raise ChangeRefused(f"The rule file {own} cannot be read.")
    paths = [own, *sorted(day_paths(text, school)), own_sites_path(school)]
    found = ((path, _read(rules_dir / path)) for path in paths)
    return {path: text for path, text in found if text is not None}


def with_days_from(texts: Texts, rules_dir: Path, school: str) -> dict[str, str]:
    """Return *texts* with the timetables and calendars that they name and do not hold."""
    named = day_paths(texts.get(school_path(school), ""), school)
    missing = ((path, _read(rules_dir / path)) for path in sorted(named - texts.keys()))
    return {**texts, **{path: text for path, text in missing if text is not None}}


def load(rules_dir: Path, school: str, texts: Texts) -> Preset:
    """Return what *texts* say. Raises RuleFileErrors with every mistake, ChangeRefused."""
    require_bounded(texts)
    if school_path(school) not in texts:
        raise ChangeRefused("A policy needs its school's own file.")
    return load_preset(rules_dir, school, texts)


def require_bounded(texts: Texts) -> None:
    """Raise ChangeRefused for texts that would take too long to read."""
    if sum(map(len, texts.values())) > MAX_BUNDLE_CHARACTERS:
        raise ChangeRefused("The policy's files are larger than a policy can be: shorten them.")


def digest_of(texts: Texts) -> str:
    """Return the SHA-256, in hexadecimal, of *texts* and where they stand."""
    canonical = json.dumps(dict(texts), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def day_paths(text: str, school: str) -> frozenset[str]:
    """Return the paths of the timetables and calendars that the school's file *text* names."""
    node = parse_nodes(text, Path(school_path(school)), MistakeBook())
    paths = () if node is None else _named(node)
    return frozenset(path for path in paths if may_be_overlaid(path, school))


def _named(node: Node) -> Iterator[str]:
    match node:
        case MappingNode(entries=entries):
            for key, value in entries.items():
                if key in {"timetable", "calendar"} and isinstance(value, TextNode):
                    yield f"{key}s/{value.text.strip()}.yaml"
                else:
                    yield from _named(value)
        case ListNode(items=items):
            for item in items:
                yield from _named(item)
        case TextNode():
            return


def _read(path: Path) -> str | None:
    """Return the text at *path* with its line ends made one kind, None if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
