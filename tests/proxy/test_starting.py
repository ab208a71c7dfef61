"""How the real proxy starts, what it leaves behind and what it prints."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local_internet import LocalInternet
from proxy_school import PUPIL
from running_proxy import RunningProxy


def test_the_authoritys_key_is_its_owners_alone(proxy: RunningProxy) -> None:
    folder = proxy.settings.ca_dir

    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert [] == [
        each.name for each in folder.glob("*ca*") if stat.S_IMODE(each.stat().st_mode) != 0o600
    ]
    assert "PRIVATE" not in proxy.ca.read_text()


def test_it_writes_in_folders_of_its_own_alone(proxy: RunningProxy) -> None:
    """On the gateway the folder above them is not its to write in."""
    assert [] == [each for each in proxy.settings.var_dir.iterdir() if each.is_file()]


def test_a_second_start_keeps_the_authority(
    start_proxy: Callable[..., RunningProxy],
) -> None:
    running = start_proxy()
    first = running.ca.read_bytes()
    running.stop()
    again = start_proxy()

    assert first == again.ca.read_bytes()


def test_a_port_that_is_taken_is_named(
    start_proxy: Callable[..., RunningProxy], tmp_path: Path
) -> None:
    first = start_proxy()
    config = tmp_path / "second.yaml"
    config.write_text(
        f"is_sample: true\nvar_dir: {tmp_path / 'second'}\nproxy: {{port: {first.port}}}\n"
    )

    second = subprocess.run(
        [sys.executable, "-m", "schoolgate_proxy"],
        env={**os.environ, "SCHOOLGATE_CONFIG": str(config)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (1, "") == (second.returncode, second.stdout)
    assert f"cannot listen at 127.0.0.1:{first.port}: change proxy.address" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_live_line_tells_each_decision_but_no_page_that_was_allowed(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet
) -> None:
    running = start_proxy(is_live=True)
    running.curl(PUPIL, internet.https("www.tiktok.com/a?b"))
    running.curl(PUPIL, internet.https("www.parents.example/my/worry"))

    blocked, allowed = running.read_line(), running.read_line()

    assert internet.https("www.tiktok.com/a?b") in blocked
    assert "pupils-social-media §7" in blocked
    assert "allow  127.0.1.10 pupil       www.parents.example" in allowed
    assert "worry" not in allowed
