"""What makes an incident of blocked requests: `incidents/gathering.yaml` of the rules folder."""

from pathlib import Path

from schoolgate_policyd.rulefiles.fields import (
    Reader,
    choice,
    each_of,
    identifier,
    mapping,
    one_or_more_in_set,
    text,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, RuleFileErrors
from schoolgate_policyd.rulefiles.nodes import Node, read_nodes
from schoolgate_policyd.workflow.gathering import GatheringRules, Harm, Probe, Threshold
from schoolgate_policyd.workflow.incidents import Severity

FILE = Path("incidents") / "gathering.yaml"
_KEYS = ("harmful", "circumvention", "background")
_MANY = 1_000_000


def load_gathering(rules_dir: Path) -> GatheringRules:
    """Return what stands in *rules_dir*. Raises RuleFileErrors, which names every mistake."""
    book = MistakeBook()
    node = read_nodes(rules_dir / FILE, book)
    found = None if node is None else _file(node, book)
    mistakes = book.mistakes()
    if mistakes or found is None:
        raise RuleFileErrors(mistakes)
    return found


def _file(node: Node, book: MistakeBook) -> GatheringRules | None:
    entries = mapping("the file of incidents", node, _KEYS, book)
    if entries is None:
        return None
    harmful = entries.required("harmful", each_of(_harm))
    thresholds = entries.required("circumvention", _thresholds)
    background = entries.required("background", each_of(_probe(Definitions())))
    if harmful is None or thresholds is None or background is None:
        return None
    return GatheringRules(harmful, *thresholds, background)


def _harm(node: Node, book: MistakeBook) -> Harm | None:
    entries = mapping("a harmful category", node, ("category", "pupil", "others"), book)
    if entries is None:
        return None
    category = entries.required("category", identifier)
    pupil = entries.required("pupil", choice("severity", Severity))
    others = entries.required("others", choice("severity", Severity))
    if category is None or pupil is None or others is None:
        return None
    return Harm(category, pupil, others)


def _thresholds(node: Node, book: MistakeBook) -> tuple[Threshold, Threshold] | None:
    entries = mapping("how often is too often", node, ("medium", "high"), book)
    if entries is None:
        return None
    medium = entries.required("medium", _threshold)
    high = entries.required("high", _threshold)
    return None if medium is None or high is None else (medium, high)


def _threshold(node: Node, book: MistakeBook) -> Threshold | None:
    entries = mapping("a threshold", node, ("tries", "days", "earlier"), book)
    if entries is None:
        return None
    tries, days, earlier = (
        entries.required(key, whole_number(1, _MANY)) for key in ("tries", "days", "earlier")
    )
    if tries is None or days is None or earlier is None:
        return None
    return Threshold(tries, days, earlier)


def _probe(definitions: Definitions) -> Reader[Probe]:
    keys = ("id", "names", "attempts", "evidence", "up_to", "why", "source")

    def read(node: Node, book: MistakeBook) -> Probe | None:
        entries = mapping("a background probe", node, keys, book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining("background probe"))
        why = entries.required("why", text)
        entries.required("source", text)
        if not any(key in entries for key in ("names", "attempts", "evidence")):
            # It would take every attempt of everybody for a program's.
            book.add(entries.place, "name what it asks: add `names:`, `attempts:` or `evidence:`")
        if id_ is None or why is None:
            return None
        return Probe(
            id=id_,
            why=why,
            names=entries.optional("names", one_or_more_in_set(text), default=frozenset[str]()),
            attempts=entries.optional(
                "attempts", one_or_more_in_set(identifier), default=frozenset[str]()
            ),
            evidence=entries.optional("evidence", text, default=""),
            up_to=entries.optional("up_to", whole_number(1, _MANY), default=None),
        )

    return read
