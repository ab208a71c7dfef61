"""
The part of AdGuard's syntax that is about names (adguard-dns.io, "DNS filtering rules syntax").

`||x^` covers x and everything under it, `||*.x^` what is under it, `|x^` and a bare `x` that name
alone, as in AdGuard Home. Lines of a hosts file may stand among them. What asks more than the
name (regular expressions, wildcards, modifiers) is counted, and so is every exception.
"""

import re
from collections.abc import Iterable

from schoolgate_policyd.lists.formats.hosts import NOWHERE, take_hosts
from schoolgate_policyd.lists.intake import AT, AT_AND_BELOW, BELOW, Intake
from schoolgate_policyd.lists.tally import Reason

_STAR, _SLASH = b"*/"
_COSMETIC = re.compile(rb"##|#@#|#\?#|#\$#|#%#|\$\$|\$@\$")
# `important` only sets a rule above exceptions, and there are none here.
_HARMLESS_MODIFIERS = frozenset({b"important"})


def read_adguard(lines: Iterable[bytes], intake: Intake) -> None:
    """Give *intake* every name of *lines*."""
    for number, line in enumerate(lines, 1):
        rule = line.strip()
        # `##.advert` changes a page; `# a comment` says something.
        if not rule or rule.startswith((b"!", b"[")) or _is_comment(rule):
            continue
        is_simple = rule.startswith(b"||") and rule.endswith(b"^")
        if is_simple and _STAR not in rule and _SLASH not in rule:
            intake.take(rule[2:-1], AT_AND_BELOW, number)
        else:
            _read_other(rule, number, intake)


def _is_comment(rule: bytes) -> bool:
    return rule.startswith(b"#") and _COSMETIC.match(rule) is None


def _read_other(rule: bytes, number: int, intake: Intake) -> None:
    if rule.startswith(b"@@"):
        intake.leave(Reason.EXCEPTION, rule, number)
        return
    if _COSMETIC.search(rule):
        intake.leave(Reason.COSMETIC, rule, number)
        return
    words = rule.partition(b"#")[0].split()
    if len(words) > 1 or (words and words[0] in NOWHERE):
        take_hosts(words, rule, number, intake)
        return
    if rule.startswith(b"/") and rule.endswith(b"/"):
        intake.leave(Reason.PATTERN, rule, number)
        return
    pattern, dollar, modifiers = rule.partition(b"$")
    if dollar and not _HARMLESS_MODIFIERS.issuperset(modifiers.split(b",")):
        intake.leave(Reason.MODIFIER, rule, number)
        return
    _read_pattern(pattern.partition(b"#")[0].strip(), rule, number, intake)


def _read_pattern(pattern: bytes, rule: bytes, number: int, intake: Intake) -> None:
    """Take *pattern*, which has neither modifiers nor comments any more."""
    name = pattern.removesuffix(b"|").removesuffix(b"^")
    is_ended = name != pattern
    if name.startswith(b"||"):
        covers, name = AT_AND_BELOW, name[2:]
        if name.startswith(b"*."):
            covers, name = BELOW, name[2:]
    elif name.startswith(b"|"):
        covers, name = AT, name[1:]
    elif is_ended:
        # `x^` also ends `not-x^`.
        intake.leave(Reason.PATTERN, rule, number)
        return
    else:
        covers, is_ended = AT, True
    if b"/" in name:
        intake.leave(Reason.PAGE, rule, number)
    elif not is_ended or b"*" in name or b"^" in name or b"|" in name or not name:
        # Without its end, `||x` also begins `x.example`.
        intake.leave(Reason.PATTERN, rule, number)
    else:
        intake.take(name, covers, number)
