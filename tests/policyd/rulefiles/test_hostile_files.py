"""Whatever stands in a rule file, the answer is a policy or mistakes with places."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schoolgate_policyd.rulefiles import check_rules

NAMES = (
    *("categories/categories.yaml", "categories/vpn.yaml", "services/video.yaml"),
    *("baseline.yaml", "essentials.yaml", "help-lines.yaml", "never-inspected.yaml"),
    *("timetables/day.yaml", "calendars/year.yaml", "schools/hill.yaml"),
)
# Pieces that bring a reader to its limits, beside the words that the files consist of.
PIECES = (
    *("", "[]", "{}", "[[]]", "{a: b}", "null", "~", '""', "-1", "99999999999", "1e9", ".nan"),
    *("9999-12-31", "0000-00-00", "24:00", "00:00", "\n", "\n\n  ", "\t", "- ", ": ", "&a", "*a"),
    *("!!python/object/apply:os.system [x]", "<<: *a", "%YAML 1.1\n---", "\0", "\x85", "\ufeff"),
    *(
        "xn--a",
        "xn--",
        "a..b",
        "1.2.3.4.5",
        "0x7f.1",
        "[::1]",
        "%ff",
        "*.com",
        "ß.example",
        "\u200d",
    ),
    *("a" * 300, "/" * 50, "é", "social-media", "everything", "Europe", "../etc", "08:00-07:00"),
)
WORD = re.compile(r"[^\s\[\]{},:]+|[\[\]{},:]|\s+")


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """Return edits of a file's words: where (modulo their number), how many, what instead."""
    replacement = st.sampled_from(PIECES) | st.text(max_size=8) | st.integers(0, 500).map(str)
    edit = st.tuples(st.integers(0, 400), st.integers(0, 3), replacement)
    return draw(st.lists(edit, min_size=1, max_size=4))


def edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    words = WORD.findall(text)
    for position, count, replacement in changes:
        start = position % len(words)
        # A number under a hundred stands for a word of the file itself.
        own = (
            words[int(replacement) % len(words)] if re.fullmatch("[0-9]{1,2}", replacement) else ""
        )
        words[start : start + count] = [own or replacement]
    return "".join(words)


def require_an_answer(rules_dir: Path) -> None:
    """Load the tree; an error of another kind, or a mistake without a place, fails the test."""
    mistakes = check_rules(rules_dir, "hill")

    assert sorted(mistakes) == list(mistakes)
    for mistake in mistakes:
        assert mistake.path.is_relative_to(rules_dir)
        assert mistake.line >= 1
        assert mistake.column >= 1
        assert mistake.message.isprintable()


# The folder is the same for all examples: each restores the file that it edits.
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(name=st.sampled_from(NAMES), changes=edits())
def test_an_edited_file_gives_a_policy_or_mistakes(
    name: str, changes: list[tuple[int, int, str]], rules_dir: Path
) -> None:
    path = rules_dir / name
    original = path.read_text(encoding="utf-8")
    path.write_text(edited(original, changes), encoding="utf-8", errors="surrogatepass")
    try:
        require_an_answer(rules_dir)
    finally:
        path.write_text(original, encoding="utf-8")


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(name=st.sampled_from(NAMES), octets=st.binary(max_size=60))
def test_garbage_gives_mistakes(name: str, octets: bytes, rules_dir: Path) -> None:
    path = rules_dir / name
    original = path.read_bytes()
    path.write_bytes(octets)
    try:
        require_an_answer(rules_dir)
    finally:
        path.write_bytes(original)
