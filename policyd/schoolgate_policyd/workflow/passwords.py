"""
Which passwords are good enough: long ones that nobody would try first.

After NIST SP 800-63B-4, 3.1.1 and OWASP ASVS 5, 6.2: at least twelve characters, everything that
can be typed, no rules of composition, none of the commonest, nothing made of the school's words.
"""

from collections.abc import Iterable

from schoolgate_policyd.workflow.common_passwords import COMMON_PARTS

SHORTEST = 12
LONGEST = 128
# Letters that people write as digits and signs.
_WRITTEN_AS = str.maketrans("0134578@$!+", "oleastbasit")
_LONGEST_RUN = 4
_PARTS_AT_MOST = 2


def why_not_good(password: str, own_words: Iterable[str]) -> str | None:
    """
    Return what is the matter with *password*, as a sentence, None when it is good.

    *own_words* are those that anybody would try for this person: their names, the school's.
    """
    if len(password) < SHORTEST:
        return f"A password has at least {SHORTEST} characters. Three or four words do well."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if not password.isprintable():
        return "A password has no characters that cannot be seen."
    if len(set(password)) <= _LONGEST_RUN:
        return "This password is too easy to guess: it repeats itself."
    words = frozenset(_folded(each) for word in own_words for each in (word, *word.split()))
    if _is_common(password, frozenset(each for each in words if len(each) > 2)):  # noqa: PLR2004 - an initial is no word
        return "This password is one of those that are tried first. Choose another."
    return None


def _is_common(password: str, own_words: frozenset[str]) -> bool:
    """
    Whether it is a common word or two, in whatever case, with digits and signs between or after.

    So it covers thousands of the passwords that lists of the commonest have.
    """
    plain = _letters(password.lower())
    written = _folded(password)
    parts = COMMON_PARTS | own_words
    return any(_is_made_of(text, parts, _PARTS_AT_MOST) for text in {plain, written})


def _is_made_of(text: str, parts: frozenset[str], at_most: int) -> bool:
    if not text or _is_run(text):
        return True
    if at_most == 0:
        return False
    # A word that is said over and over is said once.
    return any(
        text.startswith(part) and _is_made_of(_after(text, part), parts, at_most - 1)
        for part in parts
    )


def _after(text: str, part: str) -> str:
    while text.startswith(part):
        text = text.removeprefix(part)
    return text


def _is_run(text: str) -> bool:
    return len(text) < _LONGEST_RUN


def _folded(text: str) -> str:
    return _letters(text.lower().translate(_WRITTEN_AS))


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalpha())
