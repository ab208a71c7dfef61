"""The ruleset as text: both families alike, what others name is there, nothing injected."""

import dataclasses
import functools
import re
from collections.abc import Callable

import pytest
from filter_world import INSPECTION, school_settings
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.exceptions import Exceptions, load_exceptions
from schoolgate_firewall.ruleset import boot_ruleset, ruleset_of, schema_of
from schoolgate_firewall.shared_networks import SharedNetworks, load_shared_networks
from schoolgate_policyd.config import (
    EncryptedDnsSettings,
    ExceptionSettings,
    FirewallMode,
    FirewallSettings,
    Settings,
    Transport,
    default_rules_dir,
)
from schoolgate_policyd.netfilter.names import LOG_GROUP, PASSES, TABLE, ClientSet, Reason, WaySet

SETTINGS = school_settings()
SHARED = load_shared_networks(default_rules_dir())
EXCEPTIONS = load_exceptions(default_rules_dir())
RULESET = ruleset_of(SETTINGS, SHARED, EXCEPTIONS)
# What a family needs to be a network at all differs, and its chain is named in the template.
DIFFERENT = {"on_the_link"}


def of(settings: Settings) -> str:
    return ruleset_of(settings, SharedNetworks(), Exceptions())


def with_firewall(**changes: object) -> Settings:
    assert SETTINGS.firewall is not None
    firewall = dataclasses.replace(SETTINGS.firewall, **changes)  # type: ignore[arg-type]  # a table's
    return dataclasses.replace(SETTINGS, firewall=firewall)


def with_section(section: str, **changes: object) -> Settings:
    replaced = dataclasses.replace(getattr(SETTINGS, section), **changes)
    return dataclasses.replace(SETTINGS, **{section: replaced})


def chains(ruleset: str) -> dict[str, list[str]]:
    """Return the rules of each chain, without remarks."""
    found: dict[str, list[str]] = {}
    for name, body in re.findall(
        r"^  chain (\w+) \{\n(.*?)^  \}", ruleset, re.MULTILINE | re.DOTALL
    ):
        lines = (line.strip() for line in body.splitlines())
        found[name] = [line for line in lines if line and not line.startswith("#")]
    return found


def as_either_family(rule: str) -> str:
    """Return a rule with what a family calls its things in words of both."""
    rule = rule.replace("ip6 ", "ip ").replace("icmpv6 ", "icmp ").replace("ipv6", "ipv4")
    for address in (f"[{INSPECTION[6]}]", *INSPECTION.values()):
        rule = rule.replace(address, "INSPECTION")
    rule = rule.replace("fe80::/10", "LINK-LOCAL").replace("169.254.0.0/16", "LINK-LOCAL")
    rule = re.sub(r"ip (nexthdr \{[^}]*\}|hdrlength > 5)", "HIDDEN-HEADERS", rule)
    rule = re.sub(r"([sd]addr) \{[^}]*\}", r"\1 RANGES", rule)
    return re.sub(r"\b([a-z_]+)[46]\b", r"\1", rule)


@pytest.mark.parametrize("mode", FirewallMode)
def test_every_rule_stands_there_for_both_families(mode: FirewallMode) -> None:
    found = chains(ruleset_of(school_settings(mode), SHARED, EXCEPTIONS))
    names = {name[:-1] for name in found if name[-1] in "46"} - DIFFERENT

    assert 25 < len(names)
    for name in names:
        four, six = found[f"{name}4"], found[f"{name}6"]
        assert list(map(as_either_family, four)) == list(map(as_either_family, six)), name


def test_a_rule_of_both_families_sends_each_to_its_own_chain() -> None:
    for name, rules in chains(RULESET).items():
        if name[-1] in "46":
            continue
        for rule in rules:
            jump = re.search(r"(?:jump|goto) (\w+)([46])$", rule)
            if jump is None:
                continue
            counterpart = {"4": "6", "6": "4"}[jump[2]]
            swapped = rule.replace(f"ipv{jump[2]}", f"ipv{counterpart}")
            assert swapped.replace(jump[0], jump[0][:-1] + counterpart) in rules


def test_whatever_others_name_in_the_packet_filter_is_there() -> None:
    ways = [name for way in WaySet for name in (way.open_name, way.looked_into_name, way.cut_name)]
    clients = [f"{each.value}{family}" for each in ClientSet for family in (4, 6)]
    counts = [each.count_set(family) for each in Reason for family in (4, 6)]

    for name in [*ways, *clients, *counts]:
        assert f"\n  set {name} {{ type " in RULESET
        # Of no bound there is no end, and an element that stays for ever is a way for ever.
        declared = RULESET.partition(f"\n  set {name} {{")[2].partition("}")[0]
        assert re.search(r"size \d+; flags .*timeout", declared), name
    assert f"table inet {TABLE} {{" in RULESET


