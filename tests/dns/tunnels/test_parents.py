"""A name's parent is the one that publicsuffixlist finds, by every rule of the list."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from schoolgate_dns.tunnels.parents import Parents, installed_parents, public_suffix_rules

RULES = ("com", "*.ck", "!www.ck", "uk", "co.uk", "*.deep.co.uk", "a.b.c.d", "github.io")
REFERENCE = PublicSuffixList(list(RULES))
LABELS_OF_RULES = {label for rule in RULES for label in rule.strip("!*.").split(".")}
STRANGE_LABELS = {"x", "y-z", "*", "!www", "\\046", "xn--p1ai"}
LABEL = st.sampled_from(sorted(LABELS_OF_RULES | STRANGE_LABELS))


@given(st.lists(LABEL, min_size=1, max_size=9).map(".".join))
def test_it_is_the_one_that_the_library_finds(name: str) -> None:
    assert REFERENCE.privatesuffix(name) == Parents(RULES).parent_of(name)


def test_every_rule_that_is_installed_is_read_as_the_library_reads_it() -> None:
    library, ours = PublicSuffixList(only_icann=False), installed_parents()
    endings = (rule.removeprefix("!").removeprefix("*.") for rule in public_suffix_rules())
    names = [f"{front}{ending}" for ending, front in product(endings, ("", "a.", "c.b.a."))]

    assert len(names) > 20_000
    assert [] == [name for name in names if library.privatesuffix(name) != ours.parent_of(name)]


@pytest.mark.parametrize(
    ("parent", "name"),
    [
        (None, ""),
        (None, "com"),
        (None, "co.uk"),
        ("school.co.uk", "www.school.co.uk"),
        ("school.unheard-of", "a.b.school.unheard-of"),
        ("d1x.cloudfront.net", "a.d1x.cloudfront.net"),
        ("www.ck", "a.www.ck"),
        ("b.other.ck", "a.b.other.ck"),
        ("x\\255.example", "a.x\\255.example"),
        ("\u043f.example".encode("idna").decode(), "www.xn--o1a.example"),
    ],
)
def test_a_parent_is_what_somebody_registered(parent: str | None, name: str) -> None:
    assert parent == installed_parents().parent_of(name)
