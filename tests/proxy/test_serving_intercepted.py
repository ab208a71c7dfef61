"""The real proxy, with connections brought to its front door: the name decides, nothing else."""

from collections.abc import Callable, Iterator
from time import monotonic

import pytest
from intercepted import caller, visit
from local_internet import LocalInternet
from proxy_school import PUPIL, STAFF, UNKNOWN, VISITOR, teachers_grant
from running_proxy import RunningProxy

from schoolgate_policyd.core.names import DomainName, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import HostScope, PageScope

RESET = {35, 56}  # curl's exit statuses for a connection that ends in, or after, its handshake
AT_MOST_S = 1.0


@pytest.fixture(scope="module")
def door(
    internet: LocalInternet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """A proxy to which connections for port *https_port* are brought."""
    folder = tmp_path_factory.mktemp("door")
    running = RunningProxy(folder, internet, intercept_port=internet.https_port)
    running.start()
    yield running
    assert 0 == running.stop()
    assert "fault" not in running.errors
    assert "could not be decided" not in running.errors


@pytest.fixture(scope="module")
def plain_door(
    internet: LocalInternet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """The same for connections without TLS."""
    folder = tmp_path_factory.mktemp("plain")
    running = RunningProxy(folder, internet, intercept_port=internet.http_port)
    running.start()
    yield running
    assert 0 == running.stop()
    assert "fault" not in running.errors


@pytest.mark.parametrize("who", [PUPIL, STAFF, VISITOR])
def test_what_is_allowed_passes_on_the_origins_own_certificate(
    door: RunningProxy, internet: LocalInternet, who: str
) -> None:
    page = visit(door, who, internet.https("lessons.example/a"), trusting=door.origin_ca)

    assert (0, 200) == (page.exit_status, page.status)
    assert f"lessons.example:{internet.https_port} says /a" == page.body


def test_what_is_blocked_shows_the_page_and_asks_nobody(
    door: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    before = len(internet.seen)

    page = visit(door, new_pupil, internet.https("www.tiktok.com/@a"))

    assert (0, 403, True) == (page.exit_status, page.status, "Ask your teacher" in page.body)
    assert before == len(internet.seen)
    event = door.wait_for_block(new_pupil, "www.tiktok.com")
    assert internet.https("www.tiktok.com/@a") == event.page
    assert (("pupils-social-media",), None) == (event.rules, event.attempt)


def test_who_cannot_be_looked_into_is_sent_away_and_it_is_recorded(
    door: RunningProxy, internet: LocalInternet
) -> None:
    assert visit(door, VISITOR, internet.https("www.tiktok.com/")).exit_status in RESET

    event = door.wait_for_block(VISITOR, "www.tiktok.com")
    assert (("visitors-social-media",), None) == (event.rules, event.attempt)


@pytest.mark.parametrize(
    ("path", "status"), [("/advice", 200), ("/talk/x", 403), ("/a/../%74alk/x", 403)]
)
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_site_that_is_blocked_in_part_is_looked_into(
    door: RunningProxy, internet: LocalInternet, version: str, path: str, status: int
) -> None:
    url = internet.https(f"www.parents.example{path}")

    assert status == visit(door, PUPIL, url, version, "--path-as-is").status


def test_a_never_inspected_name_passes_and_its_blocked_part_is_closed(
    door: RunningProxy, internet: LocalInternet
) -> None:
    mine = internet.https("my.bank.example/")

    assert 200 == visit(door, PUPIL, mine, trusting=door.origin_ca).status
    assert visit(door, PUPIL, internet.https("forum.bank.example/")).exit_status in RESET


def test_without_a_name_there_is_no_service(
    door: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    with caller(door, new_pupil) as client, pytest.raises(OSError, match=r"reset|EOF"):
        client.start_tls(None)

    event = door.wait_for_block(new_pupil, door.inspection)
    assert "no-name" == event.attempt
    assert f"meant for {door.inspection} port {internet.https_port}" == event.evidence


@pytest.mark.parametrize(
    "first", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x2a\x38hello", b"\x16\x03\x01\0\0"]
)
def test_what_is_neither_tls_nor_http_is_an_attempt(
    door: RunningProxy, new_pupil: str, first: bytes
) -> None:
    with caller(door, new_pupil) as client:
        client.send(first)

        assert client.is_closed_by_proxy()
    assert "tunnel" == door.wait_for_block(new_pupil, door.inspection).attempt


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        (("www.parents.example", "www.tiktok.com"), (403, "www.tiktok.com")),
        (("www.tiktok.com", "lessons.example"), (403, "www.tiktok.com")),
        (("www.parents.example", "lessons.example"), (421, "lessons.example")),
    ],
)
def test_names_that_differ_are_an_attempt_and_the_strictest_counts(
    door: RunningProxy,
    internet: LocalInternet,
    new_pupil: str,
    names: tuple[str, str],
    outcome: tuple[int, str],
) -> None:
    (sni, host), (status, blocked), before = names, outcome, len(internet.seen)
    with caller(door, new_pupil) as client:
        client.start_tls(sni, door.ca)

        assert status == client.get("/advice", f"Host: {host}:{internet.https_port}")[0]
    assert before == len(internet.seen)
    assert "name-mismatch" == door.wait_for_block(new_pupil, blocked).attempt


def test_an_http2_connection_serves_no_other_authority(
    door: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    """What a browser does that takes two names of one certificate and address for one site."""
    url = internet.https("www.parents.example/advice")
    port = internet.https_port

    page = visit(door, new_pupil, url, "--http2", "-H", f"Host: other.example:{port}")

    assert ("2", 421) == (page.version, page.status)
    assert "name-mismatch" == door.wait_for_block(new_pupil, "other.example").attempt


@pytest.mark.parametrize("host", ["down.example", "inside.example", "nowhere.example"])
def test_what_cannot_be_reached_is_explained_inside_or_closed(
    door: RunningProxy, internet: LocalInternet, host: str
) -> None:
    page = visit(door, VISITOR, internet.https(f"{host}/"))

    assert page.exit_status in RESET
    if host != "down.example":
        assert visit(door, STAFF, internet.https(f"{host}/")).status in {403, 502}


def test_a_name_that_leads_to_the_door_itself_leads_nowhere(
    door: RunningProxy, internet: LocalInternet
) -> None:
    internet.addresses["round.example"] = door.inspection

    assert visit(door, VISITOR, internet.https("round.example/")).exit_status in RESET


def test_big_bodies_pass_whole(door: RunningProxy, internet: LocalInternet) -> None:
    url = internet.https("lessons.example/big/20")

    page = visit(door, PUPIL, url, trusting=door.origin_ca)

    assert (0, 20 << 20) == (page.exit_status, len(page.body))


def test_http_is_decided_by_its_host(plain_door: RunningProxy, internet: LocalInternet) -> None:
    port = internet.http_port
    allowed = visit(plain_door, PUPIL, f"http://lessons.example:{port}/a?b")
    blocked = visit(plain_door, PUPIL, f"http://www.tiktok.com:{port}/")
    in_part = visit(plain_door, PUPIL, f"http://www.parents.example:{port}/talk/x")

    assert (200, f"lessons.example:{port} says /a?b") == (allowed.status, allowed.body)
    assert [403, 403] == [blocked.status, in_part.status]
    assert 403 == visit(plain_door, UNKNOWN, f"http://www.tiktok.com:{port}/").status


def test_an_absolute_target_is_judged_with_the_host(
    plain_door: RunningProxy, internet: LocalInternet, new_pupil: str
) -> None:
    port = internet.http_port

    def ask(target: str, host: str) -> int:
        with caller(plain_door, new_pupil) as client:
            return client.get(target, f"Host: {host}:{port}")[0]

    assert 200 == ask(f"http://lessons.example:{port}/", "lessons.example")
    assert 403 == ask(f"http://www.tiktok.com:{port}/", "lessons.example")
    assert 403 == ask(f"http://lessons.example:{port}/", "www.tiktok.com")
    assert 421 == ask(f"http://lessons.example:{port}/", "other.example")
    assert "name-mismatch" == plain_door.wait_for_block(new_pupil, "www.tiktok.com").attempt


def test_each_request_of_a_connection_is_decided(
    plain_door: RunningProxy, internet: LocalInternet
) -> None:
    port = internet.http_port
    with caller(plain_door, PUPIL) as client:
        assert 200 == client.get("/", f"Host: lessons.example:{port}")[0]
        assert 403 == client.get("/", f"Host: www.tiktok.com:{port}")[0]
    with caller(plain_door, PUPIL) as client:
        client.send(b"CONNECT lessons.example:443 HTTP/1.1\r\nHost: lessons.example\r\n\r\n")
        assert b" 400 " in client.read_until(b"\r\n\r\n")


@pytest.mark.parametrize("host", [b"", b"Host:\r\n"])
def test_http_without_a_name_is_refused_and_recorded(
    plain_door: RunningProxy, internet: LocalInternet, new_pupil: str, host: bytes
) -> None:
    with caller(plain_door, new_pupil) as client:
        client.send(b"GET / HTTP/1.0\r\n" + host + b"\r\n")
        assert b" 400 " in client.read_until(b"\r\n\r\n")

    event = plain_door.wait_for_block(new_pupil, plain_door.inspection)
    assert "no-name" == event.attempt
    assert f"meant for {plain_door.inspection} port {internet.http_port}" == event.evidence


def test_what_passed_is_reset_when_its_grant_is_withdrawn_and_the_rest_goes_on(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet
) -> None:
    """A grant that is withdrawn: staff's video ends, the lesson does not hiccup."""
    proxy = start_proxy(intercept_port=internet.https_port)
    tiktok = HostScope(DomainName("tiktok.com"))
    proxy.put_in_force(Live(grants=(teachers_grant(tiktok),)))
    with caller(proxy, STAFF) as video, caller(proxy, STAFF) as lesson:
        for client, host in ((video, "www.tiktok.com"), (lesson, "lessons.example")):
            client.start_tls(host, proxy.origin_ca)
            client.send(f"GET /slow HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            client.read_until(b"tick")
        proxy.put_in_force(Live())
        started = monotonic()

        assert video.is_closed_by_proxy()
        assert monotonic() - started < AT_MOST_S
        for _ in range(5):
            lesson.read_until(b"tick")
        while internet.open_connections > 1:
            assert monotonic() - started < 5, "the origin's side is still open"
            lesson.read_until(b"tick")


def test_what_is_looked_into_ends_when_its_grant_is_withdrawn(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet
) -> None:
    proxy = start_proxy(intercept_port=internet.https_port)
    url = internet.https("www.tiktok.com/slow")
    proxy.put_in_force(Live(grants=(teachers_grant(PageScope(parse_url(url))),)))
    with caller(proxy, STAFF) as client:
        client.start_tls("www.tiktok.com", proxy.ca)
        client.send(
            f"GET /slow HTTP/1.1\r\nHost: www.tiktok.com:{internet.https_port}\r\n\r\n".encode()
        )
        client.read_until(b"tick")
        proxy.put_in_force(Live())
        started = monotonic()

        assert client.is_closed_by_proxy()
        assert monotonic() - started < AT_MOST_S
