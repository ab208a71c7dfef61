"""What `make boot` reads of a machine: the agent's words, systemd's figures, the time server's."""

import base64
import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from check_boot import opened_between
from findings import Finding, Findings, told
from gateway_steps import edited
from guest import GuestError, Said, run_message, said_in
from image import ROOT, Image
from machine import EMULATED, qemu_command
from ruamel.yaml import YAML
from time_server import answer_to
from units import exposures_in, roots_in, shown_in

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
