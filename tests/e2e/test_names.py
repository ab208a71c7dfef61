"""Names, asked with dig, kdig and dnspython from pupils', staff's and visitors' addresses."""

import re
import sqlite3

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from local_internet import ORIGIN
from whole_school import WholeSchool, wait_for

PUPIL, TEACHER, VISITOR, STRANGER = "127.0.1.10", "127.0.2.10", "127.0.4.10", "127.0.99.1"


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("client", [PUPIL, TEACHER, VISITOR, STRANGER])
def test_social_media_is_blocked_with_rule_and_clause(
    school: WholeSchool, client: str, transport: str
) -> None:
    answer = school.dig(client, "www.tiktok.com", transport)

    assert "status: NXDOMAIN" in answer
    assert re.search(r"EDE: 15 \(Blocked\): .*social-media.*Social Media Policy", answer)


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("A", ORIGIN),
        ("AAAA", "2001:db8::15"),
        ("TXT", '"hello"'),
        ("MX", "10 mail.bbc.co.uk."),
        ("HTTPS", '1 . alpn="h2"'),
    ],
)
def test_an_ordinary_name_resolves(
    school: WholeSchool, type_: str, expected: str, transport: str
) -> None:
    assert expected == school.dig(PUPIL, "www.bbc.co.uk", type_, "+short", transport).strip()


def test_a_large_answer_is_cut_over_udp_and_whole_over_tcp(school: WholeSchool) -> None:
    query = dns.message.make_query("long.example", "TXT")
    over_udp = dns.query.udp(query, "127.0.0.1", 5, school.dns_port, source=PUPIL)
    over_tcp = dns.query.tcp(query, "127.0.0.1", 5, school.dns_port, source=PUPIL)

    assert over_udp.flags & dns.flags.TC
    assert len(over_udp.to_wire()) <= 1232
    assert 30 == len(over_tcp.answer[0])


def test_a_blocked_name_behind_an_innocent_alias_is_blocked(school: WholeSchool) -> None:
    answer = school.dig(PUPIL, "alias.example")

    assert "status: NXDOMAIN" in answer
    assert "pupils-social-media" in answer


def test_every_spelling_of_a_blocked_name_is_blocked(school: WholeSchool) -> None:
    for name in ("WWW.TikTok.com", "www.tiktok.com.", "a.b.www.tiktok.com"):
        assert "status: NXDOMAIN" in school.dig(PUPIL, name), name


def test_a_name_of_which_a_part_is_blocked_does_not_resolve_without_steering(
    school: WholeSchool,
) -> None:
    answer = school.dig(PUPIL, "www.mumsnet.com")

    assert "status: NXDOMAIN" in answer
    assert "pupils-social-media" in answer


def test_a_name_that_does_not_exist_is_told_from_a_blocked_one(school: WholeSchool) -> None:
    answer = school.dig(PUPIL, "no-such-name.example")

    assert "status: NXDOMAIN" in answer
    assert "EDE" not in answer


def test_dnspython_reads_the_same_reason(school: WholeSchool) -> None:
    query = dns.message.make_query("www.tiktok.com", "A", use_edns=True)
    answer = dns.query.udp(query, "127.0.0.1", 5, school.dns_port, source=PUPIL)
    errors = [option for option in answer.options if isinstance(option, dns.edns.EDEOption)]

    assert dns.rcode.NXDOMAIN == answer.rcode()
    assert [15] == [error.code for error in errors]
    assert "pupils-social-media" in (errors[0].text or "")


def test_garbage_gets_no_answer_or_formerr_and_the_server_goes_on(school: WholeSchool) -> None:
    import socket  # noqa: PLC0415 - this test alone speaks raw datagrams

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((PUPIL, 0))
        for garbage in (b"", b"\0", b"\xff" * 12, b"\0" * 40, bytes(range(256)) * 4):
            client.sendto(garbage, ("127.0.0.1", school.dns_port))

    assert ORIGIN == school.dig(PUPIL, "www.bbc.co.uk", "+short").strip()


def test_a_silent_upstream_gives_servfail(school: WholeSchool) -> None:
    school.upstream.is_silent = True
    try:
        assert "status: SERVFAIL" in school.dig(PUPIL, "not-asked-before.example")
    finally:
        school.upstream.is_silent = False


def test_blocked_attempts_are_recorded_and_help_lines_are_not(school: WholeSchool) -> None:
    school.dig(PUPIL, "www.childline.org.uk")
    school.dig(PUPIL, "nordvpn.com")

    def recorded() -> list[tuple[str, str | None]]:
        rows: list[tuple[str, str | None]] = []
        for path in (school.var / "events").glob("*.db"):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                table = database.execute(
                    "SELECT name FROM sqlite_master WHERE type='table' AND sql LIKE '%attempt%'"
                ).fetchone()
                if table is not None:
                    rows += database.execute(f"SELECT host, attempt FROM {table[0]}")  # noqa: S608
            database.close()
        return rows

    wait_for(lambda: ("nordvpn.com", "circumvention") in recorded(), 10, "the attempt's event")
    assert not any("childline" in host for host, _ in recorded())
    assert not any("childline" in line for line in school.lines)


def test_live_lines_are_printed_for_decisions(school: WholeSchool) -> None:
    school.dig(PUPIL, "www.youtube.com")

    wait_for(
        lambda: any("www.youtube.com" in line and "block" in line for line in school.lines),
        10,
        "the live line",
    )
