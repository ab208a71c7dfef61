"""
How long the server takes for each page of a school with something of everything; the worst.

The catalogue is the whole one that ships. CPU time is what counts, since other programs may have
their part of the machine: the median of some rounds, and the first time, which also reads what is
remembered after that.
"""

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from full_school import FullSchool, filled_school
from page_list import NOBODY, Visited, every_page
from rule_tree import SCHOOL
from web_browser import Browser

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.drafting.bundle import bundle_in, load
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.settings import default_rules_dir
from schoolgate_webui.api.app import written

MOST_S = 0.2
ROUNDS = 5
SHOWN = 12
# What the small school of the tests shares with every other; its own files it keeps.
SHARED = (
    *("services", "categories", "baseline.yaml", "essentials.yaml"),
    *("help-lines.yaml", "never-inspected.yaml", "safe-search.yaml"),
)


@dataclass(frozen=True)
class Taken:
    """Seconds that a page took: of CPU after the first time and at it, by the clock after it."""

    cpu: float
    first: float
    clock: float
    octets: int


def with_whole_catalogue(full: FullSchool) -> None:
    """Have the policy of *full* stand on the catalogue that ships; say what reading it takes."""
    settings = full.school.settings
    assert settings is not None
    rules = settings.rules_dir
    for name in SHARED:
        shipped = default_rules_dir() / name
        if shipped.is_dir():
            shutil.copytree(shipped, rules / name, dirs_exist_ok=True)
        else:
            shutil.copy(shipped, rules / name)
    first, preset = _read(rules)
    again, _ = _read(rules)
    print(
        f"{len(preset.policy.catalogue.services)} services: read in {first * 1000:.0f} ms of CPU, "
        f"in {again * 1000:.0f} when it was read before"
    )
    register = full.school.decisions.register(networks_of(settings))
    path = settings.last_snapshot_path("policyd")
    save_last_snapshot(path, Source(11, preset.policy, register))


def _read(rules: Path) -> tuple[float, Preset]:
    before = time.process_time()
    preset = load(rules, SCHOOL, bundle_in(rules, SCHOOL))
    return time.process_time() - before, preset


def taken(full: FullSchool, page: Visited) -> Taken:
    """Ask for *page* once and then some times more."""
    browser = full.who(page.person)
    cpu, clock = [], []
    for _ in range(1 + ROUNDS):
        cpu_before, clock_before = time.process_time(), time.perf_counter()
        answer = browser.ask("GET", page.path)
        cpu.append(time.process_time() - cpu_before)
        clock.append(time.perf_counter() - clock_before)
        assert answer.status_code == 200, f"{page}: {answer.status_code}"
    return Taken(median(cpu[1:]), cpu[0], median(clock[1:]), len(answer.content))


def found_in(folder: Path) -> dict[Visited, Taken]:
    """Return what each page of a school in *folder* takes."""
    full = filled_school(folder, 8000)
    full.by[NOBODY] = Browser(full.school)
    for page in every_page(full):
        full.who(page.person)
    with_whole_catalogue(full)
    # The server writes it once it serves.
    written()
    found = {page: taken(full, page) for page in every_page(full)}
    full.school.close()
    return found


def main() -> int:
    """Ask for every page; 1 when the CPU time of one is over the limit, the first time too."""
    with TemporaryDirectory() as folder:
        found = found_in(Path(folder))
    print("| page | ms of CPU | the first time | ms by the clock | kB |\n|---|---|---|---|---|")
    slowest = sorted(found.items(), key=lambda each: max(each[1].cpu, each[1].first), reverse=True)
    for page, each in slowest[:SHOWN]:
        print(
            f"| {page.path} ({page.person}) | {each.cpu * 1000:.0f} | {each.first * 1000:.0f} "
            f"| {each.clock * 1000:.0f} | {each.octets / 1000:.0f} |"
        )
    cpu = [each.cpu for each in found.values()]
    first = max(each.first for each in found.values())
    print(
        f"{len(found)} pages: {median(cpu) * 1000:.0f} ms of CPU in the middle, "
        f"{max(cpu) * 1000:.0f} at most, {first * 1000:.0f} at most the first time; "
        f"the limit is {MOST_S * 1000:.0f}"
    )
    return int(max(*cpu, first) > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
