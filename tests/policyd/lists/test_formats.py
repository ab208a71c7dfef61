"""Every format: what a line covers, and what cannot be honoured, by reason."""

from pathlib import Path

import pytest
from list_world import counted, read, table_of

from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.tally import Reason

AT, BELOW, BOTH, NOTHING = (True, False), (False, True), (True, True), (False, False)


@pytest.mark.parametrize(
    ("format_", "line", "covered"),
    [
        (Format.DOMAINS, "bad.example", BOTH),
        (Format.DOMAINS, "BAD.Example.", BOTH),
        (Format.DOMAINS, "bad.example   # why", BOTH),
        (Format.DOMAINS, "  bad.example\r", BOTH),
        (Format.DOMAINS, ".bad.example", BOTH),
        (Format.DOMAINS, "*.bad.example", BOTH),
        (Format.DOMAINS, "#bad.example", NOTHING),
        (Format.DOMAINS, "bad.example/page", NOTHING),
        (Format.HOSTS, "0.0.0.0 bad.example", AT),
        (Format.HOSTS, "127.0.0.1\tother.example bad.example # two", AT),
        (Format.HOSTS, "::1 bad.example", AT),
        (Format.HOSTS, "192.0.2.7 bad.example", NOTHING),
        (Format.HOSTS, "bad.example", NOTHING),
        (Format.ADGUARD, "||bad.example^", BOTH),
        (Format.ADGUARD, "||bad.example^$important", BOTH),
        (Format.ADGUARD, "||bad.example^|", BOTH),
        (Format.ADGUARD, "||*.bad.example^", BELOW),
        (Format.ADGUARD, "|bad.example^", AT),
        (Format.ADGUARD, "|bad.example|", AT),
        (Format.ADGUARD, "bad.example", AT),
        (Format.ADGUARD, "bad.example # why", AT),
        (Format.ADGUARD, "0.0.0.0 bad.example", AT),
        (Format.ADGUARD, "! ||bad.example^", NOTHING),
        (Format.ADGUARD, "# ||bad.example^", NOTHING),
        (Format.ADGUARD, "@@||bad.example^", NOTHING),
        (Format.ADGUARD, "@@bad.example", NOTHING),
        (Format.ADGUARD, "||bad.example", NOTHING),
        (Format.ADGUARD, "bad.example^", NOTHING),
        (Format.ADGUARD, "||bad.example^$client=10.0.0.1", NOTHING),
        (Format.ADGUARD, "||bad.example^$badfilter", NOTHING),
        (Format.ADGUARD, "||bad.example^$dnsrewrite=1.2.3.4", NOTHING),
        (Format.ADGUARD, "||bad.example/page^", NOTHING),
        (Format.ADGUARD, "/bad\\.example/", NOTHING),
        (Format.ADGUARD, "||bad.*^", NOTHING),
        (Format.ADGUARD, "bad.example##.advert", NOTHING),
        (Format.RPZ, "bad.example CNAME .", AT),
        (Format.RPZ, "bad.example 300 IN CNAME *.", AT),
        (Format.RPZ, "bad.example IN 1h CNAME rpz-drop.", AT),
        (Format.RPZ, "*.bad.example CNAME .", BELOW),
        (Format.RPZ, "bad.example A 0.0.0.0", AT),
        (Format.RPZ, "bad.example AAAA ::", AT),
        (Format.RPZ, "bad.example CNAME . ; why", AT),
        (Format.RPZ, "bad.example CNAME rpz-passthru.", NOTHING),
        (Format.RPZ, "bad.example CNAME rpz-tcp-only.", NOTHING),
        (Format.RPZ, "bad.example CNAME safe.search.example.", NOTHING),
        (Format.RPZ, "bad.example A 192.0.2.7", NOTHING),
        (Format.RPZ, "bad.example.other.zone. CNAME .", NOTHING),
        (Format.UT1, "bad.example", BOTH),
    ],
)
def test_a_line_covers_the_name_what_is_under_it_or_both(
    tmp_path: Path, format_: Format, line: str, covered: tuple[bool, bool]
) -> None:
    table = table_of(tmp_path, {"list": (format_, line + "\n")})
    at = bool(table.lists_of(parse_host("bad.example")))
    below = bool(table.lists_of(parse_host("a.www.bad.example")))
    table.close()

    assert covered == (at, below)


