"""
A new source that has in memory once what it has in common with the one before.

Most revisions change little: a rule, a person, a list's table. The catalogue, which is most of a
source, is decoded anew each time all the same; without this every process would have it twice.
"""

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.policy import Policy, Register, Source

_IN_PARTS = (Source, Policy, Catalogue, Register)


def with_common_parts(source: Source, former: Source) -> Source:
    """Return a source equal to *source*, of whose parts those that are *former*'s too are its."""
    return _joined(source, former)


def _joined[Part: msgspec.Struct](new: Part, old: Part) -> Part:
    changes: dict[str, object] = {}
    for field in new.__struct_fields__:
        mine, theirs = getattr(new, field), getattr(old, field)
        if mine is theirs:
            continue
        if mine == theirs:
            changes[field] = theirs
        elif isinstance(mine, _IN_PARTS):
            changes[field] = _joined(mine, theirs)
    return msgspec.structs.replace(new, **changes) if changes else new
