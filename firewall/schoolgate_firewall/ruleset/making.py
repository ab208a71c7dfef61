"""Plan and templates made one text for nft."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache, partial
from importlib import resources

import jinja2

from schoolgate_firewall.exceptions import Exceptions, FixedException
from schoolgate_firewall.ruleset.families import Family
from schoolgate_firewall.ruleset.matches import (
    braces,
    is_of_the_web,
    matches,
    remark,
    tunnel_matches,
)
from schoolgate_firewall.ruleset.plan import Plan, plan_of
from schoolgate_firewall.ruleset.sets import heard_set, lasting_sets
from schoolgate_firewall.shared_networks import SharedNetworks
from schoolgate_policyd.netfilter.names import LOG_GROUP, TABLE, Reason
from schoolgate_policyd.settings import Settings

# One bit of the connection's mark is ours; whoever else marks connections keeps all others.
FIRST_WORDS_BIT = 0x10000000
# As long as it stands each client reaches the same worker, over reloads too.
_SEED = 0x5347
_METHODS = ("GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "TRAC", "PROP", "PRI ")
# QUIC last among what is refused: it is counted, and no attempt.
_REFUSED = (
    Reason.UNKNOWN_ADDRESS,
    Reason.ENCRYPTED_DNS,
    Reason.TUNNEL,
    Reason.OTHER_PROTOCOL,
    Reason.OTHER_PORT,
    Reason.INSIDE,
    Reason.FOREIGN_SOURCE,
    Reason.QUIC,
)
_SCHEMA_PLACE = "schema_"
_SCHEMA = re.compile(r"^  set (schema_[0-9a-f]{12}) ", re.MULTILINE)
# What a load cannot change where it stands: which sets and chains there are, and of what kind.
_SHAPE = re.compile(r"^  (?:set \S+ \{ .*\}$|chain .*)|^    type .* hook .*", re.MULTILINE)


def ruleset_of(settings: Settings, shared: SharedNetworks, exceptions: Exceptions) -> str:
    """
    Return the ruleset of a school as text for `nft -f`, one transaction.

    Loaded over itself it keeps the elements of lasting sets. Raises RulesetError, which names the
    setting that cannot be used.
    """
    plan = plan_of(settings, shared, exceptions)
    render = partial(_template("schoolgate.nft.jinja").render, _values_of(plan))
    return render(schema=_SCHEMA_PLACE + _digest_of(render(schema=_SCHEMA_PLACE)))


def boot_ruleset() -> str:
    """Return what is loaded while nothing else is: closed, and in place of whatever stood."""
    return _template("closed.nft.jinja").render(table=TABLE)


def schema_of(ruleset: str) -> str:
    """Return the name of the set that says which sets and chains *ruleset* has."""
    found = _SCHEMA.search(ruleset)
    assert found is not None  # noqa: S101 - every ruleset has one
    return found[1]


def _values_of(plan: Plan) -> dict[str, object]:
    """Return what the template knows."""
    return {
        "plan": plan,
        "table": TABLE,
        "log_group": LOG_GROUP,
        "lasting_sets": lasting_sets(),
        "heard_set": heard_set,
        "Reason": Reason,
        "refused": _REFUSED,
        "inside": _names(plan.inside),
        "outside": _names(plan.outside),
        "first_words_bit": hex(FIRST_WORDS_BIT),
        "all_but_first_words_bit": hex(0xFFFFFFFF ^ FIRST_WORDS_BIT),
        "http_methods": braces(f"0x{each.encode().hex()}" for each in _METHODS),
        "exceptions": partial(_exceptions, plan),
        "web_exceptions": partial(_web_exceptions, plan),
        "tunnel_matches": tunnel_matches,
        "worker_port": partial(_worker_port, plan.ports.intercept),
        "bracketed": _bracketed,
        "braces": braces,
        "remark": remark,
    }


def _exceptions(
    plan: Plan, family: Family, *, of_the_school: bool | None, answered: bool, for_trusted: bool
) -> Iterator[tuple[FixedException, str]]:
    """Yield exceptions with what they match; *of_the_school* None is those of both kinds."""
    for each in plan.exceptions:
        is_meant = each.is_for_trusted is for_trusted and (not each.ranges) is answered
        if is_meant and of_the_school in {None, each.is_of_the_school}:
            match = matches(each, family)
            if match is not None:
                yield each, match


def _web_exceptions(
    plan: Plan, family: Family, *, for_trusted: bool
) -> Iterator[tuple[FixedException, str]]:
    """Yield exceptions to ranges at the ports of the web."""
    found = _exceptions(plan, family, of_the_school=None, answered=False, for_trusted=for_trusted)
    return (pair for pair in found if is_of_the_web(pair[0]))


def _worker_port(ports: tuple[int, ...], ip: str) -> str:
    """Return the expression of the port of the worker that a client reaches."""
    if len(ports) == 1:
        return str(ports[0])
    pairs = ", ".join(f"{number} : {port}" for number, port in enumerate(ports))
    return f"jhash {ip} saddr mod {len(ports)} seed {_SEED:#x} map {{ {pairs} }}"


def _names(interfaces: tuple[str, ...]) -> str:
    """Return names as a match; one alone is quicker to compare than a set."""
    quoted = [f'"{each}"' for each in interfaces]
    return quoted[0] if len(quoted) == 1 else braces(quoted)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _digest_of(ruleset: str) -> str:
    shape = "\n".join(_SHAPE.findall(ruleset))
    return hashlib.sha256(shape.encode()).hexdigest()[:12]


@cache
def _template(name: str) -> jinja2.Template:
    folder = resources.files("schoolgate_firewall.ruleset")
    return _ENVIRONMENT.from_string((folder / name).read_text(encoding="utf-8"))


_ENVIRONMENT = jinja2.Environment(
    autoescape=False,  # noqa: S701 - no HTML: every value was parsed, and remarks are one line
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
