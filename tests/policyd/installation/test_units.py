"""The units as systemd itself reads them; where it is missing these tests say so."""

import importlib.util
import os
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from schoolgate_policyd.installation.contents import data_dir
from schoolgate_policyd.installation.folders import Owners, read_lines
from schoolgate_policyd.installation.installing import install

ROOT = Path(__file__).parents[3]
PROGRAM = Path("/opt/schoolgate")
UNITS = sorted((data_dir() / "units").glob("*.service"))
LONG_LIVED = ("policyd", "dns", "proxy@", "firewall", "webui")
# What `systemd-analyze security` may find at most, in tenths; docs/install.md says the same.
MOST_EXPOSED = {
    "policyd": 7,
    "webui": 14,
    "dns": 20,
    "proxy@": 15,
    "firewall": 16,
    "lists@": 12,
    "mail@": 12,
    "firewall-boot": 11,
    "firewall-check": 13,
    "firewall-load": 13,
    "firewall-renew": 13,
}


def the_program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing, and CI has to have it")
        pytest.skip(f"{name} is not here: what systemd says of the units is not known")
    return path


def component_of(unit: Path) -> str:
    return unit.stem.removeprefix("schoolgate-")


def settings_of(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    install(root, PROGRAM, owners=Owners(lambda _: None, lambda _: None))
    (root / "usr/lib/systemd/system").mkdir(parents=True)
    for name in ("opt/schoolgate/bin/python", "opt/schoolgate/bin/schoolgate-firewall", "bin/sh"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return root


def test_systemd_has_nothing_to_say_against_any_unit(laid_out: Path) -> None:
    analyze = the_program("systemd-analyze")
    folder = laid_out / "etc/systemd/system"
    names = [
        path.name.replace("@.", "@1.")
        for path in folder.iterdir()
        if path.suffix in {".service", ".target", ".timer", ".socket"}
    ]

    done = subprocess.run(
        [analyze, "verify", f"--root={laid_out}", "--man=no", "--recursive-errors=no", *names],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("", 0) == (done.stderr + done.stdout, done.returncode)


@pytest.mark.parametrize("unit", UNITS, ids=component_of)
def test_no_unit_is_exposed_more_than_it_may(unit: Path) -> None:
    most = MOST_EXPOSED[component_of(unit)]
    done = subprocess.run(
        [
            the_program("systemd-analyze"),
            "security",
            "--offline=yes",
            f"--threshold={most}",
            unit,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Overall exposure level" in done.stdout
    assert 0 == done.returncode, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("component", [each for each in MOST_EXPOSED if "-" not in each])
def test_the_guide_says_how_exposed_each_may_be(component: str) -> None:
    guide = (ROOT / "docs/install.md").read_text()
    table = guide[guide.index("| unit | user |") :].splitlines()
    row = next(each for each in table if each.startswith(f"| `schoolgate-{component.rstrip('@')}"))
    assert f"{MOST_EXPOSED[component] / 10:.1f}" == row.strip("| ").rpartition("| ")[2]


@pytest.mark.parametrize("unit", UNITS, ids=component_of)
def test_every_command_is_one_that_is_there(unit: Path) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for command in settings_of(unit)["ExecStart"]:
        program, *arguments = command.split()
        if program == "/opt/schoolgate/bin/python":
            assert "-m" == arguments[0]
            assert importlib.util.find_spec(f"{arguments[1]}.__main__") is not None
        else:
            assert Path("/opt/schoolgate/bin") == Path(program).parent
            assert Path(program).name in scripts


@pytest.mark.parametrize("unit", UNITS, ids=component_of)
def test_nothing_runs_as_root_nor_may_become_it(unit: Path) -> None:
    settings = settings_of(unit)

    assert 1 == len(settings["User"])
    assert settings["User"][0].startswith("schoolgate-")
    assert ["yes"] == settings["NoNewPrivileges"]
    assert {"CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"}.issuperset(
        settings["CapabilityBoundingSet"][0].split()
    )


@pytest.mark.parametrize("unit", UNITS, ids=component_of)
def test_only_the_proxy_may_run_what_it_wrote(unit: Path) -> None:
    """OpenSSL's callbacks are made so; whatever else needed it would fail in use, not here."""
    expected = "no" if component_of(unit) == "proxy@" else "yes"

    assert [expected] == settings_of(unit)["MemoryDenyWriteExecute"]


@pytest.mark.parametrize("name", LONG_LIVED)
def test_what_dies_or_is_stuck_is_started_again_for_ever(name: str) -> None:
    settings = settings_of(data_dir() / "units" / f"schoolgate-{name}.service")

    assert ["always"] == settings["Restart"]
    assert ["0"] == settings["StartLimitIntervalSec"]
    assert ["notify"] == settings["Type"]
    assert int(settings["WatchdogSec"][0]) <= 60


@pytest.mark.parametrize("name", ["dns", "proxy@", "firewall", "webui"])
def test_no_point_waits_for_policyd(name: str) -> None:
    """It decides by itself, and must come up where policyd does not."""
    settings = settings_of(data_dir() / "units" / f"schoolgate-{name}.service")

    assert "policyd" not in " ".join(settings["After"] + settings.get("Wants", []))
    assert settings.keys().isdisjoint({"Requires", "BindsTo", "Requisite"})


@pytest.mark.parametrize("unit", UNITS, ids=component_of)
def test_a_unit_writes_in_the_folders_of_its_user_alone(unit: Path) -> None:
    """Where a group may write, the user is of that group: see the matrix of permissions."""
    settings = settings_of(unit)
    lines = {f"/{each.place}": each for each in read_lines(data_dir() / "tmpfiles.conf")}

    for place in " ".join(settings.get("ReadWritePaths", [])).split():
        line = lines[place]
        assert line.user == settings["User"][0] or line.mode & stat.S_IWGRP


def test_users_and_folders_are_read_by_systemd_as_by_us(laid_out: Path) -> None:
    sysusers, tmpfiles = the_program("systemd-sysusers"), the_program("systemd-tmpfiles")
    if os.geteuid():
        pytest.skip("systemd makes users and folders for root alone")
    (laid_out / "etc/passwd").touch()
    for command in (
        [sysusers, f"--root={laid_out}", laid_out / "etc/sysusers.d/schoolgate.conf"],
        [tmpfiles, f"--root={laid_out}", "--create", laid_out / "etc/tmpfiles.d/schoolgate.conf"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr

    ids = {
        name: {line.split(":")[0]: int(line.split(":")[2]) for line in text.splitlines()}
        for name in ("passwd", "group")
        if (text := (laid_out / "etc" / name).read_text())
    }
    for line in read_lines(data_dir() / "tmpfiles.conf"):
        status = (laid_out / line.place).stat()
        assert (
            {"root": 0, **ids["passwd"]}[line.user],
            {"root": 0, **ids["group"]}[line.group],
            oct(line.mode),
        ) == (status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode)))
