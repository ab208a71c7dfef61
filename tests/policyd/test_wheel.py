"""What an installation without a checkout has: the program with its rules."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOAD = """
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.rulefiles import load_preset

settings = load_settings()
print(settings.rules_dir, settings.people_file.is_file(), settings.is_sample)
for path in sorted((settings.rules_dir / "schools").iterdir()):
    print(path.stem, len(load_preset(settings.rules_dir, path.stem).policy.rules) > 0)
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would lie in site-packages."""
    tmp_path = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def test_every_preset_loads_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked)},
        check=True,
        capture_output=True,
        text=True,
    )

    schools = sorted(path.stem for path in (ROOT / "rules" / "schools").glob("*.yaml"))
    rules_dir = unpacked / "schoolgate_policyd" / "rules_data"
    assert [f"{rules_dir} True True", *(f"{school} True" for school in schools)] == (
        done.stdout.splitlines()
    )


def test_the_wheel_holds_every_rule_file_and_nothing_of_the_tests(unpacked: Path) -> None:
    rules = ROOT / "rules"
    shipped = {path.relative_to(rules) for path in rules.rglob("*.yaml")}
    held = unpacked / "schoolgate_policyd" / "rules_data"

    assert shipped == {path.relative_to(held) for path in held.rglob("*.yaml")}
    assert [] == list(unpacked.rglob("test_*.py"))


def test_a_gateway_can_be_laid_out_from_the_wheel(unpacked: Path) -> None:
    shipped = {path.relative_to(ROOT / "systemd") for path in (ROOT / "systemd").rglob("*")}
    held = unpacked / "schoolgate_policyd" / "systemd_data"

    assert shipped == {path.relative_to(held) for path in held.rglob("*")}
    assert Path("units/schoolgate.target") in shipped
