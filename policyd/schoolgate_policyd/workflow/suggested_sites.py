"""Sites that the school asks its pupils to use, which parents are told of (R13)."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member

FIELDS = ("name", "url", "about")
_LONGEST_URL = 500
LISTS = frozenset({Duty.HEAD, Duty.ONLINE_SAFETY_LEAD})


class SuggestedSite(msgspec.Struct, frozen=True):
    """A site by name and address, and what it is for."""

    name: str
    url: str
    about: str


def may_list(member: Member) -> bool:
    """Whether *member* says which sites stand on the list."""
    return member.may_as(*LISTS)


def require_may_list(member: Member) -> None:
    """Raise NotAllowed unless *member* says which sites stand on the list."""
    if not may_list(member):
        raise NotAllowed("The headteacher and the online safety lead keep this list.")


def read_site(raw: Mapping[str, str]) -> SuggestedSite:
    """Return what the form says. Raises InvalidForm with every mistake."""
    entry = Entry(raw, FIELDS)
    name = entry.line("name", "Give the site's name, as pupils know it.", limit=120)
    text = entry.line("url", "Give the address of the page.", limit=_LONGEST_URL)
    about = entry.line("about", "Say in a few words what it is for.", limit=300)
    url = "" if not text else _address(entry, text)
    entry.raise_mistakes()
    return SuggestedSite(name, url, about)


def _address(entry: Entry, text: str) -> str:
    try:
        url = parse_url(text if "://" in text else f"https://{text}")
    except NameSyntaxError:
        entry.mistake("url", "Enter a web address, like https://www.example.org/page.")
        return ""
    if url.scheme not in {"http", "https"}:
        entry.mistake("url", "Enter a web address that starts with https:// or http://.")
    if len(str(url)) > _LONGEST_URL:
        entry.mistake("url", f"Use an address of {_LONGEST_URL} characters or fewer.")
    return str(url)
