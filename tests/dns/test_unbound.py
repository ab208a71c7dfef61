"""The shipped unbound in front of the internet, our point in front of it: AD, DO and CD honest."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from dns_world import PUPIL, STAFF, query, run, source, until
from local_unbound import LocalUnbound, main_file, shipped_at

from schoolgate_dns.point import Point
from schoolgate_dns.resolvers import Place
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.settings import NetworkSettings, Settings

pytestmark = pytest.mark.skipif(
    shutil.which("unbound") is None,
    reason="unbound is not installed; `tools/test-packages.sh` installs it",
)

AD, CD, DO = dns.flags.AD, dns.flags.CD, dns.flags.DO


@pytest.fixture(scope="module")
def unbound() -> Iterator[LocalUnbound]:
    with tempfile.TemporaryDirectory(prefix="sg-") as folder, LocalUnbound(Path(folder)) as it:
        yield it


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp") as folder:
        yield Path(folder)


async def _answers(
    var_dir: Path, port: int, asked: list[tuple[str, dns.message.QueryMessage]]
) -> list[dns.message.Message]:
    save_last_snapshot(var_dir / "snapshots" / "dns" / "dns.snapshot", source())
    networks = tuple(
        NetworkSettings(
            id=id_,
            cidr=cidr,
            audience=audience,
            device=DeviceKind.OWN_DEVICE,
            inspectable=False,
        )
        for id_, cidr, audience in (
            ("pupils", "127.0.1.0/24", Audience.PUPIL),
            ("staff", "127.0.2.0/24", Audience.STAFF),
        )
    )
    dns_settings = DnsSettings(port=0, upstreams=(f"127.0.0.1:{port}",))
    settings = Settings(var_dir=var_dir, dns=dns_settings, networks=networks)
    stop, places = asyncio.Event(), list[Place]()
    task = asyncio.create_task(Point(settings).run(stop, places.append))
    await until(lambda: bool(places) or task.done())
    try:
        return [
            await dns.asyncquery.udp(
                message, places[0].address, port=places[0].port, source=client, timeout=5
            )
            for client, message in asked
        ]
    finally:
        stop.set()
        await task


def answers(
    var_dir: Path, unbound: LocalUnbound, *asked: tuple[str, dns.message.QueryMessage]
) -> list[dns.message.Message]:
    """What our point answers to each client's query."""
    return run(_answers(var_dir, unbound.port, list(asked)))


def types_of(answer: dns.message.Message) -> list[str]:
    return [dns.rdatatype.to_text(each.rdtype) for each in answer.answer]


