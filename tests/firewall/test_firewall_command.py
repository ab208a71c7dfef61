"""`schoolgate-firewall`: check, show, load, close."""

import json
from pathlib import Path

import pytest
from filter_world import school_settings
from netns import made
from typer.testing import CliRunner

from schoolgate_firewall.cli import app
from schoolgate_policyd.config import settings_json
from schoolgate_policyd.netfilter.names import TABLE


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "school.yaml"
    path.write_bytes(settings_json(school_settings()))
    return path


def run(config: Path, command: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["--config", str(config), command])
    return done.exit_code, done.stdout, done.stderr


def test_it_checks_loads_and_closes(config: Path) -> None:
    with made("gate") as (gateway,), gateway.entered():
        code, said, absent = run(config, "check")
        assert (0, "The ruleset can be loaded.\n") == (code, said)
        assert 4 == absent.count("write one that is there (none is)") == len(absent.splitlines())
        assert "" == gateway.must("nft", "list", "ruleset")
        assert (0, "The ruleset is in force. Mode: enforce.\n", "") == run(config, "load")
        assert "chain steer6" in gateway.must("nft", "list", "ruleset")
        code, said, _ = run(config, "close")
        assert (0, "Nothing passes through.") == (code, said.partition(" Run")[0])
        assert "chain steer6" not in gateway.must("nft", "list", "ruleset")


def test_a_check_names_the_interfaces_that_are_not_there(config: Path) -> None:
    """One that is misspelt would be waited for, and nobody behind it reached anything."""
    with made("gate") as (gateway,), gateway.entered():
        gateway.must("ip", "link", "add", "lan1", "type", "veth", "peer", "name", "wan0")
        _, _, said = run(config, "check")

    assert [
        f"firewall.{key}: there is no interface {name} now: "
        "unless it is to come, write one that is there (lan1, wan0)"
        for key, name in (("inside", "lan2"), ("outside", "wan1"))
    ] == said.splitlines()


def test_it_shows_the_ruleset_for_a_technician_to_read(config: Path) -> None:
    code, said, _ = run(config, "show")

    assert 0 == code
    assert said.startswith("# Schoolgate's packet filter.")
    assert f"table inet {TABLE} {{" in said
    assert "Notifications and device management of Apple's devices." in said


@pytest.mark.parametrize("command", ["check", "show", "load"])
def test_what_is_wrong_is_one_sentence_and_exit_code_2(config: Path, command: str) -> None:
    written = json.loads(config.read_text())
    written["proxy"]["intercept_port"] = None
    config.write_text(json.dumps(written))

    code, said, complaint = run(config, command)

    assert (2, "") == (code, said)
    sentence = "proxy.intercept_port: not set: write a free port, such as 8443"
    assert f"schoolgate-firewall: {sentence}\n" == complaint


def test_an_exception_of_the_configuration_is_read_as_it_is_written(config: Path) -> None:
    written = json.loads(config.read_text())
    assert "printer" == written["firewall"]["exceptions"][0]["id"]
    written["firewall"]["exceptions"][0]["ports"] = [70_000]
    config.write_text(json.dumps(written))

    code, _, complaint = run(config, "show")

    assert 2 == code
    assert "firewall.exceptions.0.ports.0" in complaint
