"""Text that people typed, as paper may show it: nothing hidden, nothing reordered, bounded."""

import unicodedata
from collections.abc import Container

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# The same as `workflow.entries` refuses: controls, format characters (bidi marks and soft hyphens
# among them), surrogates, private use, unassigned. Imported text may have them all the same.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_BREAKS = frozenset("\n\u2028\u2029")


def printable(text: str, *, drawn: Container[int], limit: int, is_line: bool = False) -> str:
    """
    Return *text* as it may be printed, at most *limit* characters, cut with an ellipsis.

    *drawn* are the code points that the font has; what it lacks and what is hidden becomes a
    visible replacement mark. A line keeps no line ends.
    """
    cut = text[: limit + 1]
    if len(cut) > limit:
        cut = cut[: limit - 1] + "…"
    lines = unicodedata.normalize("NFC", cut.replace("\r\n", "\n").replace("\r", "\n"))
    shown = "".join(_shown(character, drawn) for character in lines)
    return " ".join(shown.split()) if is_line else shown.strip("\n")


def _shown(character: str, drawn: Container[int]) -> str:
    if character in _BREAKS:
        return "\n"
    if character in _JOINERS:
        return ""
    category = unicodedata.category(character)
    if character == "\t" or category == "Zs":
        return " "
    if category in _HIDDEN or ord(character) not in drawn:
        return REPLACEMENT
    return character
