"""The pages of the test school's proxy, and a reader of them."""

from datetime import datetime
from html.parser import HTMLParser

from proxy_school import (
    LESSON,
    school_source,
)

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request, Resource, UrlResource
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_proxy.blockpage import (
    block_page,
)
from schoolgate_proxy.words import Blocked

SCHOOL = compile_snapshot(school_source())
TIKTOK = UrlResource(parse_url("https://www.tiktok.com/"))
WEB = "https://schoolgate.example/"


def blocked(who: str, resource: Resource = TIKTOK, moment: datetime = LESSON) -> Blocked:
    subject = SCHOOL.subject_at(who, moment)
    decision = decide(Request(subject, resource), SCHOOL, moment)
    return Blocked(subject, resource, decision, SCHOOL, moment, WEB)


def page_for(who: str, resource: Resource = TIKTOK, moment: datetime = LESSON) -> str:
    return block_page(blocked(who, resource, moment)).body.decode()


class Reader(HTMLParser):
    """The words of a page, its links, and every element that it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.elements: set[str] = set()
        self._skips = False
        self.feed(page)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._skips = tag == "style"
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        if not self._skips:
            self.words.append(data)
