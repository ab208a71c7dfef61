"""A public page on paper."""

from datetime import datetime

from schoolgate_webui.paper.pdf import Paper
from schoolgate_webui.views.public_parts import PublicPage


def public_pdf(page: PublicPage, *, school_name: str, where: str, at: datetime) -> bytes:
    """Return *page* as a PDF made at *at* (aware); *where* is what relative links stand on."""
    paper = Paper(footer=f"{school_name} · {page.title} · {where}", at=at)
    paper.title(f"{school_name}: {page.title}")
    for sentence in page.lead:
        paper.paragraph(sentence)
    for part in page.parts:
        paper.section(part.title)
        for paragraph in part.paragraphs:
            paper.paragraph(paragraph)
        if part.bullets:
            paper.paragraph("\n".join(f"• {each}" for each in part.bullets))
        if part.table is not None and part.table.rows:
            paper.table(part.table.headings, part.table.rows)
        if part.links:
            paper.paragraph(
                "\n".join(_link(each.text, each.about, each.href, where) for each in part.links)
            )
    return paper.octets()


def _link(text: str, about: str, href: str, where: str) -> str:
    address = f"{where.rstrip('/')}{href}" if href.startswith("/") else href
    return f"• {text}{f' ({about})' if about else ''}: {address}"
