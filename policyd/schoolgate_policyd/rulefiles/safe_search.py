"""Readers of safe search: which services have it, and what a school chose for whom."""

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.safe_search import SafeSearch, SafeSearchMode, SearchService
from schoolgate_policyd.rulefiles.fields import Reader, choice, list_of, mapping, text
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.hosts import domain
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.survey import accepts

FILE = "safe-search.yaml"

_SERVICE_KEYS = ("id", "name", "hosts", "strict", "moderate", "source")
_MODE: Reader[SafeSearchMode] = choice("mode of safe search", SafeSearchMode)
_NEVER_OFF = [each.value for each in SafeSearchMode if each is not SafeSearchMode.OFF]


def search_service() -> Reader[SearchService]:
    """Return a reader of the search services of one file, of which no two have a host."""
    definitions = Definitions()
    hosts: dict[DomainName, Place] = {}
    targets: set[DomainName] = set()

    def read(node: Node, book: MistakeBook) -> SearchService | None:
        entries = mapping("a search service", node, _SERVICE_KEYS, book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining("search service"))
        name = entries.required("name", text)
        own: tuple[DomainName, ...] | None = entries.required("hosts", list_of(domain))
        strict = entries.required("strict", domain)
        moderate = entries.optional("moderate", domain, default=None)
        entries.required("source", text)
        place = entries.place_of("hosts")
        for host in own or ():
            first = hosts.setdefault(host, place)
            if first is not place:
                book.add(place, f"`{host}` stands in {first} already: remove one of them")
        targets.update(each for each in (strict, moderate) if each is not None)
        for host in sorted(targets & hosts.keys()):
            message = f"`{host}` is looked up instead of itself: remove it from `hosts`"
            book.add(node.place, message)
        if id_ is None or name is None or own is None or strict is None:
            return None
        return SearchService(id=id_, name=name, hosts=own, strict=strict, moderate=moderate)

    return read


def safe_search(node: Node, book: MistakeBook) -> SafeSearch | None:
    """Return the modes that a school chose."""
    entries = mapping("safe search", node, ("pupil", "visitor", "staff"), book)
    if entries is None:
        return None
    otherwise = SafeSearch()
    return SafeSearch(
        pupil=entries.optional("pupil", _filtered("pupils"), default=otherwise.pupil),
        visitor=entries.optional("visitor", _filtered("visitors"), default=otherwise.visitor),
        staff=entries.optional("staff", _MODE, default=otherwise.staff),
    )


def _filtered(whose: str) -> Reader[SafeSearchMode]:
    """Return a reader of a mode for those whose results are always filtered."""

    @accepts({"enum": _NEVER_OFF})
    def read(node: Node, book: MistakeBook) -> SafeSearchMode | None:
        mode = _MODE(node, book)
        if mode is not SafeSearchMode.OFF:
            return mode
        message = f"safe search is never off for {whose}: write `strict` or `moderate`"
        book.add(node.place, message)
        return None

    return read
