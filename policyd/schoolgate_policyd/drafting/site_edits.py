"""Changes of what counts as social media, and of the sites that the school itself named."""

import re

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from schoolgate_policyd.drafting.changes import BlockSite, CountAsSocialMedia, NoLongerSocialMedia
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.rule_edits import free_id, written_text
from schoolgate_policyd.drafting.sections import edited, flow, with_item, written
from schoolgate_policyd.rulefiles import Preset

SOCIAL = "social_media"
_NO_WORD = re.compile(r"[^a-z0-9]+")


def count(text: str, change: CountAsSocialMedia, preset: Preset) -> str:
    """Return *text* that counts a category or service as social media."""
    what = change.what
    category = category_of(what, preset)

    def edit(section: CommentedMap) -> None:
        social = section[SOCIAL]
        if category is None:
            _add(social, "categories", what)
            return
        if what in _listed(social, "except_services"):
            _remove(social, "except_services", what)
        elif category not in _listed(social, "categories"):
            _add(social, "services", what)

    _require_known(what, preset)
    return _changed(text, edited(text, SOCIAL, edit), f"`{what}` counts as social media already.")


def count_no_longer(text: str, change: NoLongerSocialMedia, preset: Preset) -> str:
    """Return *text* that counts a category or service as social media no longer."""
    what = change.what
    category = category_of(what, preset)

    def edit(section: CommentedMap) -> None:
        social = section[SOCIAL]
        if category is None:
            _remove_category(social, what, preset)
            return
        if what in _listed(social, "services"):
            _remove(social, "services", what)
        if category in _listed(social, "categories"):
            _add(social, "except_services", what)

    _require_known(what, preset)
    return _changed(text, edited(text, SOCIAL, edit), f"`{what}` counts as no social media now.")


def add_site(text: str | None, change: BlockSite, preset: Preset, school: str) -> tuple[str, str]:
    """Return the school's own services with a new one, and its id; *text* None: there are none."""
    name = " ".join(change.name.split())
    slug = _NO_WORD.sub("-", name.lower()).strip("-")[:50].strip("-")
    if not slug:
        raise ChangeRefused("Give the site a name.")
    if not change.domains:
        raise ChangeRefused("Name at least one domain of the site.")
    catalogue = preset.policy.catalogue
    taken = {
        *catalogue.services_by_id,
        *(each.id for each in catalogue.categories),
        *(each.id for each in catalogue.lists),
    }
    id_ = free_id(slug, taken)
    item = (
        f"  - id: {id_}\n"
        f"    name: {written_text(name)}\n"
        f"    category: {written_text(change.category)}\n"
        f"    domains: {written(flow(' '.join(each.split()) for each in change.domains))}\n"
        f"    source: named by the school\n"
    )
    if text is None:
        return f"# Sites that {school} itself named.\nservices:\n{item}", id_
    return with_item(text, "services", item), id_


def category_of(id_: str, preset: Preset) -> str | None:
    """Return the category of the service *id_*, None where *id_* is no service."""
    service = preset.policy.catalogue.services_by_id.get(id_)
    return None if service is None else service.category


def _require_known(what: str, preset: Preset) -> None:
    categories = {each.id for each in preset.policy.catalogue.categories}
    if what not in categories and category_of(what, preset) is None:
        raise ChangeRefused(f"There is no service or category `{what}`.")


def _remove_category(social: CommentedMap, category: str, preset: Preset) -> None:
    if category not in _listed(social, "categories"):
        return
    _remove(social, "categories", category)
    if not social.get("categories"):
        raise ChangeRefused("At least one category must count as social media.")
    if category in _listed(social, "ours"):
        _remove(social, "ours", category)
    for service in _listed(social, "except_services"):
        if category_of(service, preset) == category:
            _remove(social, "except_services", service)


def _listed(social: CommentedMap, key: str) -> list[str]:
    value = social.get(key)
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _add(social: CommentedMap, key: str, what: str) -> None:
    value = social.get(key)
    if isinstance(value, CommentedSeq):
        if what not in value:
            value.append(what)
    else:
        social[key] = flow([*_listed(social, key), what])


def _remove(social: CommentedMap, key: str, what: str) -> None:
    value = social.get(key)
    if isinstance(value, CommentedSeq):
        value.remove(what)
    if not isinstance(value, CommentedSeq) or (not value and key != "categories"):
        del social[key]


def _changed(before: str, after: str, message: str) -> str:
    if before == after:
        raise ChangeRefused(message)
    return after
