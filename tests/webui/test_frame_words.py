"""What the frame of a page and the summary of a form's mistakes say."""

import pytest
from office import HEAD, LESSON, LONDON, MACHINE, TEACHER

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.changing.fields import ChangeField, Control
from schoolgate_webui.views.fields import Field, summary_of
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.school_fields import mistakes_of
from schoolgate_webui.views.shared import Shared, shared

NOW = Now(LESSON, MACHINE, LONDON)


def frame(member: Member | None, path: str) -> Shared:
    return shared(
        "Otter Bank", NOW, member, path=path, csrf="", waiting={"/requests": 2}, notice=None
    )


@pytest.mark.parametrize(
    ("path", "section", "page"),
    [
        ("/school", "School", "Overview"),
        ("/school/people/p-1/duties", "School", "People"),
        ("/school/calendar/different", "School", "Day and year"),
        ("/school/import", "School", "People"),
        ("/school/year", "School", "Classes"),
        ("/requests/7", "Requests", "Requests"),
        ("/policy/acknowledgements", "Policy", "Who has read it"),
    ],
)
def test_the_bar_says_in_which_section_one_is_and_below_it_at_which_of_its_pages(
    path: str, section: str, page: str
) -> None:
    found = frame(HEAD, path)

    assert [section] == [each.text for each in found.navigation if each.is_here]
    assert [page] == [each.text for each in found.beside if each.is_here]


def test_who_has_no_page_of_a_section_sees_none_of_it() -> None:
    texts = {each.text for each in frame(TEACHER, "/").navigation}

    assert "School" not in texts
    assert "Requests" in texts


def test_a_section_counts_what_waits_at_its_pages() -> None:
    counts = {each.text: each.count for each in frame(HEAD, "/").navigation if each.count}

    assert {"Requests": 2} == counts


@pytest.mark.parametrize(
    ("label", "expected"),
    [("Reasons", "Reasons: Give them."), ("Why?", "Why? Give them.")],
)
def test_a_mistake_s_line_names_its_field(label: str, expected: str) -> None:
    line = summary_of(Field("form-why", "why", label, error="Give them."))
    (same,) = mistakes_of((ChangeField(Control.LINE, "form-why", label, error="Give them."),))

    assert {"text": expected, "href": "#form-why"} == line == same
