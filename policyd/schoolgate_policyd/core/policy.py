"""
Everything that a decision needs, as it is sent to every enforcement point.

`Source` is data: what rule files say, who is in the school and what is live now. It is compiled
to a `snapshot.Snapshot` where it is used. `apply` makes the next source from a small change.
"""

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.rules import Grant, Restriction, Rule
from schoolgate_policyd.core.safe_search import SafeSearch
from schoolgate_policyd.core.school_time import SchoolTime
from schoolgate_policyd.core.subjects import Device, DeviceClaim, Network, Person


class Document(msgspec.Struct, frozen=True):
    """The school's own policy document, as pages name it; *review* is a year and month."""

    title: str
    version: str
    review: str | None = None

    @property
    def name(self) -> str:
        """What rules cite it as: its title and which edition it is."""
        return f"{self.title}, {self.version}"


class StandingDefinition(msgspec.Struct, frozen=True):
    """A standing permission that a policy knows of, and what it permits, in words."""

    id: str
    about: str


class Policy(msgspec.Struct, frozen=True):
    """What a school's rule files say."""

    id: str
    document: Document
    rules: tuple[Rule, ...]
    catalogue: Catalogue
    school_time: SchoolTime
    social_media: frozenset[str] = frozenset()
    standing: tuple[StandingDefinition, ...] = ()
    safe_search: SafeSearch = SafeSearch()


class Register(msgspec.Struct, frozen=True):
    """Who and what is in the school: people without their names, networks, devices."""

    people: tuple[Person, ...] = ()
    networks: tuple[Network, ...] = ()
    devices: tuple[Device, ...] = ()


class Live(msgspec.Struct, frozen=True):
    """What is in force for a time; *standing* names the permissions whose records both stand."""

    grants: tuple[Grant, ...] = ()
    claims: tuple[DeviceClaim, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    standing: frozenset[str] = frozenset()


class Source(msgspec.Struct, frozen=True):
    """The immutable, numbered whole."""

    number: int
    policy: Policy
    register: Register = Register()
    live: Live = Live()
