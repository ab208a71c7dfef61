"""
Feed mutated rule files to the loader.

    python tests/fuzz/rule_files.py --count 2000 --seed 7

Each input is the shipped rules folder with one file mutated. The loader returns a preset, or
RuleFileErrors whose places lie inside the folder's files; nothing else comes out of it, within
bounds of CPU time and memory. A preset that it does return shuts every way round the filter for a
pupil. It ends with status 1 and the seed of the input if that did not hold.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from rule_mutations import as_edited, as_text, mutated

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import DomainName, Host
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import DeviceKind, Subject
from schoolgate_policyd.rulefiles import Mistake, Preset, RuleFileErrors, load_preset
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import read_nodes

RULES = Path(__file__).parents[2] / "rules"
CPU_LIMIT_S = 30.0  # a load of the untouched files takes half a second
MEMORY_LIMIT = 2 << 30
FAIR = 0.4  # the others are of the files that a decision hangs on most
DECISIVE = (
    "baseline.yaml",
    "categories/categories.yaml",
    "help-lines.yaml",
    "categories/vpn.yaml",
)
LESSON = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 20, 15, tzinfo=UTC)
PUPILS = (
    Subject(),
    Subject(device=DeviceKind.SCHOOL_COMPUTER),
    Subject(device=DeviceKind.OWN_DEVICE, inspectable=False),
)
NASTY = (
    *(
        "&a",
        "*a",
        "!!python/object:os.system",
        "!",
        "<<: *a",
        "---",
        "...",
        "%YAML 9.9",
        "? ",
        "? [",
    ),
    *(
        "\0",
        "\x07",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\ufeff",
        "\u202e",
        "\U0001f600",
        "\ud7ff",
        "\ufffe",
    ),
    *(
        "'",
        '"',
        "|",
        ">",
        "|9",
        "@",
        "`",
        "#",
        "\t",
        "\r",
        "\r\n",
        "\\",
        '"\\x',
        '"\\uD800"',
        "{{",
        "]",
    ),
    *(
        "null",
        "~",
        "yes",
        "0x1f",
        "1e999",
        "-.inf",
        "=",
        "2026-11-20T10:35:00Z",
        "1:2:3",
        "a: b: c",
    ),
)


class Folder:
    """A copy of the rules folder, of which one file at a time is mutated."""

    def __init__(self, rules_dir: Path, copied_to: Path) -> None:
        self.rules_dir = copied_to
        self.names = sorted(
            path.relative_to(rules_dir)
            for path in rules_dir.rglob("*.yaml")
            if "samples" not in path.parts
        )
        for name in self.names:
            (copied_to / name).parent.mkdir(parents=True, exist_ok=True)
            (copied_to / name).write_bytes((rules_dir / name).read_bytes())
        self.weighty = [
            name for name in self.names if name.parts[0] in {"schools", "timetables", "calendars"}
        ] + [Path(name) for name in DECISIVE]
        self.schools = sorted(path.stem for path in (copied_to / "schools").iterdir())

    def load_with(
        self, name: Path, octets: bytes, school: str
    ) -> tuple[Preset | RuleFileErrors, float]:
        """Load *school* with *octets* in the file called *name*; return CPU seconds too."""
        path = self.rules_dir / name
        original = path.read_bytes()
        path.write_bytes(octets)
        loaded: Preset | RuleFileErrors
        started = time.process_time()
        try:
            loaded = load_preset(self.rules_dir, school)
        except RuleFileErrors as errors:
            loaded = errors
        took_s = time.process_time() - started
        if isinstance(loaded, RuleFileErrors):
            require_places(loaded, self.rules_dir)
        path.write_bytes(original)
        return loaded, took_s


def require_places(errors: RuleFileErrors, rules_dir: Path) -> None:
    """Every mistake lies in a file of the folder, and says something that can be printed."""
    assert errors.mistakes
    assert list(errors.mistakes) == sorted(errors.mistakes)
    lines_of: dict[Path, tuple[list[str], ...]] = {}
    for mistake in errors.mistakes:
        assert mistake.path.is_relative_to(rules_dir), mistake
        assert mistake.message.isprintable(), repr(mistake.message)
        assert len(mistake.message) < 1000, len(mistake.message)
        if mistake.path not in lines_of:
            lines_of[mistake.path] = lines_in(mistake.path)
        assert any(is_in(mistake, lines) for lines in lines_of[mistake.path]), mistake


def lines_in(path: Path) -> tuple[list[str], ...]:
    """Return the lines of a file, or of nothing for a folder: YAML has more ends than editors."""
    text = path.read_bytes().decode("utf-8-sig", "replace") if path.is_file() else ""
    return text.splitlines(), text.split("\n")


def is_in(mistake: Mistake, lines: list[str]) -> bool:
    """Whether the mistake's place is in *lines*, or at their end."""
    if mistake.line > len(lines):
        return (mistake.line, mistake.column) == (len(lines) + 1, 1) or not lines
    # In a file that is not UTF-8 the columns are octets.
    octets = len(lines[mistake.line - 1].encode())
    return mistake.line >= 1 and 1 <= mistake.column <= octets + 1


def require_shut(preset: Preset, rng: random.Random) -> None:
    """No pupil reaches what the preset's own catalogue calls a way round the filter."""
    snapshot = compile_snapshot(Source(number=1, policy=preset.policy))
    hosts = sorted(ways_round(preset.policy.catalogue), key=str)
    for host in rng.sample(hosts, min(12, len(hosts))):
        for pupil in PUPILS:
            for moment in (LESSON, EVENING):
                decision = decide(Request(pupil, HostResource(host)), snapshot, moment)
                assert Verdict.BLOCK is decision.verdict, f"a pupil reaches {host}"


