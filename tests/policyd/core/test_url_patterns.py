"""A part of a site is covered however its address is spelled, and nothing beside it is."""

import pytest

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.url_patterns import QueryParameter, is_part_opened, parse_pattern


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("mumsnet.com/talk", "https://mumsnet.com/talk"),
        ("mumsnet.com/talk", "http://mumsnet.com:8080/talk/x?q#f"),
        ("mumsnet.com/talk", "https://mumsnet.com//TALK/x"),
        ("mumsnet.com/talk", "https://mumsnet.com/a/..%2ftalk"),
        ("mumsnet.com/talk", "https://mumsnet.com/talk;jsessionid=1"),
        ("w.example/%E8%AE%A8", "https://w.example//%e8%ae%a8/x"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Talk:"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Talk:Tudors/Archive_1"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/talk:Tudors"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/T%61lk%3ATudors"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/T%2561lk%253aTudors"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/_Talk_:_Tudors"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/:Talk:Tudors"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Ta%E2%80%8Elk:Tudors"),
        ("w.example/wiki/User_talk:*", "https://w.example/wiki/User%20talk:Anne"),
        ("w.example/wiki/Diskusi%C3%B3n:*", "https://w.example/wiki/DISKUSI%C3%93N:Ana"),
        ("w.example/w/index.php?action=edit", "https://w.example/w/index.php?action=edit"),
        ("w.example/w/index.php?action=edit", "https://w.example/w/index.php/Tudors?action=edit"),
        ("w.example/?action=edit", "https://w.example/wiki/Tudors?action=edit"),
        ("w.example/?action=edit", "https://w.example/?title=Tudors&action=edit&x"),
        ("w.example/?action=edit", "https://w.example/?%61ction=%65dit"),
        ("w.example/?action=edit", "https://w.example/?%2561ction=edit"),
        ("w.example/?action=edit", "https://w.example/?+action=edit+"),
        ("w.example/?action=edit", "https://w.example/?x=1;action=edit"),
        ("w.example/?action=edit", "https://w.example/?ACTION=Edit"),
        ("w.example/?action=edit", "https://w.example/?action=view&action=edit"),
        ("w.example/?action=edit", "https://w.example/?action=edit&action=view"),
        ("w.example/?action=edit", "https://w.example/?action[]=edit"),
        ("w.example/?action=edit", "https://w.example/?action%00x=edit"),
        ("w.example/?action=edit", "https://w.example/?action=edit%00"),
        ("w.example/?title=User_talk:*", "https://w.example/?title=user+talk:Anne"),
        ("w.example/?title=Talk:*", "https://w.example/w/index.php?title=:Talk%3ATudors"),
        ("w.example/?action=*", "https://w.example/?action=whatever"),
        ("w.example/?b=2&a=1", "https://w.example/?a=1&x=3&b=2"),
        ("*.w.example/?action=edit", "https://w.example/?action=edit"),
        ("*.w.example/?action=edit", "https://en.m.w.example/x?action=edit"),
    ],
)
def test_a_pattern_covers_every_spelling_of_its_part(pattern: str, url: str) -> None:
    assert parse_pattern(pattern).covers(parse_url(url))


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("mumsnet.com/talk", "https://mumsnet.com/talkative"),
        ("mumsnet.com/talk", "https://www.mumsnet.com/talk"),
        ("a.example/x;y", "https://a.example/x"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Talk"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Tudors/Talk:"),
        ("w.example/wiki/Talk:*", "https://w.example/wiki/Small_Talk:_A_History"),
        ("w.example/w/index.php?action=edit", "https://w.example/wiki/Tudors?action=edit"),
        ("w.example/?action=edit", "https://w.example/"),
        ("w.example/?action=edit", "https://w.example/?"),
        ("w.example/?action=edit", "https://w.example/?search=action%3Dedit"),
        ("w.example/?action=edit", "https://w.example/?search=a%26action=edit"),
        ("w.example/?action=edit", "https://w.example/?action=edited"),
        ("w.example/?action=edit", "https://w.example/?reaction=edit"),
        ("w.example/?action=edit", "https://w.example/#?action=edit"),
        ("w.example/?b=2&a=1", "https://w.example/?b=2"),
        ("w.example/?title=Talk:*", "https://w.example/?title=Small+Talk:"),
        ("*.w.example/?action=edit", "https://notw.example/?action=edit"),
        ("*.w.example/?action=edit", "https://w.example.org/?action=edit"),
    ],
)
def test_a_pattern_covers_nothing_beside_its_part(pattern: str, url: str) -> None:
    assert not parse_pattern(pattern).covers(parse_url(url))


@pytest.mark.parametrize(
    "text",
    [
        "mumsnet.com/talk",
        "*.wikipedia.org/wiki/User_talk:*",
        "en.wikipedia.org/w/index.php?action=edit",
        "*.wikipedia.org/?title=Talk:*&action=edit",
        "w.example/?action=*",
    ],
)
def test_a_pattern_is_shown_as_it_is_written(text: str) -> None:
    assert text == str(parse_pattern(text))


def test_a_pattern_may_be_written_with_percent_signs() -> None:
    expected = (QueryParameter("a b", "c=d&e"), QueryParameter("f", "g h", is_open_ended=True))

    assert expected == parse_pattern("w.example/x?a%20b=c%3Dd%26e&f=g+h*").parameters


@pytest.mark.parametrize(
    "text",
    [
        "w.example",
        "w.example/",
        "*.w.example/",
        "w.example/*",
        "w.example/wiki/*",
        "w.example/*/talk",
        "w.*.example/talk",
        "**.w.example/talk",
        "w.example/?",
        "w.example/?action",
        "w.example/?=edit",
        "w.example/?action=",
        "w.example/?act*=edit",
        "w.example/?action=e*t",
        "w.example/?action=edit&",
        "w.example:8080/talk",
        "anne@w.example/talk",
        "w.example/talk#top",
        "192.0.2.7/talk",
        "/talk",
    ],
)
def test_what_is_no_part_of_a_site_is_refused(text: str) -> None:
    with pytest.raises(NameSyntaxError):
        parse_pattern(text)


def test_what_is_opened_is_opened_in_every_reading() -> None:
    assert is_part_opened("/talk/x", "/talk")
    assert not is_part_opened("/talk/..%2fx", "/talk")
    assert not is_part_opened("//talk", "/talk")
