"""Tables of people: headings as schools' systems write them, every mistake with its line."""

import pytest

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.people_table import (
    MAX_OCTETS,
    MOST_MISTAKES,
    MOST_ROWS,
    BadTable,
    read_table,
)


@pytest.mark.parametrize(
    "text",
    [
        "id,name,year,class\na1,Ann Elm,4,4B\n",
        "\ufeffUPN;Forename;Surname;Year Group;Reg Group\r\nA1;Ann;Elm;Year 4;4B\r\n",
        "Admission number\tFull name\tYear\tForm\na1\tAnn  Elm\tY4\t4B",
        'class,year,"name",id,dietary\n4B,4,"Ann Elm",a1,none\n\n,,,\n',
    ],
)
def test_exports_of_several_kinds_say_the_same(text: str) -> None:
    person = read_table(text)[0]

    assert ("a1", "Ann Elm", Audience.PUPIL, 4, "4B") == (
        person.id,
        person.name,
        person.audience,
        person.year_group,
        person.class_name,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1,)),
        ("name\nAnn\n", (1, 1)),
        ("id,id,name,year\na,b,c,1\n", (1,)),
        ("id,name,year\n", (1,)),
        ("id,name,year\na1,Ann,14\nb2,,3\n", (2, 3)),
        ("id,name,year\nnew,Ann,4\n", (2,)),
        ('id,name,year\na1,"Ann,4\n', (2,)),
        ("id,name,audience\na1,Ann,king\n", (2,)),
        ("id,name,year\na1,A\u202enn,4\na1,Ann\x00,4\n", (2, 3)),
        ('id,name,year\na1,"Ann\nElm",4\nb 2,Bo,4\n', (4,)),
    ],
)
def test_each_mistake_has_its_line(text: str, expected: tuple[int, ...]) -> None:
    with pytest.raises(BadTable) as refused:
        read_table(text)

    assert expected == tuple(each.line for each in refused.value.lines)


def test_a_hostile_table_is_bounded() -> None:
    rows = "".join(f"s{number},N,1\n" for number in range(MOST_ROWS + 1))
    for text in ("x" * (MAX_OCTETS + 1), f"id,name,year\n{rows}"):
        with pytest.raises(BadTable):
            read_table(text)
    with pytest.raises(BadTable) as refused:
        read_table("id,name,year\n" + "?,,x\n" * 1000)
    assert MOST_MISTAKES == len(refused.value.lines)
    assert 1000 < refused.value.further