def ways_round(catalogue: Catalogue) -> Iterator[Host]:
    """Yield the hosts of every service and list that is a way round the filter."""
    ids = {each.id for each in catalogue.categories if each.is_circumvention}
    for each in catalogue.lists:
        if each.category in ids:
            yield from each.domains
    for service in catalogue.services:
        if service.category in ids:
            yield from (
                host for host in service.domains if not is_excluded(host, service.excluding)
            )


def is_excluded(host: DomainName, excluding: Iterable[DomainName]) -> bool:
    return any(host.is_under(each) for each in excluding)


def restructured(octets: bytes, rng: random.Random) -> bytes:
    """Return the file with parts of what it says dropped, doubled, swapped or replaced."""
    book = MistakeBook()
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(octets)
        file.flush()
        node = read_nodes(Path(file.name), book)
    assert node is not None
    return as_text(mutated(as_edited(node), rng)).encode("utf-8", "surrogatepass")


def rewritten(octets: bytes, rng: random.Random) -> bytes:
    """Return the file with words and lines of its text changed."""
    lines = octets.decode().split("\n")
    for _ in range(rng.choice((1, 1, 2, 4))):
        row = rng.randrange(len(lines))
        column = rng.randrange(len(lines[row]) + 1)
        match rng.randrange(7):
            case 0:
                del lines[row : row + rng.randint(1, 5)]
            case 1:
                lines[row:row] = lines[row : row + rng.randint(1, 8)]
            case 2:
                lines[row] = " " * rng.randrange(9) + lines[row].strip()
            case 3:
                lines[row] = lines[row][:column] + rng.choice(NASTY) + lines[row][column:]
            case 4:
                lines[row] = lines[row][:column]
            case 5:
                words = rng.choice(lines).split()
                lines[row] = lines[row][:column] + (rng.choice(words) if words else "")
            case _:
                other = rng.randrange(len(lines))
                lines[row], lines[other] = lines[other], lines[row]
        lines = lines or [""]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def corrupted(octets: bytes, rng: random.Random) -> bytes:
    """Return the file with octets changed, mostly into what is not UTF-8."""
    found = bytearray(octets)
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(len(found))
        found[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(4))
    return bytes(found)


def swollen(octets: bytes, rng: random.Random) -> bytes:
    """Return the file with something very long, very deep or very often in it."""
    count = rng.choice((50, 5_000, 300_000))
    swelling = rng.choice(
        (
            "[" * count,
            "{a: " * count,
            "- " * count,
            "? " * count,
            "x" * count,
            "x: y\n" * count,
            "- a\n" * count,
            "a" + ", a" * count,
            '"' + "\\u0041" * count + '"',
            "|\n" + "  x\n" * count,
            "\n" * count,
            " " * count,
            "# x\n" * count,
            "&a [*a, *a]\n" * min(count, 5_000),
            "'" * count,
            "é\u0301" * count,
            "!" * count,
            "%" * count,
        )
    )
    lines = octets.decode().split("\n")
    row = rng.randrange(len(lines))
    key, colon, _ = lines[row].partition(": ")
    lines[row] = key + colon + swelling if rng.random() < 0.6 else swelling
    return "\n".join(lines).encode()


MUTATIONS: dict[str, tuple[Callable[[bytes, random.Random], bytes], int]] = {
    "restructured": (restructured, 10),
    "rewritten": (rewritten, 10),
    "corrupted": (corrupted, 2),
    "swollen": (swollen, 2),
}


def fuzz_one(folder: Folder, seed: int) -> tuple[str, str, float]:
    """Feed the input that *seed* makes; return what it was, what became of it, and CPU seconds."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    name = rng.choice(folder.names if rng.random() < FAIR else folder.weighty)
    (kind,) = rng.choices(list(MUTATIONS), [weight for _, weight in MUTATIONS.values()])
    original = (folder.rules_dir / name).read_bytes()
    octets = MUTATIONS[kind][0](original, rng)
    school = name.stem if name.parts[0] == "schools" else rng.choice(folder.schools)
    loaded, took_s = folder.load_with(name, octets, school)
    assert took_s < CPU_LIMIT_S, f"{took_s:.1f} s of CPU for {len(octets)} octets of {name}"
    if isinstance(loaded, Preset):
        require_shut(loaded, rng)
        return f"{kind} {name}", "preset", took_s
    return f"{kind} {name}", "mistakes", took_s


def fuzz(rules_dir: Path, count: int, seed: int) -> bool:
    """Whether *count* inputs did no harm; says what became of them."""
    became: Counter[str] = Counter()
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as copied_to:
        folder = Folder(rules_dir, Path(copied_to))
        for number in range(seed, seed + count):
            try:
                what, outcome, took_s = fuzz_one(folder, number)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not come out
                print(f"--seed {number} --count 1: {type(error).__name__}: {error}")
                return False
            became[outcome] += 1
            slowest_s = max(slowest_s, took_s)
            if "--verbose" in sys.argv:
                print(number, what, outcome, f"{took_s:.2f}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"inputs": count, **became, "slowest_s": slowest_s, "peak_mib": peak_mib}))
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--count", type=int, default=500, help="inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", type=Path, default=RULES, help="a rules folder")
    parser.add_argument("--verbose", action="store_true", help="a line for each input")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    return 0 if fuzz(arguments.rules, arguments.count, arguments.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