@pytest.mark.parametrize("mode", list(FirewallMode))
def test_a_line_in_the_log_says_whether_it_went_on(mode: FirewallMode) -> None:
    """Watching lets through what passes; what the gateway is asked itself is decided as ever."""
    goes_on, accepted = dict[str, bool](), dict[str, bool]()
    for name, rules in chains(of(with_firewall(mode=mode))).items():
        for prefix in re.findall(r'log prefix "([^"]+)"', " ".join(rules)):
            goes_on[name] = prefix.endswith(f" {PASSES}")
            accepted[name] = rules[-1] == "accept"

    assert goes_on == accepted
    assert (mode is FirewallMode.WATCH) is any(goes_on.values())
    assert not all(goes_on.values())


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.QUIC}))
def test_every_reason_is_told_to_the_log_within_limits(reason: Reason) -> None:
    rules = [rule for rules in chains(RULESET).values() for rule in rules]
    told = [rule for rule in rules if f'log prefix "{reason.value}" group {LOG_GROUP}' in rule]

    assert 2 <= len(told)
    for rule in told:
        assert re.search(r"limit rate \d+/minute .*\} limit rate \d+/second .* log ", rule)


def test_what_is_counted_is_counted_in_a_rule_of_its_own() -> None:
    """A set that is full ends its rule: no verdict may stand behind it."""
    for rules in chains(RULESET).values():
        for rule in rules:
            if "update @count_" in rule:
                assert re.fullmatch(r"update @count_\w+ \{ ip6? saddr counter \}", rule)


def test_bell_times_are_no_business_of_the_packet_filter() -> None:
    assert "meta hour" not in RULESET
    assert "meta day" not in RULESET
    assert "meta time" not in RULESET


def test_workers_share_the_clients_and_each_keeps_its_own() -> None:
    assert "jhash ip6 saddr mod 2 seed 0x5347 map { 0 : 8443, 1 : 8444 }" in RULESET
    assert "jhash" not in of(with_section("proxy", workers=1))


def test_masquerading_is_of_ipv4_alone_and_may_be_left_to_another() -> None:
    assert 'meta nfproto ipv4 oifname { "wan0", "wan1" } masquerade' in RULESET
    assert "masquerade" not in of(with_firewall(masquerade=False))


def test_what_listens_on_the_loopback_is_not_opened() -> None:
    outward = with_section("proxy", address="10.9.1.1")

    assert "tcp dport { 8080, 8081, 8000 } accept" in of(outward)
    assert "tcp dport { 8000 } accept" in of(SETTINGS)
    assert "8000" not in of(with_section("web", address="127.0.0.1"))


def test_encrypted_dns_of_our_own_is_reached_where_it_listens() -> None:
    encrypted = EncryptedDnsSettings(
        name="dns.school.example",
        certificate=default_rules_dir(),
        key=default_rules_dir(),
        addresses=("10.9.1.1",),
    )
    ruleset = of(with_section("dns", encrypted=encrypted))

    assert "ip daddr @dns_addresses4 tcp dport { 853, 443 } accept" in ruleset
    assert "10.9.1.1/32, 10.9.53.53/32" in ruleset


def test_encrypted_dns_at_a_port_that_leads_to_the_proxy_is_refused() -> None:
    inspection = SETTINGS.dns.inspection_addresses[0]
    encrypted = EncryptedDnsSettings(
        name="dns.school.example",
        certificate=default_rules_dir(),
        key=default_rules_dir(),
        addresses=(inspection,),
    )
    with pytest.raises(RulesetError, match=f"https_port: 443 of {re.escape(inspection)} leads"):
        of(with_section("dns", encrypted=encrypted))

    elsewhere = dataclasses.replace(encrypted, https_port=4443)
    assert "tcp dport { 853, 4443 } accept" in of(with_section("dns", encrypted=elsewhere))


def test_a_reload_leaves_the_table_where_it_stands_and_another_kind_of_table_does_not() -> None:
    other_school = with_firewall(inside=("br0",), masquerade=False, exceptions=())

    assert schema_of(RULESET) == schema_of(of(other_school))
    assert schema_of(RULESET) in RULESET
    # It begins with what is there already, and never takes the table away by itself.
    assert "delete" not in re.sub(r"#.*", "", RULESET)
    assert f"delete table inet {TABLE}" in boot_ruleset()


