"""What a school counts as social media, and whether every audience has a rule about it."""

from collections.abc import Iterable

import msgspec

from schoolgate_policyd.core.catalogue import DomainList, LargeList
from schoolgate_policyd.core.rules import EVERYTHING, Condition, Rule
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.rulefiles.catalogue_files import Vocabulary
from schoolgate_policyd.rulefiles.fields import list_of, mapping, one_or_more, text
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, alternatives
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.preset import SocialMediaNotes

_KEYS = ("categories", "services", "except_services", "cite", "ours")


class SocialMedia(msgspec.Struct, frozen=True):
    """The ids that the word social-media stands for, and where that comes from."""

    ids: frozenset[str]
    notes: SocialMediaNotes


def read_social_media(node: Node, vocabulary: Vocabulary, book: MistakeBook) -> SocialMedia | None:
    """Return what *node* counts as social media."""
    entries = mapping("social media", node, _KEYS, book)
    if entries is None:
        return None
    category, service = list_of(vocabulary.category()), list_of(vocabulary.service())
    categories = entries.required("categories", category)
    services = entries.optional("services", service, default=())
    excepted = entries.optional("except_services", service, default=())
    cite = entries.optional("cite", text, default=None)
    ours = entries.optional("ours", one_or_more(vocabulary.category()), default=())
    if categories is None:
        return None
    for id_ in ours:
        if id_ not in categories:
            book.add(entries.place_of("ours"), f"`{id_}` is not in `categories`: add it there")
    category_of = {each.id: each.category for each in vocabulary.catalogue.services}
    for id_ in excepted:
        is_included = category_of.get(id_) in categories or id_ not in category_of
        if id_ in services or not is_included:
            message = f"`{id_}` is not in one of `categories` alone: remove it here"
            book.add(entries.place_of("except_services"), message)
    ids = frozenset(services).union(
        *(_members(each, frozenset(excepted), vocabulary) for each in categories)
    )
    return SocialMedia(ids=ids, notes=SocialMediaNotes(cite=cite, ours=frozenset(ours)))


def _members(category: str, excepted: frozenset[str], vocabulary: Vocabulary) -> frozenset[str]:
    """Return the category's id, or the ids in it where some of its services are excepted."""
    catalogue = vocabulary.catalogue
    services = {each.id for each in catalogue.services if each.category == category}
    if excepted.isdisjoint(services):
        return frozenset({category})
    listed: tuple[DomainList | LargeList, ...] = (*catalogue.lists, *catalogue.large_lists)
    lists = {each.id for each in listed if each.category == category}
    return frozenset(services - excepted | lists)


def uncovered(rules: Iterable[Rule], social_media: frozenset[str]) -> tuple[Audience, ...]:
    """Return the audiences that no rule keeps from social media at all times."""
    blocking = [rule for rule in rules if rule.block >= social_media or EVERYTHING in rule.block]
    return tuple(
        audience for audience in Audience if not any(_covers(rule, audience) for rule in blocking)
    )


def coverage_message(audiences: tuple[Audience, ...]) -> str:
    """Return the mistake of leaving *audiences* without a social media rule."""
    words = alternatives(audiences)
    return f"no rule blocks social-media for {words}: add one whose `for` asks the audience alone"


def _covers(rule: Rule, audience: Audience) -> bool:
    """Whether *rule* speaks of all of *audience* and no exception empties it."""
    return any(_holds_for_all(each, audience) for each in rule.applies_to) and not any(
        _holds_for_all(each, audience) for each in rule.unless
    )


def _holds_for_all(condition: Condition, audience: Audience) -> bool:
    """Whether *condition* asks nothing beyond the audience, and this one is among them."""
    asks_no_more = msgspec.structs.replace(condition, audience=None) == Condition()
    return asks_no_more and (condition.audience is None or audience in condition.audience)
