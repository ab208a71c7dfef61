"""
Who can read and write what, tried with real users: each component's as `sysusers.conf` has it.

A component that was broken into must neither forge what another wrote nor read what is not its
own, and what two share must be shared whatever umask they run with.
"""

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from gateway_users import GatewayUsers, may_become_others

from schoolgate_policyd.installation.contents import data_dir
from schoolgate_policyd.installation.folders import make, read_lines
from schoolgate_policyd.shared_folders import file_mode_in

pytestmark = pytest.mark.skipif(
    not may_become_others(), reason="only root can try what other users may do"
)

# Asked of each component: can it read this file, and can it write in its folder?
TRY = """
for place in sys.argv[1:]:
    try:
        with open(place, "rb"):
            may_read = True
    except PermissionError:
        may_read = False
    print(int(may_read), int(os.access(os.path.dirname(place), os.W_OK | os.X_OK)))
"""
OPEN_STORE = """
import sys
from pathlib import Path
from schoolgate_policyd.store.decisions import DecisionStore
import sqlalchemy.dialects.sqlite.pysqlite, tempfile
with tempfile.TemporaryDirectory() as warm:
    DecisionStore(Path(warm) / "warm.db").close()
"""
USE_STORE = """
store = DecisionStore(Path(sys.argv[1]))
with store.database.writing() as session:
    session.connection().exec_driver_sql("create table if not exists tried (who integer)")
    session.connection().exec_driver_sql(f"insert into tried values ({os.geteuid()})")
with store.database.reading() as session:
    print(session.connection().exec_driver_sql("select count(*) from tried").scalar())
store.close()
"""
WRITE_WHOLE = """
import sys
from pathlib import Path
from schoolgate_policyd.whole_files import write_whole
"""
LISTEN = """
import sys
from pathlib import Path
from schoolgate_policyd.ipc.listening import listen_privately
"""
LISTEN_ON = """
listener = listen_privately(Path(sys.argv[1]))
print("listening", flush=True)
sys.stdin.readline()
"""
CONNECT = """
try:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(sys.argv[1])
        print("in")
except PermissionError:
    print("out")
"""
KEEP_JOURNAL = """
import sys
from pathlib import Path
from schoolgate_firewall.journal import Journal
"""
KEPT = """
journal = Journal(Path(sys.argv[1]), lambda: 1.0)
journal.begin([])
journal.note([b"told"])
"""
# Which component reads a file that the owner of its folder wrote, and who writes in that folder.
COMPONENTS = ("policyd", "lists", "mail", "dns", "proxy", "firewall", "webui")
EVERYBODY = set(COMPONENTS)
READERS = {
    "decisions/decisions.db": {"policyd", "webui"},
    "events/events-2026-11-20.db": {"policyd", "webui"},
    "clock/clock.json": EVERYBODY,
    "lists/table.names": EVERYBODY,
    "ca/mitmproxy-ca.pem": {"proxy"},
    "snapshots/policyd/policyd.snapshot": {"policyd", "webui", "lists"},
    "snapshots/dns/dns.snapshot": {"dns", "webui", "lists"},
    "snapshots/proxy/proxy.snapshot": {"proxy", "webui", "lists"},
    "snapshots/firewall/firewall.snapshot": {"firewall", "webui", "lists"},
    "spool/dns/events": {"dns"},
    "spool/proxy/events": {"proxy"},
    "spool/firewall/events": {"firewall"},
}
WRITERS = {
    "decisions/decisions.db": {"policyd", "webui"},
    "events/events-2026-11-20.db": {"policyd", "webui"},
    "clock/clock.json": {"policyd"},
    "lists/table.names": {"lists"},
    "ca/mitmproxy-ca.pem": {"proxy"},
    "snapshots/policyd/policyd.snapshot": {"policyd"},
    "snapshots/dns/dns.snapshot": {"dns"},
    "snapshots/proxy/proxy.snapshot": {"proxy"},
    "snapshots/firewall/firewall.snapshot": {"firewall"},
    "spool/dns/events": {"dns"},
    "spool/proxy/events": {"proxy"},
    "spool/firewall/events": {"firewall"},
}


@pytest.fixture(scope="module")
def users() -> GatewayUsers:
    return GatewayUsers()


