"""
How lists are written, a module for each format.

A format is a function that reads numbered lines and gives an `Intake` the names in them, each
with what it covers, or the reason why a line cannot be honoured. None of them opens anything:
exceptions are counted, never followed.
"""

from collections.abc import Callable, Iterable

from schoolgate_policyd.lists.formats.adguard import read_adguard
from schoolgate_policyd.lists.formats.domains import read_domains
from schoolgate_policyd.lists.formats.hosts import read_hosts
from schoolgate_policyd.lists.formats.rpz import read_rpz
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.subscription import Format

ReadLines = Callable[[Iterable[bytes], Intake], None]

READERS: dict[Format, ReadLines] = {
    Format.DOMAINS: read_domains,
    Format.HOSTS: read_hosts,
    Format.ADGUARD: read_adguard,
    Format.RPZ: read_rpz,
    # The `domains` file of a category; `reading` finds it in the tree.
    Format.UT1: read_domains,
}