def test_the_closed_ruleset_accepts_for_the_gateway_itself_alone() -> None:
    found = chains(boot_ruleset())

    assert ["type filter hook forward priority filter; policy drop;"] == found["forward"]
    assert "type filter hook input priority filter; policy drop;" == found["input"][0]
    assert not any(re.search(r"dport (22|53|80|443)\b", rule) for rule in found["input"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dataclasses.replace(SETTINGS, firewall=None), "firewall: not configured"),
        (with_firewall(inside=()), "firewall.inside: names no interface"),
        (with_firewall(inside=('a" accept',)), "firewall.inside: `a"),
        (with_firewall(outside=("lan1",)), "`lan1` is inside and outside"),
        (with_firewall(administration=("10.0.0.1/8",)), "firewall.administration: "),
        (with_firewall(ssh_port=0), "firewall.ssh_port: 0 is no port"),
        (with_section("proxy", intercept_port=None), "proxy.intercept_port: not set"),
        (with_section("proxy", intercept_port=65_535), "proxy.intercept_port: 65536 is no port"),
        (with_section("proxy", workers=0), "proxy.workers"),
        (with_section("dns", inspection_addresses=("10.9.53.53",)), "exactly one IPv6 address"),
        (with_section("dns", inspection_addresses=("fd09::1",)), "exactly one IPv4 address"),
        (with_section("dns", inspection_addresses=("x",)), "dns.inspection_addresses: "),
        (with_section("dns", further_addresses=("x}",)), "dns.further_addresses"),
        (dataclasses.replace(SETTINGS, address_ranges=("x",)), "address_ranges"),
        (with_section("web", address="x\ny"), "web.address"),
    ],
)
def test_what_cannot_be_a_ruleset_is_refused_by_the_setting_s_name(
    settings: Settings, words: str
) -> None:
    with pytest.raises(RulesetError, match=re.escape(words)) as refused:
        of(settings)

    assert "\n" not in str(refused.value)


def exception(**changes: object) -> ExceptionSettings:
    usual = ExceptionSettings(id="x", why="x", protocol=Transport.TCP, ports=(443,))
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]  # a table's


HOSTILE = st.text(max_size=30) | st.sampled_from(
    ['"', "lan1\naccept", "a } accept", "# x\n", "lan1;accept", "x\u2028y", "\x00", "a{{ 7 }}"]
)
SETTERS: list[Callable[[str], Settings]] = [
    lambda text: with_firewall(inside=(text,)),
    lambda text: with_firewall(outside=(text,)),
    lambda text: with_firewall(administration=(text,)),
    lambda text: with_firewall(mode=text),
    lambda text: with_firewall(exceptions=(exception(id=text, why=text),)),
    lambda text: with_firewall(exceptions=(exception(to=(text,)),)),
    lambda text: with_firewall(exceptions=(exception(sources=(text,)),)),
    lambda text: with_firewall(exceptions=(exception(protocol=text),)),
    lambda text: with_firewall(exceptions=(exception(ports=(text,)),)),
    lambda text: with_section("dns", address=text),
    lambda text: with_section("dns", inspection_addresses=(text, "fd09::1")),
    lambda text: with_section("proxy", address=text),
    lambda text: with_section("web", address=text),
    lambda text: dataclasses.replace(SETTINGS, address_ranges=(text,)),
]


def bones(ruleset: str) -> list[str]:
    """Return a ruleset without remarks and without what stands for values."""
    lines = (re.sub(r"^\s*#.*", "", line).rstrip() for line in ruleset.split("\n"))
    text = "\n".join(line for line in lines if line)
    text = re.sub(r'"[A-Za-z0-9_.-]{1,15}"', '"NAME"', text)
    text = re.sub(r"[0-9a-f:.]+/\d+(,\s+[0-9a-f:.]+/\d+)*", "RANGES", text)
    text = re.sub(r"[0-9a-f]+(?:[:.]+[0-9a-f]+)+", "ADDRESS", text)
    return text.replace("if" + "name", "name").split("\n")


@settings_of_hypothesis(max_examples=60)
@given(text=HOSTILE, at=st.sampled_from(SETTERS))
def test_no_setting_can_say_anything_to_nft(text: str, at: Callable[[str], Settings]) -> None:
    try:
        ruleset = of(at(text))
    except RulesetError as error:
        said = str(error)
    else:
        # Whatever was taken, the lines are those that some ordinary setting gives.
        assert set(bones(ruleset)) <= ordinary_lines()
        return
    assert said.isprintable()


@functools.cache
def ordinary_lines() -> frozenset[str]:
    return frozenset(line for each in ORDINARY for line in bones(of(each)))


ORDINARY = [
    SETTINGS,
    with_firewall(inside=("eth7",)),
    with_firewall(outside=("eth7",)),
    with_firewall(mode=FirewallMode.WATCH),
    with_firewall(exceptions=(exception(),)),
    with_firewall(exceptions=(exception(to=("192.0.2.0/24", "2001:db8::/32")),)),
    with_firewall(exceptions=(exception(sources=("192.0.2.0/24", "2001:db8::/32")),)),
    with_section("proxy", address="10.9.1.1"),
    with_section("web", address="127.0.0.1"),
]


def test_a_firewall_of_defaults_needs_interfaces_alone() -> None:
    plain = FirewallSettings(inside=("eth1",), outside=("eth0",))

    assert 'iifname "eth1"' in of(dataclasses.replace(SETTINGS, firewall=plain))
