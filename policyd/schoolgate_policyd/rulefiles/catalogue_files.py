"""What exists on the internet: services, categories, lists, help lines, essentials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    DomainList,
    HelpLine,
    Service,
)
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    SOCIAL_MEDIA,
)
from schoolgate_policyd.lists.subscription import Subscription
from schoolgate_policyd.rulefiles.circumvention import WaysRound
from schoolgate_policyd.rulefiles.fields import (
    Reader,
    list_of,
    mapping,
    only_list,
    text,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import Definitions, files_in, known_id
from schoolgate_policyd.rulefiles.hosts import (
    blockable_domain,
    blockable_host,
    domain,
    named_hosts,
    open_domain,
    site_part,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, RuleFileErrors
from schoolgate_policyd.rulefiles.nodes import MappingNode, Node, read_nodes
from schoolgate_policyd.rulefiles.safe_search import FILE as SAFE_SEARCH
from schoolgate_policyd.rulefiles.safe_search import search_service
from schoolgate_policyd.rulefiles.subscription_files import FOLDER as SUBSCRIPTIONS
from schoolgate_policyd.rulefiles.subscription_files import large_lists, subscription

CATEGORIES_FILE = "categories.yaml"
BLOCK_WORDS = (SOCIAL_MEDIA, EVERYTHING, EVERYTHING_BUT_ESSENTIALS, ADDRESS_LITERALS)
OLDEST_MINIMUM_AGE = 21


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    What rules can name.

    The ids include those of services whose other entries are mistaken, so that such a mistake is
    reported once; unless *is_complete* a whole file is missing.
    """

    catalogue: Catalogue
    service_ids: frozenset[str]
    category_ids: frozenset[str]
    list_ids: frozenset[str]
    is_complete: bool
    subscriptions: tuple[Subscription, ...] = ()

    def service(self) -> Reader[str]:
        """Return a reader of a service's id."""
        return known_id("service", self.service_ids, is_complete=self.is_complete)

    def category(self) -> Reader[str]:
        """Return a reader of a category's id."""
        return known_id("category", self.category_ids, is_complete=self.is_complete)

    def blockable(self) -> Reader[str]:
        """Return a reader of anything that a rule can block."""
        known = self.service_ids | self.category_ids | self.list_ids | frozenset(BLOCK_WORDS)
        return known_id("service, category or list", known, is_complete=self.is_complete)


def load_vocabulary(rules_dir: Path) -> Vocabulary:
    """
    Return what the files of *rules_dir* say there is.

    Raises RuleFileErrors with every mistake in them.
    """
    book = MistakeBook()
    vocabulary = read_catalogue(rules_dir, book)
    mistakes = book.mistakes()
    if mistakes:
        raise RuleFileErrors(mistakes)
    return vocabulary


def read_catalogue(rules_dir: Path, book: MistakeBook) -> Vocabulary:
    """Return what the files of *rules_dir* say there is."""
    return _CatalogueFiles(rules_dir, book).read()


def catalogue_readers(rules_dir: Path) -> Mapping[str, Reader[Any]]:
    """Return what reads each kind of catalogue file; ids known are those in *rules_dir*."""
    return _CatalogueFiles(rules_dir, MistakeBook()).readers()


