"""Which texts are taken as an e-mail address: plain ones, with nothing that means more."""

import re

from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm

FIELD = "email"
# RFC 5321 section 4.5.3.1 (lengths) and the dot-string of 4.1.2. Quoted parts, comments, address
# literals and names in other scripts are lawful and refused: no school's server gives them out.
_MOST = 254
_MOST_LOCAL = 64
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})+)", re.ASCII)


def is_address(text: str) -> bool:
    """Whether *text* is an address that mail can be sent to."""
    found = _ADDRESS.fullmatch(text) if len(text) <= _MOST else None
    return found is not None and len(found[1]) <= _MOST_LOCAL


def read_address(text: str) -> str | None:
    """Return the address in *text*, None for none. Raises InvalidForm."""
    stripped = text.strip()
    if not stripped:
        return None
    if not is_address(stripped):
        message = "Enter an address like name@school.example, or leave it empty."
        raise InvalidForm((FieldMistake(FIELD, message),), {FIELD: text[:_MOST]})
    return stripped
