"""
The tree of errors of the ledger.

    SchoolgateError
    └── LedgerError       something of the ledger cannot be used
        ├── NotAnEntry    a part of an entry has no canonical form
        ├── NotANote      it is no signed note, no checkpoint, no key or no code of one
        └── WrongSignature  the key did not sign this
"""

from schoolgate_policyd.core.errors import SchoolgateError


class LedgerError(SchoolgateError):
    """Something of the ledger cannot be used."""


class NotAnEntry(LedgerError):  # noqa: N818 - it says what the text is not
    """A part of an entry has no canonical form."""


class NotANote(LedgerError):  # noqa: N818 - see NotAnEntry
    """It is not a signed note, a checkpoint, a key or a printed code."""


class WrongSignature(LedgerError):  # noqa: N818 - it says what is wrong
    """No signature of this key stands under the note, or one that does not match."""
