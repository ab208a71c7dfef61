"""Where passkeys work, as the pages that ask for one say it."""

import msgspec


class PasskeyPlace(msgspec.Struct, frozen=True):
    """
    Whether passkeys work at the address that a page was asked for under.

    *public_url* is the address that the school gave the pages; *is_at_public_url* whether they
    work there.
    """

    is_here: bool
    is_at_public_url: bool
    public_url: str
