"""A list that changes while the DNS point is asked, with real processes and a real client."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.ready import parse_ready

pytestmark = pytest.mark.e2e

PATIENCE_S = 60.0
CONFIG = """\
var_dir: {folder}/var
rules_dir: {folder}/rules
dns: {{port: 0, upstreams: ["127.0.0.1:1"], upstream_timeout_s: 0.05}}
networks:
  - {{id: staff, cidr: 127.0.3.0/24, audience: staff, device: school-computer, inspectable: false}}
"""
SUBSCRIPTION = """\
subscription: big-adult
category: adult
format: hosts
file: names.txt
source: "made up"
"""
LOCKED = """\
subscription: iwf
category: adult
format: domains
file: iwf.txt
locked: true
source: "made up"
"""


class School:
    """A folder with rules and a list, and the processes that live by them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(default_rules_dir(), folder / "rules")
        (folder / "rules" / "lists").mkdir()
        self.config = folder / "school.yaml"
        self.config.write_text(CONFIG.format(folder=folder))
        self.port = 0

    def write(self, *names: str) -> None:
        path = self.folder / "rules" / "lists" / "names.txt"
        fresh = path.with_suffix(".new")
        fresh.write_text("".join(f"0.0.0.0 {name}\n" for name in ("stable.example.net", *names)))
        fresh.rename(path)
        (path.parent / "big-adult.yaml").write_text(SUBSCRIPTION)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SCHOOLGATE_CONFIG": str(self.config)}

    def schoolgate(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "schoolgate_policyd.cli", "--config", str(self.config)]
        ran = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True)
        return ran.stdout + ran.stderr

    @contextmanager
    def running(self, module: str, name: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                ready = parse_ready(line)
                if ready is not None and ready[0] == name:
                    if name == "dns":
                        self.port = int(ready[1].rpartition(":")[2])
                    break
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)

    def update(self) -> str:
        """Return what the update says; one of policyd's own that is running is waited for."""
        deadline = time.monotonic() + PATIENCE_S
        while "another update" in (told := self.schoolgate("lists", "update")):
            assert time.monotonic() < deadline
        return told

    def is_blocked(self, name: str) -> bool:
        query = dns.message.make_query(name, "A")
        answer = dns.query.udp(query, "127.0.0.1", port=self.port, source="127.0.3.10", timeout=10)
        return answer.rcode() == dns.rcode.NXDOMAIN


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Asking:
    """Asks for one name again and again, and keeps whether it was ever open."""

    def __init__(self, school: School, name: str) -> None:
        self.times = 0
        self.times_open = 0
        self._school = school
        self._name = name
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            self.times += 1
            try:
                self.times_open += not self._school.is_blocked(self._name)
            except dns.exception.Timeout:
                continue  # a busy machine; an answer that never came opened nothing


@pytest.fixture
def school() -> Iterator[School]:
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    yield School(folder)
    shutil.rmtree(folder)


@pytest.mark.timeout(300)
def test_a_list_that_changes_is_swapped_under_load(school: School) -> None:
    """At the start policyd has it updated by itself; later somebody asks for it."""
    school.write("first.example.net")
    with (
        school.running("schoolgate_policyd", "policyd"),
        school.running("schoolgate_dns", "dns"),
    ):
        eventually(lambda: school.is_blocked("first.example.net"))
        assert not school.is_blocked("second.example.net")
        with Asking(school, "stable.example.net") as stable:
            school.write("second.example.net")
            assert "Renewed: big-adult" in school.update()
            eventually(lambda: school.is_blocked("second.example.net"))
            eventually(lambda: not school.is_blocked("first.example.net"))
            school.write()  # half of it is gone
            assert "shrank from 2 names to 1" in school.update()
        assert school.is_blocked("second.example.net")
        told = school.schoolgate("lists", "show")
    assert stable.times > 20
    assert 0 == stable.times_open
    assert "big-adult" in told

    # The point starts again with the table that its last snapshot names, without policyd.
    with school.running("schoolgate_dns", "dns"):
        assert school.is_blocked("second.example.net")
    for path in (school.folder / "var" / "lists").glob("*.names"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1])
    with school.running("schoolgate_dns", "dns"):
        # Damaged, it opens nothing: strict rules apply, for whom they apply.
        assert "damaged" in school.schoolgate("check", "second.example.net")


@pytest.mark.timeout(300)
def test_a_locked_list_stays_in_force_without_its_file(school: School) -> None:
    lists = school.folder / "rules" / "lists"
    (lists / "iwf.txt").write_text("unlawful.example.net\n")
    (lists / "iwf.yaml").write_text(LOCKED)

    def faults() -> str:
        return " ".join(AdminClient(school.folder / "var" / "policyd.sock").status().faults)

    with school.running("schoolgate_dns", "dns"):
        with school.running("schoolgate_policyd", "policyd"):
            eventually(lambda: school.is_blocked("www.unlawful.example.net"))
            (lists / "iwf.yaml").unlink()
            eventually(lambda: "locked list `iwf` is in force" in faults())
            assert "Names in force: 1" in school.update()
            assert school.is_blocked("www.unlawful.example.net")
        with school.running("schoolgate_policyd", "policyd"):
            eventually(lambda: "locked list `iwf` is in force" in faults())
            assert school.is_blocked("www.unlawful.example.net")
            (lists / "iwf.yaml").write_text(LOCKED.replace("locked: true", "locked: false"))
            eventually(lambda: "locked list `iwf` is in force" in faults())
            assert school.is_blocked("www.unlawful.example.net")
            (lists / "iwf.yaml").write_text(LOCKED)
            eventually(lambda: not faults())
            assert school.is_blocked("www.unlawful.example.net")