@pytest.fixture(scope="module")
def root(users: GatewayUsers) -> Iterator[Path]:
    """The gateway's folders with their real owners, where every user can get to them."""
    with TemporaryDirectory(prefix="schoolgate-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        make(folder, read_lines(data_dir() / "tmpfiles.conf"), users.owners)
        yield folder


def as_users(*names: str) -> list[str]:
    return [f"schoolgate-{name}" for name in names]


@contextmanager
def listening(users: GatewayUsers, name: str, path: Path) -> Iterator[None]:
    """The component *name* listens at *path* as it does on the gateway."""
    serving = users.start(as_users(name), LISTEN, LISTEN_ON, path)
    try:
        assert serving.stdout is not None
        assert "listening\n" == serving.stdout.readline()
        yield
    finally:
        serving.communicate("over\n", timeout=20)
        path.unlink(missing_ok=True)


def test_each_reads_and_writes_what_it_must_and_nothing_else(
    users: GatewayUsers, root: Path
) -> None:
    files = [root / "var/lib/schoolgate" / name for name in READERS]
    for path in files:
        path.write_bytes(b"x")
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)
        path.chmod(file_mode_in(path.parent))

    said = iter(users.run(as_users(*COMPONENTS), "", TRY, *files).splitlines())
    tried = [(user, name, next(said)) for user in COMPONENTS for name in READERS]
    for path in files:
        path.unlink()

    assert READERS == {
        each: {user for user, name, answer in tried if name == each and answer[0] == "1"}
        for each in READERS
    }
    assert WRITERS == {
        each: {user for user, name, answer in tried if name == each and answer[2] == "1"}
        for each in WRITERS
    }


def test_policyd_and_the_pages_share_the_decisions(users: GatewayUsers, root: Path) -> None:
    """Whoever made the file, and whatever umask each has."""
    path = root / "var/lib/schoolgate/decisions/decisions.db"
    order = as_users("webui", "policyd", "webui")

    assert "1\n2\n3" == users.run(order, OPEN_STORE, USE_STORE, path)
    assert 0o660 == stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_whole_is_read_by_those_who_share_the_folder(
    users: GatewayUsers, root: Path
) -> None:
    path = root / "var/lib/schoolgate/clock/clock.json"
    users.run(as_users("policyd"), WRITE_WHOLE, "write_whole(Path(sys.argv[1]), b'{}')", path)

    status = path.stat()
    path.unlink()
    assert (users.id_of("schoolgate-policyd"), users.id_of("schoolgate"), 0o640) == (
        status.st_uid,
        status.st_gid,
        stat.S_IMODE(status.st_mode),
    )


def test_policyd_hears_every_component(users: GatewayUsers, root: Path) -> None:
    path = root / "run/schoolgate/policyd/policyd.sock"
    with listening(users, "policyd", path):
        said = users.run(as_users(*COMPONENTS), "import socket", CONNECT, path).splitlines()

    assert ["in"] * len(COMPONENTS) == said


def test_only_dns_tells_the_firewall_which_ways_are_open(users: GatewayUsers, root: Path) -> None:
    path = root / "run/schoolgate/firewall/ways.sock"
    with listening(users, "firewall", path):
        said = users.run(as_users(*COMPONENTS), "import socket", CONNECT, path).splitlines()

    assert {"dns": "in", "firewall": "in"} == {
        user: answer for user, answer in zip(COMPONENTS, said, strict=True) if answer != "out"
    }


def test_only_the_firewall_reads_or_replaces_what_it_was_told(
    users: GatewayUsers, root: Path
) -> None:
    """It says who was told which names; DNS shares the folder, and no more than the socket."""
    path = root / "run/schoolgate/firewall/told.journal"
    users.run(as_users("firewall"), KEEP_JOURNAL, KEPT, path)
    said = users.run(as_users(*COMPONENTS), "", TRY, path).splitlines()
    path.unlink()

    assert {"firewall": "1 1"} == {
        user: answer for user, answer in zip(COMPONENTS, said, strict=True) if answer != "0 0"
    }


def test_no_point_can_put_another_socket_in_policyds_place(
    users: GatewayUsers, root: Path
) -> None:
    path = root / "run/schoolgate/policyd/other.sock"
    source = "print(os.access(os.path.dirname(sys.argv[1]), os.W_OK))"

    said = users.run(as_users("dns", "proxy", "firewall", "webui"), "", source, path)
    assert ["False"] * 4 == said.splitlines()


def test_the_kernel_says_which_user_is_on_the_other_side(users: GatewayUsers, root: Path) -> None:
    path = root / "asked.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(20)
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen()
        calling = users.start(as_users("proxy"), "import socket", CONNECT, path)
        peer, _ = listener.accept()
        with peer:
            told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        calling.communicate(timeout=20)

    assert users.id_of("schoolgate-proxy") == struct.unpack("3i", told)[1]
