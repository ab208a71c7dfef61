"""
Why a name is not answered with its own records: the code and text of an extended DNS error.

The code follows the deciding rule, the hardest to lift of those that block:

- 17 Filtered ("as requested by the client", RFC 8914 section 4.18): the rule is a restriction, a
  filter for one person alone.
- 16 Censored ("an external requirement", 4.17): a locked rule that another document than the
  school's asks for, as what all schools must block and lists of the unlawful (IWF, CTIRU).
- 15 Blocked ("an internal security policy", 4.16): every other rule, the school's own and what
  is locked by Schoolgate's choice.

A steered name of which some pages are allowed has code 4, Forged Answer (4.5): an answer of ours.
"""

from schoolgate_dns.messages import ExtendedErrorCode
from schoolgate_policyd.core.decision import Decision, deciding_rule
from schoolgate_policyd.core.policy import Document
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.snapshot import Snapshot


def code_of(decision: Decision, snapshot: Snapshot) -> ExtendedErrorCode:
    """Return the code that tells whose will *decision* follows."""
    rule = deciding_rule(decision)
    if rule is None:
        return ExtendedErrorCode.BLOCKED
    # Each restriction that there is has a lifetime, and no other rule has one.
    if rule.id in snapshot.lifetimes:
        return ExtendedErrorCode.FILTERED
    own = snapshot.source.policy.document.title
    if rule.locked and not rule.cite.is_ours and rule.cite.document != own:
        return ExtendedErrorCode.CENSORED
    return ExtendedErrorCode.BLOCKED


def text_of(decision: Decision, snapshot: Snapshot) -> str:
    """
    Return rule and clause of every rule that blocks, the deciding one first.

    The school's own document is named with its version. Whoever writes it cuts it at 200 octets.
    """
    deciding = deciding_rule(decision)
    document = snapshot.source.policy.document
    rules = sorted(decision.rules, key=lambda rule: rule is not deciding)
    return "; ".join(_citation(rule, document) for rule in rules)


def _citation(rule: Rule, document: Document) -> str:
    title = rule.cite.document
    if title == document.title:
        title = f"{title}, {document.version}"
    return f"{rule.id}: {title}, {rule.cite.section}"
