"""A public page as parts, which a page, plain text and paper each print in their own way."""

import msgspec


class Link(msgspec.Struct, frozen=True):
    """Somewhere to go, and a word about it; *href* is a path of ours, a web address or `tel:`."""

    text: str
    href: str
    about: str = ""


class Table(msgspec.Struct, frozen=True):
    """Rows of short texts under headings; *notes* of a cell stand on lines of their own."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Part(msgspec.Struct, frozen=True):
    """A heading and what stands under it, in this order."""

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    table: Table | None = None
    links: tuple[Link, ...] = ()

    @property
    def has_anything(self) -> bool:
        """Whether anything stands under the heading."""
        return bool(self.paragraphs or self.bullets or self.links) or (
            self.table is not None and bool(self.table.rows)
        )


class PublicPage(msgspec.Struct, frozen=True):
    """A title, what the page is in a few sentences, and its parts."""

    title: str
    lead: tuple[str, ...]
    parts: tuple[Part, ...]
