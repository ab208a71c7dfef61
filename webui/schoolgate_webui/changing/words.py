"""What forms of changes have to choose from: names of categories, services, rules."""

from collections.abc import Iterator

from schoolgate_policyd.core.rules import GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import describe_rule
from schoolgate_policyd.rulefiles import Preset
from schoolgate_webui.changing.fields import Item
from schoolgate_webui.changing.sheet import Choice, items_of
from schoolgate_webui.views import words

AUDIENCE_ITEMS = items_of(Audience, words.AUDIENCES)
PERIOD_ITEMS = items_of(Period, words.PERIODS)
DEVICE_ITEMS = items_of(DeviceKind, words.DEVICES)
DUTY_ITEMS = items_of(Duty, words.DUTIES)
KIND_ITEMS = items_of(
    GrantKind,
    {
        GrantKind.ACCESS_GRANT: "a permission that the headteacher signs for staff",
        GrantKind.CURRICULUM_GRANT: "a permission for a lesson, with the lead’s measures",
        GrantKind.SUPERVISED_SESSION: "a supervised session",
    },
)


def what_items(preset: Preset) -> tuple[Item, ...]:
    """Return every category, then every service beneath its category."""
    catalogue = preset.policy.catalogue
    names = {each.id: each.name for each in catalogue.categories}
    categories = sorted(names, key=lambda each: names[each].lower())
    whole = tuple(Item(each, f"All of: {names[each]}", group="Categories") for each in categories)
    order = {each: position for position, each in enumerate(categories)}
    services = sorted(
        catalogue.services, key=lambda each: (order[each.category], each.name.lower())
    )
    return whole + tuple(Item(e.id, e.name, group=names[e.category]) for e in services)


def category_items(preset: Preset) -> tuple[Item, ...]:
    """Return every category."""
    catalogue = preset.policy.catalogue
    return tuple(
        Item(each.id, each.name)
        for each in sorted(catalogue.categories, key=lambda each: each.name.lower())
    )


def name_of(id_: str, preset: Preset) -> str:
    """Return what the category or service *id_* is called."""
    catalogue = preset.policy.catalogue
    named = {each.id: each.name for each in catalogue.categories}
    named |= {each.id: each.name for each in catalogue.services}
    return named.get(id_, id_)


def own_rules(preset: Preset) -> Iterator[Rule]:
    """Yield the rules of the school's own document: those that it can change."""
    document = preset.policy.document
    own = {document.title, document.name}
    for rule in preset.policy.rules:
        if rule.cite.document in own:
            yield rule


def rule_called(id_: str, preset: Preset) -> Rule | None:
    """Return the school's own rule *id_*, if it has it."""
    return next((each for each in own_rules(preset) if each.id == id_), None)


def rule_says(rule: Rule, preset: Preset) -> str:
    """Return what *rule* says in words."""
    policy = preset.policy
    return describe_rule(rule, policy.catalogue, policy.social_media)


def rule_choices(preset: Preset) -> tuple[Choice, ...]:
    """Return the school's own rules to choose one of."""
    return tuple(
        Choice(rule_says(each, preset), {"rule": each.id}, hint=each.cite.section)
        for each in own_rules(preset)
    )
