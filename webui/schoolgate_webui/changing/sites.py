"""Forms about what is blocked: social media, categories and services, sites, opening again."""

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.drafting.changes import (
    Block,
    BlockSite,
    Change,
    CountAsSocialMedia,
    NoLongerSocialMedia,
    OpenAgain,
)
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.changing.sheet import Asked, Form, Reading, Sheet
from schoolgate_webui.changing.words import (
    AUDIENCE_ITEMS,
    KIND_ITEMS,
    category_items,
    name_of,
    rule_called,
    rule_choices,
    rule_says,
    what_items,
)

_ALL = "*"
_MOST_DOMAINS = 50


def _social_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked)
    answers = (Item("yes", "Yes, count it"), Item("no", "No, count it no longer"))
    return (
        sheet.select("what", "Which category or service?", what_items(asked.preset)),
        sheet.radios("counts", "Does it count as social media?", answers),
    )


def _social_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    known = (item.value for item in what_items(asked.preset))
    what = reading.one_of("what", known, "Choose a category or a service.")
    counts = reading.one_of("counts", ("yes", "no"), "Say whether it counts.")
    return (CountAsSocialMedia(what) if counts == "yes" else NoLongerSocialMedia(what),)


def _rule_fields(sheet: Sheet) -> tuple[ChangeField, ...]:
    """Return what every new rule needs: for whom, why, from which section, what lifts it."""
    return (
        sheet.boxes("audience", "For whom?", AUDIENCE_ITEMS),
        sheet.text("reason", "Why?", "It stands above the rule, for whoever reads it later."),
        sheet.line(
            "section",
            "Section of your document",
            "Leave it empty where no section asks for it: then it is marked as a choice.",
        ),
        sheet.boxes("lifted_by", "What may lift it?", KIND_ITEMS, "Tick none, and nothing can."),
    )


def _rule_read(
    reading: Reading,
) -> tuple[frozenset[Audience], str, str | None, frozenset[GrantKind]]:
    return (
        reading.chosen("audience", Audience, "Say for whom it is blocked."),
        reading.text("reason", "Give the reason."),
        reading.optional_line("section"),
        reading.chosen("lifted_by", GrantKind),
    )


def _block_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked)
    what = sheet.select("what", "Which category or service?", what_items(asked.preset))
    return (what, *_rule_fields(sheet))


def _block_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    known = (item.value for item in what_items(asked.preset))
    what = reading.one_of("what", known, "Choose a category or a service.")
    audience, reason, section, kinds = _rule_read(reading)
    return (Block((what,), audience, reason, section, kinds),)


def _site_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked)
    return (
        sheet.line("name", "Name of the site", "As people call it."),
        sheet.text(
            "domains",
            "Its addresses",
            "One on each line, like example.com; what is under it is blocked with it.",
        ),
        sheet.select("category", "What kind of site is it?", category_items(asked.preset)),
        *_rule_fields(sheet),
    )


def _site_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    name = reading.line("name", "Give the site a name.", 60)
    listed = reading.text("domains", "Enter at least one address.")
    domains = tuple(dict.fromkeys(_domain(line) for line in listed.splitlines() if line.strip()))
    if len(domains) > _MOST_DOMAINS:
        reading.mistake("domains", f"Enter {_MOST_DOMAINS} addresses at most.")
    known = (item.value for item in category_items(asked.preset))
    category = reading.one_of("category", known, "Choose the kind of site.")
    audience, reason, section, kinds = _rule_read(reading)
    return (BlockSite(name, domains, category, audience, reason, section, kinds),)


def _domain(line: str) -> str:
    """Return the host of what was pasted: a whole address is taken for its site."""
    _, _, after = line.strip().rpartition("://")
    return after.partition("/")[0].lower().removesuffix(".")


def _open_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked, {"what": _ALL})
    rule = rule_called(asked.get("rule"), asked.preset)
    if rule is None:
        return (sheet.hidden("rule"),)
    policy = asked.preset.policy
    named = rule.block - policy.social_media if policy.social_media <= rule.block else rule.block
    parts = sorted(named, key=lambda each: name_of(each, asked.preset).lower())
    items = [Item(_ALL, "All that the rule blocks: the rule goes")]
    if len(parts) > 1:
        items += [Item(each, f"{name_of(each, asked.preset)} alone") for each in parts]
    return (sheet.hidden("rule"), sheet.radios("what", "What opens again?", items))


def _open_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    known = next((f.items for f in _open_fields(asked) if f.name == "what"), ())
    what = reading.one_of("what", (item.value for item in known), "Say what opens again.")
    return (OpenAgain(asked.get("rule"), None if what == _ALL else what),)


def _open_heading(asked: Asked) -> str:
    rule = rule_called(asked.get("rule"), asked.preset)
    return "" if rule is None else rule_says(rule, asked.preset)


SOCIAL_MEDIA = Form(
    "What counts as social media",
    "Rules about social media are about everything that counts as such.",
    _social_fields,
    _social_read,
)
BLOCK = Form(
    "Block a category or service",
    "It becomes a rule of your own beside the others. Help lines and lesson sites stay open.",
    _block_fields,
    _block_read,
)
SITE = Form(
    "Block a site by name",
    "For a site that the catalogue lacks.",
    _site_fields,
    _site_read,
)
OPEN_AGAIN = Form(
    "Open again what your school blocks",
    "Choose one of your own rules. What every school shares cannot be opened.",
    _open_fields,
    _open_read,
    about="rule",
    choices=lambda asked: rule_choices(asked.preset),
    heading=_open_heading,
)
