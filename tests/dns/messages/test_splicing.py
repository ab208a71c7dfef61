"""Records that stand behind an alias say what they said before, read by another library."""

import dns.message
import dns.name
import dns.rrset
import pytest
from dns_world import query, reply_to
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import wire
from schoolgate_dns.messages.splicing import alias_ttl_at, behind_alias

NAMES = (
    "safe.example",
    "a.safe.example",
    "b.a.safe.example",
    "example",
    "other.test",
    r"\195\000.safe.example",
    "x" * 63 + ".safe.example",
)
CONTENTS = {
    "A": "192.0.2.1",
    "CNAME": "{}.",
    "DNAME": "{}.",
    "NS": "{}.",
    "PTR": "{}.",
    "MX": "10 {}.",
    "SRV": "1 2 443 {}.",
    "SOA": "{0}. root.{0}. 1 2 3 4 5",
    "RP": "{0}. {0}.",
    "AFSDB": "1 {}.",
    "HTTPS": '1 {}. alpn="h2"',
    "RRSIG": "A 8 2 60 20270101000000 20260101000000 7 {}. AAAA",
    "NSEC": "{}. A AAAA",
    "TXT": '"\\192\\012 is no pointer here"',
    "TYPE65280": r"\# 4 c00cc00c",
}
RECORDS = st.builds(
    lambda owner, type_, target: f"{owner} 60 IN {type_} {CONTENTS[type_].format(target)}",
    st.sampled_from(NAMES),
    st.sampled_from(sorted(CONTENTS)),
    st.sampled_from(NAMES),
)
SECTIONS = st.lists(RECORDS, max_size=6)


def reply(answer: list[str], authority: list[str], additional: list[str]) -> bytes:
    lookup = wire.read_query(query("safe.example").to_wire()).lookup
    message = reply_to(
        wire.query_for(lookup, 7), *answer, authority=authority, additional=additional
    )
    message.use_edns(edns=False)  # as replies are held
    return message.to_wire(max_size=65_535)


def sections(octets: bytes) -> list[list[str]]:
    message = dns.message.from_wire(octets, one_rr_per_rrset=True)
    return [[each.to_text() for each in section] for section in message.sections[1:]]


@given(SECTIONS, SECTIONS, SECTIONS, st.sampled_from(["w.example", "search.long.name.test"]))
def test_every_record_says_what_it_said(
    answer: list[str], authority: list[str], additional: list[str], asked: str
) -> None:
    before = reply(answer, authority, additional)
    question = wire.read_query(query(asked).to_wire()).question

    spliced, moved = behind_alias(question, before, 30)

    after = sections(spliced)
    assert f"{asked}. 30 IN CNAME safe.example." == after[0].pop(0)
    assert sections(before) == after
    assert len(spliced) - len(before) == moved
    assert (30).to_bytes(4) == spliced[(at := alias_ttl_at(question)) : at + 4]


def test_a_name_that_no_pointer_reaches_any_more_is_refused() -> None:
    question = wire.read_query(query("search.a-very-long-name.test").to_wire()).question
    texts = [f'safe.example 60 IN TXT "{number:0250}"' for number in range(61)]
    fits = reply(texts, [], [])
    # The next record's owner is in reach where it stands, and is not where it would come to.
    room = 0x3FFF - 5 - len(fits) - 12
    texts.append(rf"safe.example 60 IN TYPE65280 \# {room} {bytes(room).hex()}")
    assert 0x3FFF - 5 == len(reply(texts, [], []))

    behind_alias(question, reply(texts, [], []), 30)
    with pytest.raises(WireError, match="too long"):
        behind_alias(question, reply(texts, ["late.test 60 IN NS a.late.test."], []), 30)
