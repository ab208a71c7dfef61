from pathlib import Path

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import parse_nodes
from schoolgate_policyd.rulefiles.school_files import SCHOOL_KEYS

PAGE = default_rules_dir().parent / "docs/rule-files.md"


def test_every_example_of_the_page_is_yaml_that_rule_files_may_use() -> None:
    blocks = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1:]
    assert len(blocks) > 8

    book = MistakeBook()
    for block in blocks:
        parse_nodes(block.partition("```")[0], Path("example.yaml"), book)

    assert () == book.mistakes()


def test_the_page_shows_every_key_of_a_school() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [] == [key for key in SCHOOL_KEYS if f"\n{key}:" not in text]
