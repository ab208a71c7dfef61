import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import ConfigError, load_settings
from schoolgate_policyd.installation import installing
from schoolgate_policyd.installation.contents import CONFIGURATION, data_dir
from schoolgate_policyd.installation.errors import InstallationError
from schoolgate_policyd.installation.folders import Owners, read_lines
from schoolgate_policyd.installation.installing import install

PROGRAM = Path("/opt/schoolgate")
NOBODY = Owners(lambda _: None, lambda _: None)
WANTS = Path("etc/systemd/system/schoolgate.target.wants")


def lay_out(root: Path, program: Path = PROGRAM) -> list[str]:
    def run(command: Sequence[str]) -> None:
        raise AssertionError(f"{command} was run for another root")

    return install(root, program, run=run, owners=NOBODY)


def tree(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file, folder and link below *root*, with its mode and what is in it."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in root.rglob("*"):
        if path.is_symlink():
            found[str(path)] = (0, str(path.readlink()))
        else:
            found[str(path)] = (path.stat().st_mode, b"" if path.is_dir() else path.read_bytes())
    return found


def edit(root: Path, old: str, new: str) -> Path:
    path = root / CONFIGURATION
    text = path.read_text()
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new))
    return path


def test_a_second_time_nothing_is_done(tmp_path: Path) -> None:
    assert lay_out(tmp_path)
    before = tree(tmp_path)

    assert [] == lay_out(tmp_path)
    assert before == tree(tmp_path)


def test_the_configuration_that_comes_with_it_is_one(tmp_path: Path) -> None:
    lay_out(tmp_path)
    settings = load_settings(tmp_path / CONFIGURATION)

    assert not settings.is_sample
    assert Path("/var/lib/schoolgate") == settings.var_dir
    assert ("127.0.0.1:5335",) == settings.dns.upstreams
    assert settings.clock.must_be_synchronised
    assert {settings.dns.address, *settings.dns.further_addresses} == set(
        settings.dns.inspection_addresses
    )


def test_every_folder_of_the_settings_is_laid_out() -> None:
    """Or the component would have to make it where it may not."""
    settings = load_settings(data_dir() / "schoolgate.yaml")
    folders = {Path("/") / each.place for each in read_lines(data_dir() / "tmpfiles.conf")}

    used = {
        settings.socket_path.parent,
        settings.ways_path.parent,
        settings.told_path.parent,
        settings.decisions_path.parent,
        settings.events_dir,
        settings.lists_dir,
        settings.clock_path.parent,
        settings.ca_dir,
        settings.certificates_dir,
        *(settings.spool_dir_of(each) for each in ("dns", "proxy", "firewall")),
        *(
            settings.last_snapshot_path(each).parent
            for each in ("policyd", "dns-2", "proxy-3", "firewall")
        ),
    }
    assert set() == used - folders


def test_modes_are_as_the_table_says(tmp_path: Path) -> None:
    lay_out(tmp_path)

    lines = read_lines(data_dir() / "tmpfiles.conf")
    assert {each.place: oct(each.mode) for each in lines} == {
        each.place: oct(stat.S_IMODE((tmp_path / each.place).stat().st_mode)) for each in lines
    }


def test_a_mode_that_somebody_changed_is_put_right(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "var/lib/schoolgate/ca").chmod(0o755)

    assert [f"put right {tmp_path}/var/lib/schoolgate/ca"] == lay_out(tmp_path)
    assert 0o700 == stat.S_IMODE((tmp_path / "var/lib/schoolgate/ca").stat().st_mode)


def test_an_edited_configuration_is_left_alone_while_the_programs_is_the_same(
    tmp_path: Path,
) -> None:
    lay_out(tmp_path)
    own = edit(tmp_path, "school_name: The school", "school_name: Ours")

    assert [] == lay_out(tmp_path)
    assert "school_name: Ours" in own.read_text()
    assert not Path(f"{own}.new").exists()


def test_a_later_versions_file_is_laid_once_beside_one_that_was_edited(tmp_path: Path) -> None:
    lay_out(tmp_path, Path("/opt/earlier"))
    unit = tmp_path / "etc/systemd/system/schoolgate-policyd.service"
    unit.write_text("mine")

    said = f"kept {unit}, which was edited; this version's is {unit}.new"
    assert said in lay_out(tmp_path)
    assert "mine" == unit.read_text()
    assert "ExecStart=/opt/schoolgate/bin" in Path(f"{unit}.new").read_text()
    assert said not in lay_out(tmp_path)


def test_what_nobody_edited_is_renewed(tmp_path: Path) -> None:
    """As after an update: what lies there is what an earlier version put."""
    lay_out(tmp_path, Path("/opt/earlier"))
    unit = tmp_path / "etc/systemd/system/schoolgate-policyd.service"
    assert "ExecStart=/opt/earlier/bin/python -m schoolgate_policyd\n" in unit.read_text()

    assert f"renewed {unit}" in lay_out(tmp_path)
    assert "ExecStart=/opt/schoolgate/bin/python -m schoolgate_policyd\n" in unit.read_text()
    assert "/opt/earlier" not in unit.read_text()


