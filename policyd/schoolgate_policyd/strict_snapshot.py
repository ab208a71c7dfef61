"""
The built-in strict snapshot, with what can be read of the rule files.

It stands apart from `first_snapshot`, since reading them loads what a point never needs again.
"""

from pathlib import Path

import msgspec
import structlog

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.opening import open_snapshot, with_newest_table
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles.catalogue_files import read_catalogue
from schoolgate_policyd.rulefiles.fields import mapping
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, RuleFileErrors
from schoolgate_policyd.rulefiles.nodes import read_nodes
from schoolgate_policyd.rulefiles.rule_syntax import RuleContext, rules_of
from schoolgate_policyd.rulefiles.subscription_files import locked_rules
from schoolgate_policyd.settings import Settings

log = structlog.get_logger(__name__)


def strict_snapshot(settings: Settings) -> Snapshot:
    """Return the built-in strict snapshot for the configured networks."""
    networks = networks_of(settings)
    try:
        catalogue, rules = load_baseline(settings.rules_dir)
    except RuleFileErrors as errors:
        log.error("rule files unreadable, help lines only", mistakes=len(errors.mistakes))  # noqa: TRY400 - `schoolgate check` lists them
        return compile_snapshot(strict_source(networks))
    return _with_lists(strict_source(networks, catalogue, rules), settings.lists_dir)


def _with_lists(source: Source, lists_dir: Path) -> Snapshot:
    """Return *source* with the newest table of its lists; without one where that is of no use."""
    policy = with_newest_table(source.policy, lists_dir)
    try:
        return open_snapshot(msgspec.structs.replace(source, policy=policy), lists_dir)
    except ListError as error:
        # Pupils get the essentials alone as it is, and staff what the baseline leaves open.
        log.error("lists unreadable, strict rules apply without them", cause=str(error))  # noqa: TRY400 - the cause says all
        return compile_snapshot(source)


def load_baseline(rules_dir: Path) -> tuple[Catalogue, tuple[Rule, ...]]:
    """
    Return what every school shares: the catalogue, the baseline's rules and locked lists'.

    Raises RuleFileErrors with every mistake in them.
    """
    book = MistakeBook()
    vocabulary = read_catalogue(rules_dir, book)
    locked = locked_rules(vocabulary.subscriptions)
    context = RuleContext(
        vocabulary=vocabulary,
        standing_ids=(),
        social_media=frozenset(),
        document=None,
        rule_ids=Definitions(each.id for each in locked),
    )
    path = rules_dir / "baseline.yaml"
    node = read_nodes(path, book)
    entries = None if node is None else mapping(path.name, node, ("rules",), book)
    rules = None if entries is None else rules_of(entries, context)
    mistakes = book.mistakes()
    if mistakes or rules is None:
        raise RuleFileErrors(mistakes)
    return vocabulary.catalogue, (*rules, *locked)
