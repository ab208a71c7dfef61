"""
Registry suffixes (com, co.uk): names under which strangers register theirs.

The library answers in microseconds for one name; for a million there are sets of what it knows.
"""

import functools
from pathlib import Path

import publicsuffixlist

_BEGIN, _END = "// ===BEGIN ICANN DOMAINS===", "// ===END ICANN DOMAINS==="


@functools.cache
def named_suffixes() -> frozenset[bytes]:
    """Return every registry suffix of two labels or more that is named as one, in A-labels."""
    return frozenset(
        rule.removeprefix("*.").encode("idna") for rule in _rules() if not rule.startswith("!")
    )


@functools.cache
def wildcard_endings() -> tuple[bytes, ...]:
    """Return what a name ends in that may be a suffix by a wildcard (`*.ck`)."""
    return tuple(b"." + rule[2:].encode("idna") for rule in _rules() if rule.startswith("*."))


def is_registry_suffix(name: bytes) -> bool:
    """Whether *name* (A-labels, lower case) is one, by the library's own word."""
    return _list().is_public(name.decode("ascii"))


@functools.cache
def _list() -> publicsuffixlist.PublicSuffixList:
    # Below the private suffixes (github.io) strangers publish too, but each is one company's.
    return publicsuffixlist.PublicSuffixList(only_icann=True)


@functools.cache
def _rules() -> tuple[str, ...]:
    text = Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8")
    section = text.partition(_BEGIN)[2].partition(_END)[0]
    rules = (line.partition(" ")[0].strip().lower() for line in section.splitlines())
    return tuple(rule for rule in rules if "." in rule and not rule.startswith("//"))
