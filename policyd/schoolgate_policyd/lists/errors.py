"""
The branch of errors that lists raise.

    SchoolgateError
    └── ListError        a list cannot be had, read or taken; its last good version stays
        └── TableError   the compiled table is missing, damaged or of another version
"""

from schoolgate_policyd.core.errors import SchoolgateError


class ListError(SchoolgateError):
    """A list cannot be had, read or taken; the message says why, and what to do where one can."""


class TableError(ListError):
    """A compiled table cannot be used: it is missing, damaged or of another version."""
