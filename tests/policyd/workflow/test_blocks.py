"""What may be blocked at once, what is refused or warned of, and who lifts it."""

import pytest
from office import CHAIR, DSL, HEAD, LEAD, MACHINE, PUPIL, TEACHER

from schoolgate_policyd.core.at_once import (
    Blockable,
    BlockedPart,
    BlockedService,
    BlockedSite,
)
from schoolgate_policyd.core.catalogue import Catalogue, Category, HelpLine, Service
from schoolgate_policyd.core.names import AddressLiteral, DomainName
from schoolgate_policyd.core.url_patterns import parse_pattern
from schoolgate_policyd.workflow.blockable import name_of
from schoolgate_policyd.workflow.blocks import (
    MOST_IN_FORCE,
    Block,
    BlockForm,
    NotSure,
    lifted,
    parse_block,
    parse_lifting,
    require_may_block,
    require_new,
)
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member

CATALOGUE = Catalogue(
    categories=(Category("video", "Video"),),
    services=(
        Service("clips", "Clips", "video", (DomainName("clips.com"),)),
        Service("maps", "Maps", "video", (DomainName("maps.big.com"),)),
        Service("docs", "Docs", "video", (DomainName("docs.com"),)),
    ),
    help_lines=(HelpLine("line", "The Line", (DomainName("help.org.uk"),)),),
    essentials=tuple(
        DomainName(each) for each in ("lessons.co.uk", "learn.big.com", "class.docs.com")
    ),
    never_inspected=(DomainName("bank.com"),),
)
ENTERED = {
    "url": "https://bad.example.com/page",
    "extent": "site",
    "whom": "pupils",
    "reason": "x",
}
SITE = BlockedSite(DomainName("bad.example.com"))


def block(number: int = 1, what: Blockable = SITE, *, is_for_everybody: bool = False) -> Block:
    return Block(number, what, is_for_everybody, "because", LEAD.id, MACHINE)


def mistakes(**entered: str) -> dict[str, str]:
    with pytest.raises(InvalidForm) as found:
        parse_block({**ENTERED, **entered}, CATALOGUE)
    return {each.field: each.message for each in found.value.mistakes}


@pytest.mark.parametrize(
    ("url", "extent", "what"),
    [
        ("https://www.bad.com/x?y=1", "site", BlockedSite(DomainName("bad.com"))),
        ("play.bad.com", "site", BlockedSite(DomainName("play.bad.com"))),
        ("www.co.uk", "site", BlockedSite(DomainName("www.co.uk"))),
        ("http://93.184.216.34/x", "site", BlockedSite(AddressLiteral("93.184.216.34"))),
        ("m.bad.com/a/b/", "part", BlockedPart(parse_pattern("*.m.bad.com/a/b/"))),
        (
            "https://www.clips.com/watch?v=7&t=31s&utm_source=mail&si=abc",
            "part",
            BlockedPart(parse_pattern("*.clips.com/watch?v=7")),
        ),
        ("https://bad.com/?id=7", "part", BlockedPart(parse_pattern("*.bad.com/?id=7"))),
        ("https://www.clips.com/watch", "service", BlockedService("clips")),
    ],
)
def test_an_address_stands_for_what_was_chosen(url: str, extent: str, what: Blockable) -> None:
    form = parse_block({**ENTERED, "url": url, "extent": extent}, CATALOGUE)

    assert what == form.what
    assert not form.is_for_everybody


@pytest.mark.parametrize(
    ("url", "extent", "said"),
    [
        ("https://www.help.org.uk/page", "part", "help line (The Line): nothing ever blocks"),
        ("help.org.uk", "site", "help line"),
        ("www.lessons.co.uk/maths", "site", "those stay open"),
        ("docs.com", "service", "has pages for lessons (class.docs.com)"),
        ("router.local/page", "site", "inside the school"),
        ("10.0.0.1", "site", "inside the school"),
        ("co.uk", "site", "many people have sites below it"),
        ("bad.com", "part", "front page"),
        ("93.184.216.34/x", "part", "as a whole site"),
        ("bad.com", "service", "no service that is known"),
        ("javascript:alert(1)", "site", "no address"),
        ("", "site", "Enter the address"),
        ("a\u202eb.com", "site", "hidden character"),
    ],
)
def test_what_is_never_blocked_is_refused_in_a_sentence(url: str, extent: str, said: str) -> None:
    assert said in mistakes(url=url, extent=extent)["url"]


