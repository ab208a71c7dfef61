"""
What the school blocks at once: laid over the policy in force, as rules like all others.

A block at once is no restriction and no change of the policy: it is a list, a part of a site or a
service, and a rule about it, beside those that the rule files say. So whatever decides, proves,
explains or replays sees it without knowing of it. Its rules only block, no grant lifts them (a
grant that was signed before somebody saw the harm must not keep it open), help lines stay open as
under any rule, and a lesson site stays open where a name above it is blocked.
"""

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue, Category, DomainList, Service
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.url_patterns import UrlPattern

# No id in a rule file has a colon, so none can be taken for one of these.
PREFIX = "at-once:"
CATEGORY = Category(id=f"{PREFIX}blocked", name="Blocked at once")
TOPIC = "at-once"
SECTION = "blocked at once by the school"


class BlockedSite(msgspec.Struct, frozen=True, tag="site"):
    """A host and everything under it."""

    host: Host


class BlockedPart(msgspec.Struct, frozen=True, tag="part"):
    """A part of a site."""

    pattern: UrlPattern


class BlockedService(msgspec.Struct, frozen=True, tag="service"):
    """A service of the catalogue, by its id."""

    service: str


Blockable = BlockedSite | BlockedPart | BlockedService


class AtOnce(msgspec.Struct, frozen=True):
    """One block at once, for pupils (and whoever is not known) or for everybody."""

    number: int
    what: Blockable
    is_for_everybody: bool = False

    @property
    def rule_id(self) -> str:
        """The id of its rule, as events and explanations name it."""
        return f"{PREFIX}{self.number}"


def with_blocks(policy: Policy, blocks: tuple[AtOnce, ...]) -> Policy:
    """Return *policy* with exactly *blocks* laid over it, in place of any that were."""
    plain = without_blocks(policy)
    rules = tuple(_rule(each, plain) for each in blocks)
    return _laid(plain, rules, _lists(blocks), _parts(blocks))


def with_blocks_of(policy: Policy, other: Policy) -> Policy:
    """Return *policy* with the blocks that *other* has laid over it, in place of any that were."""
    laid = other.catalogue
    return _laid(
        without_blocks(policy),
        tuple(each for each in other.rules if is_at_once(each.id)),
        tuple(each for each in laid.lists if is_at_once(each.id)),
        tuple(each for each in laid.services if is_at_once(each.id)),
    )


def without_blocks(policy: Policy) -> Policy:
    """Return *policy* as the rule files say it; the same object where nothing lies over it."""
    if not any(is_at_once(rule.id) for rule in policy.rules):
        return policy
    catalogue = policy.catalogue
    return msgspec.structs.replace(
        policy,
        rules=tuple(each for each in policy.rules if not is_at_once(each.id)),
        catalogue=msgspec.structs.replace(
            catalogue,
            categories=tuple(each for each in catalogue.categories if not is_at_once(each.id)),
            lists=tuple(each for each in catalogue.lists if not is_at_once(each.id)),
            services=tuple(each for each in catalogue.services if not is_at_once(each.id)),
        ),
    )


def is_at_once(name: str) -> bool:
    """Whether *name* is the id of a block at once, of its list, its part or their category."""
    return name.startswith(PREFIX)


def is_lesson_site(host: Host, catalogue: Catalogue) -> bool:
    """Whether *host* is one of the essentials, or lies under one."""
    return any(host.is_under(each) for each in catalogue.essentials)


def _laid(
    plain: Policy,
    rules: tuple[Rule, ...],
    lists: tuple[DomainList, ...],
    parts: tuple[Service, ...],
) -> Policy:
    if not rules:
        return plain
    catalogue = plain.catalogue
    return msgspec.structs.replace(
        plain,
        rules=(*plain.rules, *rules),
        catalogue=msgspec.structs.replace(
            catalogue,
            categories=(*catalogue.categories, CATEGORY),
            lists=(*catalogue.lists, *lists),
            services=(*catalogue.services, *parts),
        ),
    )


def _rule(block: AtOnce, policy: Policy) -> Rule:
    what = block.what
    # Where nobody can look inside, a bad page of a lesson site must not close its lessons.
    is_open = isinstance(what, BlockedPart) and is_lesson_site(what.pattern.host, policy.catalogue)
    whom = Condition() if block.is_for_everybody else Condition(audience=_PUPILS)
    return Rule(
        id=block.rule_id,
        block=frozenset({what.service if isinstance(what, BlockedService) else block.rule_id}),
        applies_to=(whom,),
        cite=Citation(policy.document.title, SECTION, is_ours=True),
        is_open_uninspected=is_open,
        topic=TOPIC,
    )


def _lists(blocks: tuple[AtOnce, ...]) -> tuple[DomainList, ...]:
    return tuple(
        DomainList(each.rule_id, CATEGORY.id, (each.what.host,), spares_essentials=True)
        for each in blocks
        if isinstance(each.what, BlockedSite)
    )


def _parts(blocks: tuple[AtOnce, ...]) -> tuple[Service, ...]:
    return tuple(
        Service(
            id=each.rule_id,
            name=str(each.what.pattern),
            category=CATEGORY.id,
            urls=(each.what.pattern,),
        )
        for each in blocks
        if isinstance(each.what, BlockedPart)
    )


_PUPILS = frozenset({Audience.PUPIL})