def test_there_is_a_link_for_each_of_the_proxies(tmp_path: Path) -> None:
    lay_out(tmp_path)
    edit(tmp_path, "for each core of the processor.\n  workers: 2", "\n  workers: 4")
    lay_out(tmp_path)
    four = sorted(path.name for path in (tmp_path / WANTS).iterdir())
    edit(tmp_path, "  workers: 4", "  workers: 1")
    lay_out(tmp_path)

    assert [f"schoolgate-proxy@{number}.service" for number in (1, 2, 3, 4)] == four
    assert ["schoolgate-proxy@1.service"] == [path.name for path in (tmp_path / WANTS).iterdir()]
    assert (tmp_path / WANTS / "schoolgate-proxy@1.service").resolve().is_file()


def test_the_pages_are_for_the_schools_ranges(tmp_path: Path) -> None:
    lay_out(tmp_path)
    drop_in = tmp_path / "etc/systemd/system/schoolgate-webui.service.d/school.conf"

    assert [
        "[Service]",
        "IPAddressAllow=10.20.0.0/16",
        "IPAddressAllow=fd20:1:2::/48",
    ] == [line for line in drop_in.read_text().splitlines() if not line.startswith("#")]


def test_a_faulty_configuration_changes_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path)
    edit(tmp_path, "school_name:", "name_of_school:")
    before = tree(tmp_path)

    with pytest.raises(ConfigError, match="name_of_school"):
        lay_out(tmp_path)
    assert before == tree(tmp_path)


@pytest.mark.parametrize(
    "program", ["opt/schoolgate", "/opt/school gate", "/opt/%i", "/opt/a\nUser=root", "/opt/"]
)
def test_a_program_that_a_unit_cannot_name_is_refused(tmp_path: Path, program: str) -> None:
    with pytest.raises(InstallationError, match="absolute path of plain characters"):
        install(tmp_path, Path(program) if program != "/opt/" else Path("/"), owners=NOBODY)
    assert [] == list(tmp_path.iterdir())


def test_a_root_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "etc").write_text("a file")

    with pytest.raises(InstallationError, match="cannot be laid out"):
        lay_out(tmp_path)


def test_the_notes_are_read_by_sha256sum(tmp_path: Path) -> None:
    lay_out(tmp_path)
    check = ["sha256sum", "--check", "--quiet", "--strict", "etc/schoolgate/.installed"]

    assert 0 == subprocess.run(check, cwd=tmp_path, check=False).returncode


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(InstallationError, match=r"`ls --nonsense` failed: .*nonsense"):
        installing.run_command(("ls", "--nonsense"))
    with pytest.raises(InstallationError, match="cannot be run"):
        installing.run_command(("/no/such/program",))


def test_the_command_says_what_it_did_and_what_to_do_next(tmp_path: Path) -> None:
    line = ["install", "--root", str(tmp_path), "--program", str(PROGRAM)]
    first = CliRunner().invoke(app, line)
    second = CliRunner().invoke(app, line)

    assert 0 == first.exit_code == second.exit_code
    assert f"wrote {tmp_path}/etc/systemd/system/schoolgate.target" in first.stdout
    assert "everything is as it should be" in second.stdout
    assert "systemctl enable --now" in second.stdout


def test_as_long_as_passwords_cross_the_network_in_the_clear_it_is_said_each_time(
    tmp_path: Path,
) -> None:
    line = ["install", "--root", str(tmp_path), "--program", str(PROGRAM)]
    warned = [CliRunner().invoke(app, line).stdout for _ in range(2)]
    own = tmp_path / "etc/schoolgate/schoolgate.yaml"
    text = own.read_text(encoding="utf-8")
    url = "public_url: http://10.20.255.1:8000"
    assert url in text
    own.write_text(
        text.replace(url, "public_url: https://gate.school.example:8000\n  tls: authority"),
        encoding="utf-8",
    )
    safe = CliRunner().invoke(app, line)

    assert all("warning: web.public_url: http://10.20.255.1:8000" in each for each in warned)
    assert 0 == safe.exit_code
    assert "warning" not in safe.stdout


def test_another_root_is_made_and_its_program_is_where_the_instructions_put_it(
    tmp_path: Path,
) -> None:
    root = tmp_path / "not" / "there"
    done = CliRunner().invoke(app, ["install", "--root", str(root)])

    assert 0 == done.exit_code
    unit = (root / "etc/systemd/system/schoolgate-policyd.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/schoolgate/bin/" in unit


def test_a_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["install", "--root", str(tmp_path / "file")])

    assert 2 == done.exit_code
    assert "cannot be a folder" in done.stderr
