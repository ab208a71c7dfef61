"""What `make boot` reads of a machine: the agent's words, systemd's figures, the time server's."""

import base64
import io
import json
import socket
import struct
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from check_boot import opened_between
from findings import Finding, Findings, told
from gateway_steps import edited
from guest import Guest, GuestError, Said, at_path, run_message, said_in
from image import ROOT, Image
from machine import EMULATED, qemu_command
from ruamel.yaml import YAML
from time_server import answer_to
from units import exposures_in, roots_in, shown_in
from user_mode import Lines, user_mode_command
from user_mode_kernel import KernelError, ends_with_its_kernel, not_taken

from schoolgate_policyd.config import load_settings


def test_a_command_s_input_reaches_the_agent_unharmed() -> None:
    message = run_message("cat", "ä\n")

    assert "ä\n" == base64.b64decode(message["arguments"]["input-data"]).decode()
    assert ["-c", "cat"] == message["arguments"]["arg"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"exited": False}, None),
        ({"exited": True, "exitcode": 3, "err-data": "bm8="}, Said(3, "", "no")),
        ({"exited": True, "signal": 9, "out-data": "eWVz"}, Said(137, "yes", "")),
    ],
)
def test_how_a_command_ended_is_read(status: dict[str, object], said: Said | None) -> None:
    assert said == said_in(status)


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(GuestError, match="`false` ended with 1: oh no"):
        Said(1, "oh ", "no").must("false")


def test_units_are_read_with_their_moments() -> None:
    text = (
        "Id=a.service\nActiveState=active\nMainPID=7\nNRestarts=2\n"
        "InactiveExitTimestampMonotonic=1500000\nActiveEnterTimestampMonotonic=2500000\n\n"
        "Id=b.target\nActiveState=inactive\nActiveEnterTimestampMonotonic=0\n"
    )

    units = shown_in(text)

    assert ["a.service", "b.target"] == list(units)
    assert ("active", 7, 2, 1.5, 2.5) == units["a.service"][1:]
    assert ("inactive", 0, 0, 0.0, 0.0) == units["b.target"][1:]


def test_exposures_are_read_of_every_unit() -> None:
    said = (
        "→ Overall exposure level for a@1.service: 1.4 OK :-)\n"
        "→ Overall exposure level for b.service: 9.6 UNSAFE :-{\n"
    )

    assert {"a@1.service": 1.4, "b.service": 9.6} == exposures_in(said)


def test_a_process_of_ours_that_is_root_s_is_found() -> None:
    text = (
        "root      python  0::/system.slice/schoolgate-dns.service\n"
        "root      python  0::/system.slice/system-schoolgate\\x2dproxy.slice/x.service\n"
        "schoolgate-dns python 0::/system.slice/schoolgate-dns.service\n"
        "root      unbound 0::/system.slice/unbound.service\n"
    )

    assert 2 == len(roots_in(text))


def test_the_configuration_of_the_document_is_edited_to_one_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "schoolgate.yaml"
    path.write_text(edited((ROOT / "systemd" / "schoolgate.yaml").read_text()))

    settings = load_settings(path)

    assert "Boot School" == settings.school_name
    assert {"10.77.1.0/24", "fd77:2::/64"} < {each.cidr for each in settings.networks}
    assert settings.clock.must_be_synchronised
    # What nobody edits stays as the template has it.
    assert "twiss-green" == YAML().load(io.StringIO(path.read_text()))["school"]


def test_a_time_server_answers_with_its_own_time_and_the_client_s() -> None:
    request = b"\x23" + bytes(39) + b"12345678"

    said = answer_to(request, datetime(2026, 11, 20, tzinfo=UTC).timestamp())

    assert said is not None
    assert b"12345678" == said[24:32]
    (seconds,) = struct.unpack("!I", said[40:44])
    assert datetime(2026, 11, 20, tzinfo=UTC).timestamp() == seconds - 2_208_988_800
    assert answer_to(b"short", 0.0) is None


def test_the_machine_s_clock_is_set_and_its_disk_keeps_what_it_synchronised() -> None:
    image = Image(Path("/d"), Path("/k"), Path("/i"))

    command = qemu_command(image, Path("/f"), datetime(2020, 1, 1, tzinfo=UTC), EMULATED)

    assert "base=2020-01-01T00:00:00" in command
    assert "file=/d,format=raw,if=virtio,cache=writeback" in command