@pytest.mark.parametrize(
    ("format_", "line", "reason"),
    [
        (Format.DOMAINS, "bad example", Reason.SYNTAX),
        (Format.DOMAINS, "-bad.example", Reason.SYNTAX),
        (Format.DOMAINS, "bad..example", Reason.SYNTAX),
        (Format.DOMAINS, "a" * 64 + ".example", Reason.SYNTAX),
        (Format.DOMAINS, ".".join(["abcdefgh"] * 29), Reason.SYNTAX),
        (Format.DOMAINS, "x" * 5000, Reason.SYNTAX),
        (Format.DOMAINS, "bad\0.example", Reason.SYNTAX),
        (Format.DOMAINS, "com", Reason.TOO_WIDE),
        (Format.DOMAINS, "co.uk", Reason.TOO_WIDE),
        (Format.DOMAINS, "CO.UK.", Reason.TOO_WIDE),
        (Format.DOMAINS, "anything.ck", Reason.TOO_WIDE),
        (Format.DOMAINS, "香港", Reason.TOO_WIDE),
        (Format.DOMAINS, "公司.香港", Reason.TOO_WIDE),
        (Format.DOMAINS, "127.0.0.1", Reason.NOT_PUBLIC),
        (Format.DOMAINS, "10.0.0.1", Reason.NOT_PUBLIC),
        (Format.DOMAINS, "fe80::1", Reason.NOT_PUBLIC),
        (Format.DOMAINS, "https://bad.example/", Reason.PAGE),
        (Format.HOSTS, "nonsense bad.example", Reason.SYNTAX),
        (Format.HOSTS, "192.0.2.7 bad.example", Reason.REWRITE),
        (Format.ADGUARD, "@@||bad.example^", Reason.EXCEPTION),
        (Format.ADGUARD, "||bad.example^$dnstype=AAAA", Reason.MODIFIER),
        (Format.ADGUARD, "||bad.example^$important,client=x", Reason.MODIFIER),
        (Format.ADGUARD, "/^bad/", Reason.PATTERN),
        (Format.ADGUARD, "||b*d.example^", Reason.PATTERN),
        (Format.ADGUARD, "||^", Reason.SYNTAX),
        (Format.ADGUARD, "||bad.example/x^", Reason.PAGE),
        (Format.ADGUARD, "bad.example##.advert", Reason.COSMETIC),
        (Format.RPZ, "bad.example CNAME rpz-passthru.", Reason.EXCEPTION),
        (Format.RPZ, "bad.example CNAME other.example.", Reason.REWRITE),
        (Format.RPZ, "32.7.2.0.192.rpz-ip CNAME .", Reason.TRIGGER),
        (Format.RPZ, "ns.bad.example.rpz-nsdname CNAME .", Reason.TRIGGER),
        (Format.RPZ, "$INCLUDE /etc/passwd", Reason.DIRECTIVE),
        (Format.RPZ, "$GENERATE 1-1000000 bad$ CNAME .", Reason.DIRECTIVE),
        (Format.RPZ, r"b\097d.example CNAME .", Reason.SYNTAX),
        (Format.RPZ, "lonely", Reason.SYNTAX),
    ],
)
def test_what_cannot_be_honoured_is_counted_by_reason_with_its_line(
    format_: Format, line: str, reason: Reason
) -> None:
    intake = read(format_, f"\n{line}\n")

    assert {reason: 1} == counted(intake)
    assert 2 == intake.tally.not_honoured()[0].examples[0].line
    assert not any(intake.parts)


def test_the_lines_that_every_hosts_file_begins_with_are_no_fault() -> None:
    text = "127.0.0.1 localhost localhost.localdomain\n::1 ip6-localhost\n0.0.0.0 0.0.0.0\n"

    assert {} == counted(read(Format.HOSTS, text))


def test_a_zone_is_read_with_its_origin_its_parentheses_and_its_inherited_owners(
    tmp_path: Path,
) -> None:
    zone = """$TTL 300
@ IN SOA ns.rpz.example. admin.rpz.example. (
    2026112001 ; serial
    3600 600 604800 60 )
rpz.example. IN SOA ns.rpz.example. admin.rpz.example. 1 2 3 4 5
  IN NS ns.rpz.example.
one.test.rpz.example. CNAME .
two.test CNAME .
    TXT "said to be bad"
$ORIGIN net.rpz.example.
three CNAME .
*.three CNAME .
"""
    table = table_of(tmp_path, {"zone": (Format.RPZ, zone)})
    names = ("one.test", "two.test", "three.net", "a.three.net", "a.one.test", "rpz.example")
    found = [bool(table.lists_of(parse_host(name))) for name in names]
    table.close()

    assert [True, True, True, True, False, False] == found
    assert {Reason.REWRITE: 1} == counted(read(Format.RPZ, zone))


def test_an_unlocked_list_leaves_out_lesson_sites_and_what_is_above_them() -> None:
    text = "docs.site.example\nsite.example\nother.example\nbelow.docs.site.example\n"
    intake = read(Format.DOMAINS, text, spared=("docs.site.example",))

    assert {Reason.SPARED: 2} == counted(intake)
    assert 2 == sum(map(len, intake.parts)) // 17


def test_examples_are_few_short_and_printable() -> None:
    text = "".join(f"\x1b[31m{'x' * 500} {number}\n" for number in range(10))
    (found,) = read(Format.DOMAINS, text).tally.not_honoured()

    assert 10 == found.count
    assert 3 == len(found.examples)
    assert all(each.text.isprintable() and len(each.text) < 100 for each in found.examples)
