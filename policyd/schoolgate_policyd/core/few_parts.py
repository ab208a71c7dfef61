"""
Which parts of a host stand for others: those that lie alike to everything else.

A wiki has seventy parts of one service, and a grant for it that meets a grant for a prefix would
have each of them looked at with each other. What a URL of a part can be is where it can lie to the
rest: in a prefix or not, in a part of another service or not. So of parts with the same relations
one is enough.
"""

import functools

from schoolgate_policyd.core.url_patterns import UrlPattern, is_part_blocked, is_part_opened

Parts = tuple[UrlPattern, ...]


# What is asked for again is the same few hosts under the same few grants.
@functools.lru_cache(maxsize=256)
def few_parts(groups: tuple[Parts, ...], prefixes: tuple[str, ...]) -> tuple[Parts, ...]:
    """
    Return some parts of each group, one of those that lie alike to *prefixes* and other groups.

    The parts of a group are those of which the same rules and grants speak.
    """
    few = []
    for position, parts in enumerate(groups):
        others = tuple(
            each for number, group in enumerate(groups) if number != position for each in group
        )
        alike: dict[object, UrlPattern] = {}
        for part in parts:
            alike.setdefault(_relations(part, prefixes, others), part)
        few.append(tuple(alike.values()))
    return tuple(few)


def _relations(part: UrlPattern, prefixes: tuple[str, ...], others: Parts) -> object:
    if not prefixes and not others:
        # One that asks for a parameter twice is opened by nothing.
        return len(part.parameters) == len(part.names)
    return (
        part.is_open_ended,
        len(part.parameters),
        tuple(sorted(part.names)),
        tuple(_to_prefix(part, each) for each in prefixes),
        tuple(_to_path(part, each) for each in others),
        tuple(_to_query(part, each) for each in others),
    )


def _to_prefix(part: UrlPattern, prefix: str) -> tuple[bool, ...]:
    below = _below(prefix)
    return (
        is_part_opened(part.path, prefix),
        is_part_blocked(part.path, prefix),
        part.opens_path(prefix),
        part.covers_path(prefix),
        part.opens_path(below),
        part.covers_path(below),
    )


def _to_path(part: UrlPattern, other: UrlPattern) -> tuple[bool, ...]:
    pairs = ((part, other.path), (other, part.path))
    return tuple(
        covers
        for pattern, path in pairs
        for at in (path, _below(path))
        for covers in (pattern.opens_path(at), pattern.covers_path(at))
    )


def _to_query(part: UrlPattern, other: UrlPattern) -> tuple[object, ...]:
    """Return how each two of their parameters with the same name lie to each other."""
    return tuple(
        (position, number, mine.covers(theirs), theirs.covers(mine))
        for position, mine in enumerate(part.parameters)
        for number, theirs in enumerate(other.parameters)
        if mine.read_name == theirs.read_name
    )


def _below(path: str) -> str:
    return path.rstrip("/") + "/"
