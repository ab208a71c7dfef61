"""A form that is right becomes a request; one that is wrong comes back with every mistake."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import CLASSES, LESSON, LONDON

from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.forms import (
    LONGEST_GRANT,
    REQUEST_FIELDS,
    parse_decision,
    parse_form,
    parse_review,
    parse_withdrawal,
)
from schoolgate_policyd.workflow.requests import RequestForm, ScopeChoice

GOOD = {
    "staff_name": "Amara Quillfeather",
    "date": "2026-11-20",
    "url": "https://www.clips.example/watch?v=1",
    "site_content": "A film about otters",
    "reasons": "Science lesson",
    "measures": "Shown on the board\r\ncomments hidden",
    "for_whom": "oneself",
    "scope": "page",
    "starts_at": "2026-11-20T10:30",
    "ends_at": "2026-11-20T12:00",
}


def parse(**changes: str) -> RequestForm:
    return parse_form(GOOD | changes, classes=CLASSES, moment=LESSON, zone=LONDON)


def mistakes_of(**changes: str) -> list[str]:
    with pytest.raises(InvalidForm) as raised:
        parse(**changes)
    return [each.field for each in raised.value.mistakes]


def test_a_good_form_is_read_as_it_was_meant() -> None:
    expected = RequestForm(
        staff_name="Amara Quillfeather",
        written_on=date(2026, 11, 20),
        url=parse_url("https://www.clips.example/watch?v=1"),
        site_content="A film about otters",
        reasons="Science lesson",
        measures="Shown on the board\ncomments hidden",
        for_class=None,
        scope=ScopeChoice.PAGE,
        starts_at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    )
    assert expected == parse()


@pytest.mark.parametrize("typed", ["20/11/2026", "20.11.2026", "2026-11-20", " 2026-11-20 "])
def test_dates_are_read_as_people_and_browsers_write_them(typed: str) -> None:
    assert date(2026, 11, 20) == parse(date=typed).written_on


@pytest.mark.parametrize(
    "typed", ["2026-11-20T10:30", "2026-11-20T10:30:00", "20/11/2026 10:30", "20/11/2026 10.30"]
)
def test_times_are_read_as_people_and_browsers_write_them(typed: str) -> None:
    assert datetime(2026, 11, 20, 10, 30, tzinfo=UTC) == parse(starts_at=typed).starts_at


def test_times_are_the_schools_wall_clock() -> None:
    summer = parse(starts_at="2027-05-04T10:00", ends_at="2027-05-04T11:00")

    assert datetime(2027, 5, 4, 9, 0, tzinfo=UTC) == summer.starts_at


def test_an_hour_that_does_not_exist_is_named() -> None:
    # In 2027 the clocks go forward on 28 March at 01:00.
    assert ["starts_at"] == mistakes_of(starts_at="2027-03-28T01:30", ends_at="2027-03-28T09:00")


def test_an_hour_that_happens_twice_is_the_first() -> None:
    october = parse_form(
        GOOD | {"starts_at": "2026-11-20T10:30", "ends_at": "2027-10-31T01:30"},
        classes=CLASSES,
        moment=LESSON,
        zone=LONDON,
    )
    assert datetime(2027, 10, 31, 0, 30, tzinfo=UTC) == october.ends_at


def test_a_class_makes_it_for_the_class() -> None:
    assert "4B" == parse(for_whom="class:4B").for_class


def test_an_empty_form_names_every_field_in_order() -> None:
    with pytest.raises(InvalidForm) as raised:
        parse_form({}, classes=CLASSES, moment=LESSON, zone=LONDON)

    assert list(REQUEST_FIELDS) == [each.field for each in raised.value.mistakes]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("staff_name", "   "),
        ("staff_name", "x" * 201),
        ("staff_name", "two\nlines"),
        ("staff_name", "Amara\u202equillfeather"),
        ("date", "yesterday"),
        ("date", "2026-02-30"),
        ("date", "2026-11-21"),
        ("date", "2026-10-01"),
        ("date", "\u0662\u0660\u0662\u0666-11-20"),
        ("url", "not an address"),
        ("url", "ftp://files.example/"),
        ("url", "javascript:alert(1)"),
        ("url", "wss://chat.example/"),
        ("url", "https://"),
        ("url", "https://x.example/" + "a" * 9000),
        ("url", "http://localhost:8000/"),
        ("url", "http://router/"),
        ("url", "http://printer.local/"),
        ("url", "http://127.0.0.1/"),
        ("url", "http://2130706433/"),
        ("url", "http://192.168.1.1/admin"),
        ("url", "http://[::1]/"),
        ("url", "http://[fe80::1]/"),
        ("site_content", ""),
        ("site_content", "x" * 4001),
        ("reasons", " \r\n "),
        ("reasons", "bell \x07"),
        ("reasons", "nul \x00"),
        ("measures", "\u2066isolated\u2069"),
        ("for_whom", "everybody"),
        ("for_whom", "class:9Z"),
        ("for_whom", "class:"),
        ("scope", "internet"),
        ("starts_at", "soon"),
        ("starts_at", "2026-11-20"),
        ("starts_at", "2026-11-20T25:00"),
        ("starts_at", "2026-11-19T10:00"),
        ("ends_at", "2026-11-20T10:30"),
        ("ends_at", "2026-11-20T10:00"),
        ("ends_at", "9999-12-31T23:59"),
        ("ends_at", "0001-01-01T00:00"),
    ],
)
def test_a_missing_or_absurd_field_is_named_and_the_entry_kept(field: str, typed: str) -> None:
    with pytest.raises(InvalidForm) as raised:
        parse(**{field: typed})

    assert [field] == [each.field for each in raised.value.mistakes]
    assert typed[:10_000] == raised.value.entry[field]
    assert GOOD["measures" if field != "measures" else "reasons"] in raised.value.entry.values()


def test_every_mistake_is_named_at_once() -> None:
    assert ["url", "reasons", "scope", "ends_at"] == mistakes_of(
        url="", reasons="", scope="", ends_at=""
    )


def test_part_of_a_site_needs_a_part() -> None:
    assert ["scope"] == mistakes_of(url="https://www.clips.example/", scope="part")
    assert ScopeChoice.PART is parse(url="https://www.clips.example/otters", scope="part").scope


def test_it_may_have_started_earlier_today_and_must_end_later_than_now() -> None:
    assert parse(starts_at="2026-11-20T08:00").starts_at < LESSON
    assert ["ends_at"] == mistakes_of(starts_at="2026-11-20T08:00", ends_at="2026-11-20T10:00")


def test_a_year_is_the_longest() -> None:
    last = LESSON.replace(hour=10, minute=30) + LONGEST_GRANT

    assert last == parse(ends_at=last.strftime("%Y-%m-%dT%H:%M")).ends_at
    too_long = (last + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    assert ["ends_at"] == mistakes_of(ends_at=too_long)
    assert ["starts_at"] == mistakes_of(starts_at="2027-11-23T10:00", ends_at="2027-11-23T11:00")


def test_joined_emoji_and_other_scripts_are_text() -> None:
    assert "शिक्षा 👩‍🏫" == parse(site_content="शिक्षा 👩‍🏫").site_content


@given(raw=st.dictionaries(st.sampled_from(REQUEST_FIELDS), st.text(max_size=60)))
def test_whatever_is_typed_gives_a_form_or_its_mistakes(raw: dict[str, str]) -> None:
    refused: InvalidForm | None = None
    try:
        parse_form(GOOD | raw, classes=CLASSES, moment=LESSON, zone=LONDON)
    except InvalidForm as error:
        refused = error
    assert refused is None or (refused.mistakes and set(REQUEST_FIELDS) == set(refused.entry))


def test_a_decision_has_the_forms_fields() -> None:
    raw = {
        "approved": "no",
        "reasons": "Not now",
        "staff_name": "Ngozi Thistlewood",
        "date": "20/11/2026",
    }
    decision = parse_decision(raw, moment=LESSON, zone=LONDON)

    assert not decision.is_approved
    assert ("Not now", "Ngozi Thistlewood") == (decision.reasons, decision.staff_name)
    with pytest.raises(InvalidForm) as raised:
        parse_decision(raw | {"approved": "maybe", "reasons": ""}, moment=LESSON, zone=LONDON)
    assert ["approved", "reasons"] == [each.field for each in raised.value.mistakes]


def test_a_review_needs_its_why_for_either_answer() -> None:
    assert parse_review({"in_place": "yes", "why": "seen"}).are_in_place
    for answer in ("yes", "no"):
        with pytest.raises(InvalidForm) as raised:
            parse_review({"in_place": answer, "why": " "})
        assert ["why"] == [each.field for each in raised.value.mistakes]


def test_a_withdrawal_says_why() -> None:
    assert "misused" == parse_withdrawal({"why": " misused "})
    with pytest.raises(InvalidForm):
        parse_withdrawal({})