def test_the_shipped_configuration_is_one_that_unbound_takes(tmp_path: Path) -> None:
    (tmp_path / "schoolgate.conf").write_text(shipped_at(5335), "utf-8")
    (tmp_path / "unbound.conf").write_text(main_file(tmp_path), "utf-8")

    checked = subprocess.run(
        ["unbound-checkconf", str(tmp_path / "unbound.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (checked.returncode, checked.stderr)


def test_authentic_passes_to_those_who_ask_and_signatures_to_those_who_want_them(
    var_dir: Path, unbound: LocalUnbound
) -> None:
    plain, asks_ad, wants_do, unsigned = answers(
        var_dir,
        unbound,
        (STAFF, query("www.signed.example")),
        (STAFF, query("www.signed.example", flags=dns.flags.RD | AD)),
        (STAFF, query("alias.signed.example", want_dnssec=True)),
        (STAFF, query("www.plain.example", want_dnssec=True)),
    )

    assert [False, True, True, False] == [
        bool(each.flags & AD) for each in (plain, asks_ad, wants_do, unsigned)
    ]
    assert [0, 0, DO, DO] == [each.ednsflags & DO for each in (plain, asks_ad, wants_do, unsigned)]
    assert ["A"] == types_of(plain) == types_of(asks_ad) == types_of(unsigned)
    assert ["CNAME", "RRSIG", "A", "RRSIG"] == types_of(wants_do)


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("signed.example", "DNSKEY"),
        ("signed.example", "NSEC"),
        ("signed.example", "SOA"),
        ("signed.example", "RRSIG"),
        ("signed.example", "TXT"),
        ("sub.signed.example", "DS"),
        ("www.signed.example", "DS"),
    ],
)
def test_types_of_dnssec_pass_as_unbound_gives_them(
    var_dir: Path, unbound: LocalUnbound, name: str, type_: str
) -> None:
    message = query(name, type_, want_dnssec=True)
    (ours,) = answers(var_dir, unbound, (STAFF, message))
    theirs = dns.query.udp(message, "127.0.0.1", port=unbound.port, timeout=5)

    assert theirs.rcode() == ours.rcode()
    assert sorted(types_of(theirs)) == sorted(types_of(ours))
    assert theirs.flags & AD == ours.flags & AD
    for theirs_section, ours_section in (
        (theirs.answer, ours.answer),
        (theirs.authority, ours.authority),
    ):
        assert len(theirs_section) == len(ours_section)
        assert all(each in ours_section for each in theirs_section)


def test_that_a_name_does_not_exist_is_proved(var_dir: Path, unbound: LocalUnbound) -> None:
    (answer,) = answers(var_dir, unbound, (STAFF, query("no.signed.example", want_dnssec=True)))

    assert (dns.rcode.NXDOMAIN, True) == (answer.rcode(), bool(answer.flags & AD))
    assert {dns.rdatatype.NSEC, dns.rdatatype.RRSIG, dns.rdatatype.SOA} == {
        each.rdtype for each in answer.authority
    }


def test_a_broken_signature_is_a_failure_with_its_reason_and_passes_unchecked_alone(
    var_dir: Path, unbound: LocalUnbound
) -> None:
    unchecked = query("www.broken.example", flags=dns.flags.RD | CD | AD, want_dnssec=True)
    first, second, third = answers(
        var_dir,
        unbound,
        (STAFF, query("www.broken.example")),
        (STAFF, unchecked),
        (STAFF, query("www.broken.example")),
    )

    assert [dns.rcode.SERVFAIL, dns.rcode.NOERROR, dns.rcode.SERVFAIL] == [
        each.rcode() for each in (first, second, third)
    ]
    for failure in (first, third):
        (option,) = failure.options
        assert isinstance(option, dns.edns.EDEOption)
        assert dns.edns.EDECode.DNSSEC_BOGUS == option.code
    assert (CD, 0) == (second.flags & CD, second.flags & AD)
    assert "192.0.2.66" == str(second.answer[0][0])


def test_what_we_changed_is_never_authentic_and_never_wrongly_signed(
    var_dir: Path, unbound: LocalUnbound
) -> None:
    wanted = {"want_dnssec": True}
    inside, for_pupil, for_staff = answers(
        var_dir,
        unbound,
        (STAFF, query("inside.signed.example", **wanted)),
        (PUPIL, query("web.signed.example", "HTTPS", **wanted)),
        (STAFF, query("web.signed.example", "HTTPS", **wanted)),
    )

    assert ([], 0) == (inside.answer, inside.flags & AD)
    (option,) = inside.options
    assert isinstance(option, dns.edns.EDEOption)
    assert dns.edns.EDECode.BLOCKED == option.code
    assert (["HTTPS"], 0) == (types_of(for_pupil), for_pupil.flags & AD)
    assert '1 . alpn="h2"' == str(for_pupil.answer[0][0])
    assert (["HTTPS", "RRSIG"], AD) == (types_of(for_staff), for_staff.flags & AD)
    assert '1 . alpn="h2,h3"' == str(for_staff.answer[0][0])


def test_whoever_asks_unbound_from_elsewhere_is_refused(unbound: LocalUnbound) -> None:
    answer = dns.query.udp(
        query("www.plain.example"), "127.0.0.1", port=unbound.port, source="127.0.0.2", timeout=5
    )
    assert dns.rcode.REFUSED == answer.rcode()
