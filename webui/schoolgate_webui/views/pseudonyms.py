"""
What people are called in the log until their record is opened.

A pseudonym is a few letters that follow from a key of the school's, from what the viewer looks
with and from the person: the same person has the same one as long as the viewer is signed in, or
for a day with a token of the API, and another one for every other viewer and on every other day.
"""

import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.looks import Look, is_told_apart, may_open
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.words import AUDIENCE

# Nothing that is taken for something else when it is read out: no I, L, O, U.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 6


class Shown(msgspec.Struct, frozen=True):
    """
    A person as a page shows them.

    *code* asks the log for more of them, and is empty where they are not told apart. *opens* is
    where their record is opened or read, empty where the viewer may not.
    """

    text: str
    code: str = ""
    opens: str = ""
    is_named: bool = False


class Viewed(msgspec.Struct, frozen=True):
    """
    Whom somebody looks at: everybody by id, with year groups, and whose records are open to them.

    *people* are also those who have left. *seed* is what their letters follow from beside the key;
    *holds* says how long those are the same.
    """

    viewer: Member
    seed: str
    holds: str
    key: bytes
    people: Mapping[str, Member]
    years: Mapping[str, int]
    open_now: Mapping[str, Look]

    def code(self, person: str) -> str:
        """Return the letters for *person* while they hold."""
        said = f"{self.seed}|{person}".encode()
        number = int.from_bytes(hmac.digest(self.key, said, hashlib.sha256)[:8], "big")
        return "".join(_LETTERS[number >> 5 * place & 31] for place in range(_LENGTH))

    def person_called(self, code: str) -> str | None:
        """Return the person whose letters *code* are; None where nobody's or two people's."""
        wanted = code.strip().upper()
        found = [each for each in self.people if self.code(each) == wanted]
        return found[0] if len(found) == 1 else None

    def shown(self, person: str | None, audience: Audience | None) -> Shown:
        """Return *person* of *audience*, None for one who is not known, as the page shows them."""
        kind = "Somebody" if audience is None else AUDIENCE[audience]
        member = None if person is None else self.people.get(person)
        if person is None or (member is not None and not is_told_apart(self.viewer, member)):
            return Shown(f"{kind}, not known")
        look = self.open_now.get(person)
        if look is not None and member is not None:
            return Shown(member.name, person, f"/log/people/{person}", is_named=True)
        code = self.code(person)
        text = f"{kind} {code}"
        if person in self.years:
            text += f", {year_words(self.years[person]).lower()}"
        opens = member is not None and may_open(self.viewer, member)
        return Shown(text, code, f"/log/open/{code}" if opens else "")

    def group(self, person: str) -> str:
        """Return the year group of *person* in words, empty where there is none."""
        year = self.years.get(person)
        return "" if year is None else year_words(year)


def year_words(year: int) -> str:
    """Return a year group in words."""
    return "Reception" if year == 0 else f"Year {year}"