def test_a_fault_is_counted_and_told() -> None:
    lines: list[str] = []
    findings = Findings(lines.append)

    findings.found("it boots", True, "60 s")
    findings.found("it closes", False, "a\nb")

    assert [Finding("it closes", False, "a\nb")] == findings.faults
    assert ["yes  it boots: 60 s", "NO   it closes:\n       a\n       b"] == lines
    assert "yes  it is" == told(Finding("it is", True, ""))


def test_a_knock_counts_from_power_on_until_the_ruleset_is_loaded() -> None:
    knocks = [(("a", 1), 9.9), (("b", 2), 10.0), (("c", 3), 17.5), (("d", 4), 18.0)]

    assert ["('b', 2) at 0.00 s", "('c', 3) at 7.50 s"] == opened_between(knocks, 10.0, 18.0)


def test_a_user_mode_kernel_has_the_wires_the_lines_and_a_clock_of_its_own() -> None:
    clock = datetime(2020, 1, 1, tzinfo=UTC)

    command = user_mode_command(Path("/k"), Path("/d"), Lines(7, 8), clock)

    assert {"ubd0=/d", "ssl0=fd:7", "ssl1=null,fd:8"} < set(command)
    assert "eth0=tuntap,tap-wan0,52:54:00:77:00:00" in command
    # The kernel hands on whatever stands behind the two hyphens, and nothing else may.
    assert ["--", "1577836800"] == command[-2:]
    assert "--" not in user_mode_command(Path("/k"), Path("/d"), Lines(7, 8))


def test_a_kernel_that_leaves_out_what_was_wanted_is_noticed() -> None:
    wanted = "# A comment.\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n# CONFIG_D is not set\n"

    assert [] == not_taken(wanted, "CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n")
    assert ["CONFIG_B=y", "# CONFIG_D is not set"] == not_taken(
        wanted, "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_D=y\n"
    )
    assert ["CONFIG_A=y"] == not_taken("CONFIG_A=y\n", "CONFIG_A=m\n")


def test_a_user_mode_kernel_s_processes_end_with_it() -> None:
    source = "ptrace(SET, pid, NULL, (void *) PTRACE_O_TRACESYSGOOD) < 0"

    assert "(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)" in ends_with_its_kernel(source)
    with pytest.raises(KernelError):
        ends_with_its_kernel("nothing of the kind")


class Agent(threading.Thread):
    """QEMU's agent at *line*, which has *left* something unsaid and keeps what is written."""

    def __init__(self, line: socket.socket, left: bytes = b"") -> None:
        super().__init__(daemon=True)
        self.asked: list[dict[str, Any]] = []
        self.longest = 0
        self._line = line
        self._left = left

    def run(self) -> None:
        with self._line, self._line.makefile("rwb") as line:
            line.write(self._left)
            for words in line:
                message = json.loads(words)
                self.asked.append(message)
                self.longest = max(self.longest, len(words))
                line.write(json.dumps({"return": self._answer(message)}).encode() + b"\n")
                line.flush()

    @staticmethod
    def _answer(message: dict[str, Any]) -> object:
        match message["execute"]:
            case "guest-sync":
                return message["arguments"]["id"]
            case "guest-exec":
                return {"pid": 7}
            case "guest-exec-status":
                return {"exited": True, "exitcode": 0}
            case _:
                return 1000


def test_what_an_earlier_question_left_on_the_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        guest = Guest(at_path(path))
        # The first answer is broken, so it is asked again on a connection of its own.
        agents: list[Agent] = []

        def answer() -> None:
            for left in (b'lf of an answer"}\n', b'{"return": 99}\n'):
                agents.append(Agent(listening.accept()[0], left))
                agents[-1].start()

        answering = threading.Thread(target=answer)
        answering.start()
        guest.wait(30.0, lambda: True)
        answering.join()
    guest.close()

    assert [2] == [asked["arguments"]["id"] for asked in agents[1].asked]


def test_long_input_is_brought_in_pieces_that_a_line_takes() -> None:
    ours, theirs = socket.socketpair()
    agent = Agent(theirs)
    agent.start()
    guest = Guest(ours.dup, longest_given=2048)
    given = "ä" * 5000
    guest.wait(30.0, lambda: True)

    guest.write("/etc/it's", given)

    guest.close()
    ours.close()
    agent.join()
    pieces = [
        each["arguments"]["buf-b64"]
        for each in agent.asked
        if each["execute"] == "guest-file-write"
    ]
    assert given == b"".join(base64.b64decode(each) for each in pieces).decode()
    # A terminal holds no more than this of what nobody has read.
    assert agent.longest < 4096
    (run,) = [each["arguments"] for each in agent.asked if each["execute"] == "guest-exec"]
    assert "input-data" not in run
    assert run["arg"][1].endswith("< /run/brought")
