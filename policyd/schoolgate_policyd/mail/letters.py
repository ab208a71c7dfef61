"""What policyd hands to the process that sends mail, and what it answers: JSON, a line each."""

import unicodedata

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError

MAX_LINE = 256 * 1024
MAX_WHY = 300
# What an answer is about that is about no single letter: the server is not reached.
SERVER = 0


class LetterError(SchoolgateError):
    """A line is no letter or no answer."""


class Letter(msgspec.Struct, frozen=True):
    """A message for one recipient; *id* comes back with the answer."""

    id: int
    sender: str
    recipient: str
    octets: bytes


class Answer(msgspec.Struct, frozen=True):
    """
    What became of a letter, or, with the id SERVER, why none of the others was sent.

    One that *is_final* is not tried again.
    """

    id: int
    is_taken: bool
    is_final: bool = False
    why: str = ""


_LETTERS = msgspec.json.Decoder(Letter)
_ANSWERS = msgspec.json.Decoder(Answer)


def line_of(said: Letter | Answer) -> bytes:
    """Return the line that says so."""
    return msgspec.json.encode(said) + b"\n"


def letter_in(line: bytes) -> Letter:
    """Return the letter of *line*. Raises LetterError."""
    try:
        return _LETTERS.decode(line)
    except msgspec.MsgspecError as error:
        raise LetterError(f"this is no letter: {error}") from error


def answer_in(line: bytes) -> Answer:
    """Return the answer of *line*. Raises LetterError."""
    try:
        return _ANSWERS.decode(line)
    except msgspec.MsgspecError as error:
        raise LetterError(f"this is no answer: {error}") from error


def plain_words(text: str) -> str:
    """Return what a server said in one line, without what hides or reorders it, and short."""
    shown = (
        " " if character.isspace() else character
        for character in text[: 4 * MAX_WHY]
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    return " ".join("".join(shown).split())[:MAX_WHY]
