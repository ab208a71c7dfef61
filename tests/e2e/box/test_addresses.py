"""An address that no name led to, however it is written, and addresses that are not one's own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from box_browser import browsing
from box_clients import PATIENCE_S, PATIENT, SILENCE_S, Got, asks_for, curl, tls_get
from box_internet import HTTPS
from box_places import HIDDEN, LESSON_SITE, LESSONS, STAFF_ROOM, STAFF_ROOM_SITE
from box_probes import SPELLINGS4, SPELLINGS6
from box_rig import DEVICE_HOST, DEVICE_LINK, HOME, ROGUE_ADDRESS, ROGUE_PREFIX, Box, School
from box_school import INSPECTION4, INSPECTION6, PROXY_PORT, PUPIL, STAFF
from playwright.sync_api import Error


@pytest.mark.parametrize("spelling", [*SPELLINGS4, *SPELLINGS6])
def test_curl_gets_nowhere_with_an_address(box: Box, spelling: str) -> None:
    family = 6 if spelling.startswith("[2") else 4
    options = ("-g", f"http://{spelling}/")

    assert f"address={HIDDEN.at(family)}" in box.device("home").run("curl", "-sS", *options).stdout
    for who in ("pupil", "guest"):
        got = box.device(who).run("curl", "-sS", *PATIENT, *options)
        assert 7 == got.returncode  # it is told so at once
    # The proxy has what nobody told staff, and it goes where a name leads or nowhere.
    assert "site=" not in box.device("staff").run("curl", "-sS", *options).stdout


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("who", ["pupil", "staff", "guest"])
def test_the_proxy_connects_to_no_address_of_the_client_s_choosing(
    box: Box, who: str, family: int
) -> None:
    inspection = INSPECTION4 if family == 4 else f"[{INSPECTION6}]"
    for address in (HIDDEN.ipv4, f"[{HIDDEN.ipv6}]"):
        for scheme in ("http", "https"):
            to_proxy = ("--connect-to", f"::{inspection}:", f"{scheme}://{address}/")
            assert "site=" not in curl(box, who, family, "-g", *to_proxy)
        through = ("-x", f"http://{INSPECTION4}:{PROXY_PORT}", "-p")
        assert "site=" not in curl(box, who, family, "-g", *through, f"http://{address}/")


@pytest.mark.browser
def test_chromium_gets_nowhere_with_an_address(box: Box) -> None:
    addresses = ("http://0xcb007142/", "http://3405803842/", "http://[2001:db8:1::66]/")
    with browsing(box, "home") as page:
        for address in addresses:
            response = page.goto(address)
            assert response is not None
            assert "site=" in response.text()
    with browsing(box, "pupil") as page:
        for address in addresses:
            with pytest.raises(Error, match="ERR_CONNECTION"):
                page.goto(address)


@contextmanager
def rogue_prefix(box: Box, who: str, school: School) -> Iterator[None]:
    """
    Give a device an address of a prefix that is not the school's.

    The routers on the way have routes back: nothing but the firewall is in its way.
    """
    router = box.plain_space if school is HOME else box.gateway_space
    back = "fd77:fe::2" if school is HOME else "fd77:ff::2"
    given = (
        (box.device(who), f"address {{}} {ROGUE_ADDRESS}/64 dev {DEVICE_LINK} nodad"),
        (router, f"route {{}} {ROGUE_PREFIX} dev {school.inside}"),
        (box.internet_space, f"route {{}} {ROGUE_PREFIX} via {back}"),
    )
    for space, command in given:
        space.ip(command.format("add"))
    try:
        yield
    finally:
        for space, command in given:
            space.ip(command.format("del").removesuffix(" nodad"))


def _connects_from(box: Box, who: str, source: str, address: str, within_s: float) -> bool:
    def work() -> bool:
        try:
            with socket.create_connection(
                (address, HTTPS), timeout=within_s, source_address=(source, 0)
            ):
                return True
        except OSError:
            return False

    return box.device(who).do(work)


def test_a_rogue_ipv6_prefix_leads_nowhere(box: Box) -> None:
    with rogue_prefix(box, "home", HOME):
        assert _connects_from(box, "home", ROGUE_ADDRESS, LESSONS.ipv6, PATIENCE_S)
    for who, school in (("pupil", PUPIL), ("staff", STAFF)):
        assert "site=" in curl(box, who, 6, f"https://{LESSON_SITE}/")  # the way itself is open
        since = box.gateway.mark()
        with rogue_prefix(box, who, school):
            assert not _connects_from(box, who, ROGUE_ADDRESS, LESSONS.ipv6, SILENCE_S)
        recorded = box.gateway.wait_recorded(
            school.address(4, DEVICE_HOST), "foreign-source", LESSONS.ipv6, since=since
        )
        assert f"it called itself {ROGUE_ADDRESS}" in (recorded.evidence or "")


@contextmanager
def hardware_address(box: Box, school: School, mac: str) -> Iterator[None]:
    """Give the device of *school* another hardware address for a while."""
    who = school.id
    link = box.device(who).run("cat", f"/sys/class/net/{DEVICE_LINK}/address").stdout.strip()
    box.device(who).ip(f"link set {DEVICE_LINK} address {mac}")
    try:
        yield
    finally:
        box.device(who).ip(f"link set {DEVICE_LINK} address {link}")
        # What it learnt within a second the gateway would keep, and open ways for nobody.
        box.gateway_space.ip(f"neigh flush dev {school.inside}")


@pytest.mark.parametrize("family", [4, 6])
def test_a_teacher_s_hardware_address_opens_none_of_the_teacher_s_ways_to_a_pupil(
    box: Box, family: int
) -> None:
    mac = box.device("staff").run("cat", f"/sys/class/net/{DEVICE_LINK}/address").stdout.strip()
    address = STAFF_ROOM.at(family)
    asks_for(box, "staff", STAFF_ROOM_SITE)

    assert Got.REACHED == tls_get(box, "home", address, STAFF_ROOM_SITE, STAFF_ROOM_SITE)
    assert Got.REACHED == tls_get(box, "staff", address, STAFF_ROOM_SITE, STAFF_ROOM_SITE)
    with hardware_address(box, PUPIL, mac):
        assert Got.REFUSED == tls_get(box, "pupil", address, STAFF_ROOM_SITE, STAFF_ROOM_SITE)