@pytest.mark.parametrize(
    ("url", "extent", "said"),
    [
        ("clips.com", "site", "This closes all of Clips."),
        ("big.com", "site", "Lesson sites below it stay open: learn.big.com."),
        ("org.uk.help.org.uk.bad.com", "site", None),
        ("lessons.co.uk/bad", "part", "is a lesson site"),
        ("www.bank.com/bad", "part", "never looks into"),
    ],
)
def test_what_is_larger_than_it_looks_is_asked_about_first(
    url: str, extent: str, said: str | None
) -> None:
    entered = {**ENTERED, "url": url, "extent": extent}
    if said is None:
        parse_block(entered, CATALOGUE)
        return
    with pytest.raises(NotSure) as found:
        parse_block(entered, CATALOGUE)

    assert said in " ".join(found.value.unsure.warnings)
    parse_block({**entered, "sure": found.value.unsure.digest}, CATALOGUE)
    with pytest.raises(NotSure):
        parse_block({**entered, "sure": "yes"}, CATALOGUE)


def test_every_mistake_is_said_at_once() -> None:
    assert {"url", "extent", "whom", "reason"} == set(
        mistakes(url="", extent="all", whom="staff", reason=" ")
    )


@pytest.mark.parametrize(
    ("what", "name"),
    [
        (SITE, "bad.example.com and everything below it"),
        (BlockedPart(parse_pattern("*.a.com/b")), "a.com/b and everything below it"),
        (BlockedService("clips"), "all of Clips"),
        (BlockedService("gone"), "all of gone"),
    ],
)
def test_a_block_has_a_name(what: Blockable, name: str) -> None:
    assert name == name_of(what, CATALOGUE)


@pytest.mark.parametrize("member", [LEAD, DSL, HEAD])
def test_those_who_handle_reports_may_block(member: Member) -> None:
    require_may_block(member)


@pytest.mark.parametrize("member", [TEACHER, CHAIR, PUPIL])
def test_others_may_not(member: Member) -> None:
    with pytest.raises(NotAllowed):
        require_may_block(member)


def test_the_same_again_is_refused_and_more_people_is_not_the_same() -> None:
    with pytest.raises(InvalidForm, match="already"):
        require_new(BlockForm(SITE, False, "x"), (block(),))
    with pytest.raises(InvalidForm, match="already"):
        require_new(BlockForm(SITE, False, "x"), (block(is_for_everybody=True),))
    require_new(BlockForm(SITE, True, "x"), (block(),))


def test_so_many_blocks_are_a_policy() -> None:
    many = tuple(block(each, BlockedService(str(each))) for each in range(MOST_IN_FORCE))

    with pytest.raises(NotAllowed, match="part of the policy"):
        require_new(BlockForm(SITE, False, "x"), many)


def test_the_head_alone_lifts_a_block_and_once() -> None:
    open_again = lifted(block(), by=HEAD, reason="a mistake", at=MACHINE)

    assert open_again.lifted is not None
    assert (HEAD.id, "a mistake") == (open_again.lifted.by, open_again.lifted.reason)
    with pytest.raises(WrongState):
        lifted(open_again, by=HEAD, reason="again", at=MACHINE)
    for member in (LEAD, DSL, CHAIR, TEACHER):
        with pytest.raises(NotAllowed, match="headteacher decides"):
            lifted(block(), by=member, reason="x", at=MACHINE)


def test_lifting_needs_a_reason() -> None:
    with pytest.raises(InvalidForm) as found:
        parse_lifting({})

    assert ["reason"] == [each.field for each in found.value.mistakes]
    assert "why" == parse_lifting({"reason": "why"})
