"""
The tree of errors that the store raises.

    SchoolgateError
    └── StoreError          the database could not be read or written; nothing was changed
        ├── UnsafeDatabase  it would not keep what it acknowledges, so it is not used
        ├── UnknownObject   no person, request, permission or class has this id
        └── PeopleFileError the sample school's people cannot be read, every mistake at once
"""

from schoolgate_policyd.core.errors import SchoolgateError


class StoreError(SchoolgateError):
    """The database could not be read or written; the transaction was undone."""


class UnsafeDatabase(StoreError):  # noqa: N818 - it says what the database is
    """The database would lose acknowledged rows at a power cut, or let rows dangle."""


class UnknownObject(StoreError, LookupError):  # noqa: N818 - it says what was asked for
    """Nothing has this id."""


class PeopleFileError(StoreError):
    """The file of sample people has mistakes; each is a line of the message."""