class _CatalogueFiles:
    def __init__(self, rules_dir: Path, book: MistakeBook) -> None:
        self._rules_dir = rules_dir
        self._book = book
        # Rules name services, categories and lists alike, so their ids share one space.
        self._definitions = Definitions(BLOCK_WORDS)
        self._help_line_ids = Definitions()
        self._is_complete = True

    def read(self) -> Vocabulary:
        categories = self._categories()
        ids = self._definitions.ids("category")
        self._category_id = known_id("category", ids, is_complete=self._is_complete)
        lists = [
            self._list(path) for path in self._files("categories") if path.name != CATEGORIES_FILE
        ]
        services = [self._services(path) for path in self._files("services")]
        subscriptions = tuple(self._subscriptions())
        self._ways_round = WaysRound(
            categories, chain.from_iterable(services), (each for each in lists if each is not None)
        )
        catalogue = Catalogue(
            categories=categories,
            services=tuple(chain.from_iterable(services)),
            lists=tuple(each for each in lists if each is not None),
            help_lines=self._all_of("help-lines.yaml", "help_lines", self._help_line) or (),
            essentials=self._hosts_of("essentials.yaml", "essentials"),
            never_inspected=self._hosts_of("never-inspected.yaml", "never_inspected"),
            large_lists=large_lists(subscriptions),
            search_services=self._all_of(SAFE_SEARCH, "safe_search", search_service()) or (),
        )
        return Vocabulary(
            catalogue=catalogue,
            service_ids=self._definitions.ids("service"),
            category_ids=self._definitions.ids("category"),
            list_ids=self._definitions.ids("list"),
            is_complete=self._is_complete,
            subscriptions=subscriptions,
        )

    def readers(self) -> Mapping[str, Reader[Any]]:
        """Return the reader of each kind of file, once those that there are have been read."""
        self.read()
        return {
            "categories": only_list("a file of categories", "categories", self._category),
            "list": self._list_in,
            "subscription": subscription(self._definitions, self._category_id),
            "services": only_list("a file of services", "services", self._service),
            "help-lines": only_list("a file of help lines", "help_lines", self._help_line),
            "essentials": only_list("a file of essentials", "essentials", named_hosts),
            "never-inspected": only_list(
                "a file of sites never inspected", "never_inspected", named_hosts
            ),
            "safe-search": only_list("a file of safe search", "safe_search", search_service()),
        }

    def _files(self, folder: str) -> tuple[Path, ...]:
        found = files_in(self._rules_dir / folder, self._book)
        self._is_complete = self._is_complete and found is not None
        return found or ()

    def _categories(self) -> tuple[Category, ...]:
        found = self._all_of(f"categories/{CATEGORIES_FILE}", "categories", self._category)
        self._is_complete = self._is_complete and found is not None
        return found or ()

    def _services(self, path: Path) -> tuple[Service, ...]:
        found = self._all_of(f"services/{path.name}", "services", self._service)
        self._is_complete = self._is_complete and found is not None
        return found or ()

    def _subscriptions(self) -> Iterator[Subscription]:
        # Most schools have none, and then there is no such folder either.
        if not (self._rules_dir / SUBSCRIPTIONS).is_dir():
            return
        read = subscription(self._definitions, self._category_id)
        for path in self._files(SUBSCRIPTIONS):
            node = read_nodes(path, self._book)
            found = None if node is None else read(node, self._book)
            if found is not None:
                yield found

    def _hosts_of(self, name: str, key: str) -> tuple[Host, ...]:
        groups = self._all_of(name, key, named_hosts) or ()
        return tuple(dict.fromkeys(chain.from_iterable(groups)))

    def _all_of[T](self, name: str, key: str, read: Reader[T]) -> tuple[T, ...] | None:
        """Return what *read* makes of each item of the file's only list, where there is one."""
        node = read_nodes(self._rules_dir / name, self._book)
        return None if node is None else only_list(name, key, read)(node, self._book)

    def _category(self, node: Node, book: MistakeBook) -> Category | None:
        entries = mapping("a category", node, ("id", "name", "circumvention"), book)
        if entries is None:
            return None
        id_ = entries.required("id", self._definitions.defining("category"))
        name = entries.required("name", text)
        is_circumvention = entries.optional("circumvention", truth, default=False)
        if id_ is None or name is None:
            return None
        return Category(id=id_, name=name, is_circumvention=is_circumvention)

    def _list(self, path: Path) -> DomainList | None:
        node = read_nodes(path, self._book)
        if not isinstance(node, MappingNode):
            self._is_complete = False
        return None if node is None else self._list_in(node, self._book)

    def _list_in(self, node: Node, book: MistakeBook) -> DomainList | None:
        entries = mapping("a list", node, ("list", "category", "source", "domains"), book)
        if entries is None:
            return None
        id_ = entries.required("list", self._definitions.defining("list"))
        category = entries.required("category", self._category_id)
        entries.required("source", text)
        hosts: Reader[tuple[Host, ...]] = list_of(blockable_host)
        domains = entries.required("domains", hosts)
        if id_ is None or category is None or domains is None:
            return None
        return DomainList(id=id_, category=category, domains=domains)

    def _service(self, node: Node, book: MistakeBook) -> Service | None:
        entries = mapping("a service", node, _SERVICE_KEYS, book)
        if entries is None:
            return None
        id_ = entries.required("id", self._definitions.defining("service"))
        name = entries.required("name", text)
        category = entries.required("category", self._category_id)
        entries.required("source", text)
        domains = entries.optional("domains", list_of(blockable_domain), default=())
        urls = entries.optional("urls", list_of(site_part), default=())
        if "domains" not in entries and "urls" not in entries:
            book.add(node.place, "a service needs `domains` or `urls`: add what belongs to it")
        excluding = entries.optional("excluding", list_of(domain), default=())
        for name_ in excluding:
            if not any(name_.is_under(each) for each in domains) and domains:
                message = f"`{name_}` is under none of the service's domains: remove it"
                book.add(entries.place_of("excluding"), message)
        companions = entries.optional("companions", list_of(open_domain), default=())
        age = entries.optional("minimum_age", whole_number(0, OLDEST_MINIMUM_AGE), default=None)
        if id_ is None or name is None or category is None:
            return None
        return Service(
            id=id_,
            name=name,
            category=category,
            domains=domains,
            excluding=excluding,
            companions=companions,
            urls=urls,
            minimum_age=age,
        )

    def _help_line(self, node: Node, book: MistakeBook) -> HelpLine | None:
        entries = mapping("a help line", node, _HELP_LINE_KEYS, book)
        if entries is None:
            return None
        id_ = entries.required("id", self._help_line_ids.defining("help line"))
        name = entries.required("name", text)
        domains = entries.required("domains", list_of(open_domain))
        for opened in filter(None, map(self._ways_round.opened_by, domains or ())):
            message = f"`{opened}` is a way round the filter: no help line can open it"
            book.add(entries.place_of("domains"), message)
        phone = entries.optional("phone", text, default=None)
        about = entries.optional("about", text, default=None)
        entries.optional("source", text, default=None)
        if id_ is None or name is None or domains is None:
            return None
        return HelpLine(id=id_, name=name, domains=domains, phone=phone, about=about)


_SERVICE_KEYS = (
    "id",
    "name",
    "category",
    "minimum_age",
    "domains",
    "excluding",
    "companions",
    "urls",
    "source",
)
_HELP_LINE_KEYS = ("id", "name", "phone", "about", "domains", "source")
