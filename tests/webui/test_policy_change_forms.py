"""Every form of a change: what it puts into the draft, and what it refuses beside its field."""

from collections.abc import Iterator

import pytest
from policy_school import PolicySchool, begin, change
from web_browser import Browser

from schoolgate_webui.changing.document import MAX_FILE_OCTETS
from schoolgate_webui.changing.kinds import FORMS, GROUPS, Kind

RULE = {
    "audience__staff": "yes",
    "reason": "Asked for by parents",
    "section": "§8",
    "lifted_by__access-grant": "yes",
}
BELLS = {
    "bell1_at": "09:00",
    "bell1_is": "lesson",
    "bell2_at": "12.30",
    "bell2_is": "closed",
    **{f"bell{n}_{end}": "" for n in range(3, 9) for end in ("at", "is")},
}
LATE = {"first": "2026-11-25", "name": "Fair"}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicySchool]:
    opened = PolicySchool(tmp_path_factory.mktemp("school"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def technician(school: PolicySchool) -> Browser:
    return Browser(school).sign_in("technician")


@pytest.fixture
def number(technician: Browser) -> int:
    return begin(technician)


@pytest.mark.parametrize(
    ("kind", "query", "entered", "says"),
    [
        ("social-media", "", {"what": "forum", "counts": "yes"}, "Count discussion forums as"),
        ("social-media", "", {"what": "messaging", "counts": "no"}, "social media no longer"),
        ("block", "", {"what": "talk", **RULE}, "Block Talk for staff: Asked for by parents."),
        ("block", "", {"what": "forum", **RULE, "section": ""}, "Block discussion forums for"),
        (
            "site",
            "",
            {
                "name": "Gossip",
                "domains": "https://Gossip.example.com/page\ngossip.example.net.",
                "category": "forum",
                **RULE,
            },
            "Block Gossip (gossip.example.com and gossip.example.net) for staff",
        ),
        ("open-again", "?rule=staff-forums", {"what": "*"}, "Remove the rule"),
        ("open-again", "?rule=staff-forums", {"what": "chat"}, "Take Chat out of the rule"),
        (
            "exception",
            "?rule=staff&exception=0",
            {"periods__break": "", "periods__lunch": "", "periods__after-school": "yes"},
            "holds after school.",
        ),
        (
            "exception",
            "?rule=staff&exception=0",
            {"standing__break-access": ""},
            "without a stand",
        ),
        ("exception", "?rule=staff&exception=1", {"duties__dsl": ""}, "for account operators"),
        (
            "exception",
            "?rule=staff&exception=1",
            {"move": "remove"},
            "Remove the second exception",
        ),
        (
            "exception",
            "?rule=pupils&exception=new",
            {"audience__pupil": "yes", "devices__school-computer": "yes"},
            "Except pupils on school computers from the rule",
        ),
        ("lifting", "?rule=staff", {"kinds__access-grant": ""}, "Lock the rule"),
        (
            "standing",
            "",
            {"id": "trip-access", "about": "Maps on trips"},
            "permission, trip-access",
        ),
        ("promise", "", {"promise": "0"}, "Give up the first promise"),
        ("bells", "?timetable=day&from=monday", BELLS, "Set the bells of Mondays, Tuesdays"),
        ("terms", "", {"t2_last": "2027-03-26"}, "Set the terms of the calendar year"),
        ("days-off", "?kind=inset_days", {"days": "4/1/2027\n\n5/1/2027"}, "4 January 2027"),
        ("days-off", "?kind=bank_holidays", {"days": ""}, "The bank holidays are none"),
        ("one-off", "", {**LATE, "years": "3-6"}, "Plan Fair on"),
        ("one-off", "", {**LATE, "how": "timetable:day", "class": "4b"}, "Plan Fair on"),
        ("one-off", "", {**LATE, "last": "2026-11-26", "how": "bells", **BELLS}, "Plan Fair on"),
        ("document", "", {"review": "2027-09"}, "The document is Hill Policy, May 2026."),
        ("staff-hours", "", {"start": "8:15"}, "work from 08:15 to 16:00"),
    ],
)
def test_a_form_puts_its_change_into_the_draft(
    technician: Browser, number: int, *, kind: str, query: str, entered: dict[str, str], says: str
) -> None:
    page = change(technician, number, kind, query, **entered)

    assert 200 == technician.status, page.text
    assert says in page.text
    assert "Take it out" in page.text


@pytest.mark.parametrize(
    ("kind", "query", "entered", "field", "says"),
    [
        ("social-media", "", {"what": "forum"}, "counts", "Say whether it counts"),
        ("social-media", "", {"what": "nothing", "counts": "yes"}, "what", "Choose a category"),
        ("block", "", {**RULE, "what": ""}, "what", "Choose a category or a service"),
        (
            "block",
            "",
            {**RULE, "what": "talk", "audience__staff": ""},
            "audience-pupil",
            "For whom",
        ),
        ("block", "", {**RULE, "what": "talk", "reason": ""}, "reason", "Give the reason"),
        ("block", "", {**RULE, "what": "talk", "section": "x" * 201}, "section", "200 characters"),
        ("site", "", {**RULE, "name": "", "category": "forum"}, "name", "Give the site a name"),
        (
            "site",
            "",
            {**RULE, "name": "X", "category": "forum"},
            "domains",
            "at least one address",
        ),
        ("site", "", {"domains": "\n".join(f"a{n}.net" for n in range(51))}, "domains", "50 addr"),
        ("open-again", "?rule=staff-forums", {"what": "adult"}, "what", "Say what opens again"),
        ("exception", "?rule=staff&exception=0", {}, "periods-lesson", "Change something"),
        ("exception", "?rule=staff&exception=new", {}, "periods-lesson", "Say for whom, when"),
        ("standing", "", {"id": "Trip Access", "about": "Maps"}, "id", "small letters"),
        ("standing", "", {"id": "break-access", "about": "Maps"}, "id", "already"),
        ("promise", "", {"promise": "9"}, "promise", "Choose a promise"),
        ("bells", "?timetable=day&from=monday", {"bell1_at": "25:00"}, "bell1_at", "like 10:45"),
        ("bells", "?timetable=day&from=monday", {"bell1_is": ""}, "bell1_at", "bell 1 begins"),
        ("bells", "?timetable=day&from=monday", {"bell2_at": "08:00"}, "bell1_at", "same time"),
        (
            "bells",
            "?timetable=day&from=monday",
            {"bell8_is": "lunch"},
            "bell1_at",
            "when it closes",
        ),
        ("terms", "", {"t1_last": "2026-08-01"}, "t1_last", "must not be before the first"),
        ("terms", "", {"t3_first": "2027-04-12"}, "t3_last", "Enter the last day"),
        ("days-off", "?kind=inset_days", {"days": "4/1/2027\nEaster"}, "days", "Easter is none"),
        ("one-off", "", {"first": "2026-11-25"}, "name", "Say what it is"),
        ("one-off", "", {**LATE, "last": "2026-11-24"}, "last", "must not be before the first"),
        ("one-off", "", {**LATE, "how": "bells"}, "bell1_at", "Enter its bells"),
        ("one-off", "", {**LATE, "years": "three"}, "years", "Enter year groups"),
        ("document", "", {"title": ""}, "title", "Enter the title"),
        ("document", "", {"review": "next year"}, "review", "a year and month"),
        ("staff-hours", "", {"start": "17:00"}, "end", "after the beginning"),
        ("file", "?path=schools/hill.yaml", {"text": "  "}, "text", "must not be empty"),
        ("file", "?path=schools/hill.yaml", {"text": "rules: ["}, "text", "hill.yaml, line"),
    ],
)
def test_a_mistake_stands_beside_its_field_and_every_entry_is_kept(
    technician: Browser,
    number: int,
    *,
    kind: str,
    query: str,
    entered: dict[str, str],
    field: str,
    says: str,
) -> None:
    page = change(technician, number, kind, query, **entered)

    assert 422 == technician.status
    assert says in page.text
    assert f"#{field}" in page.links
    assert field in page.ids
    kept = page.form(f"/policy/drafts/{number}/changes/{kind}").fields
    for name, value in entered.items():
        # A choice that is none of those offered cannot stand in a list of them.
        if name not in {"what", "promise", "text"}:
            assert value == kept.get(name.replace("__", ":"), "").removeprefix("\n"), name
    assert "Nothing is changed yet" in technician.get(f"/policy/drafts/{number}/changes").text


@pytest.mark.parametrize(
    ("kind", "query", "entered", "says"),
    [
        ("social-media", "", {"what": "messaging", "counts": "yes"}, "counts as social media alr"),
        ("lifting", "?rule=staff", {}, "This changes nothing: it is so already."),
        ("lifting", "?rule=baseline-adult", {}, "every school shares"),
        ("file", "?path=baseline.yaml", {"text": "rules: []"}, "baseline.yaml"),
        ("file", "?path=../../etc/passwd", {"text": "rules: []"}, "passwd"),
        ("no-one-off", "?day=Fair&first=2026-11-25", {}, "There is no one-off day"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_a_sentence(
    technician: Browser, number: int, *, kind: str, query: str, entered: dict[str, str], says: str
) -> None:
    page = change(technician, number, kind, query, **entered)

    assert 422 == technician.status
    assert "There is a problem" in page.text
    assert says in page.text
    assert "Nothing is changed yet" in technician.get(f"/policy/drafts/{number}/changes").text


def test_a_one_off_day_is_planned_no_longer(technician: Browser, number: int) -> None:
    change(technician, number, "one-off", **LATE)

    page = change(technician, number, "no-one-off", "?day=Fair&first=2026-11-25")

    assert "No longer plan Fair" in page.text


def test_the_forms_that_are_about_something_let_it_be_chosen_first(
    technician: Browser, number: int
) -> None:
    for kind, form in FORMS.items():
        page = technician.get(f"/policy/drafts/{number}/changes/{kind}")
        choices = [link for link in page.links if f"/changes/{kind}?" in link]
        assert bool(form.about) == bool(choices) or kind is Kind.NO_ONE_OFF
        for choice in choices:
            assert technician.get(choice).form(f"/policy/drafts/{number}/changes/{kind}")


def test_every_kind_of_change_is_offered_once() -> None:
    offered = [kind for _, kinds in GROUPS for kind in kinds]

    assert sorted(Kind) == sorted(offered) == sorted(FORMS)


def test_a_technician_edits_the_file_itself(
    school: PolicySchool, technician: Browser, number: int
) -> None:
    text = school.own_text(number).replace("§5", "§5.1").replace("\n", "\r\n")

    page = change(technician, number, "file", "?path=schools/hill.yaml", text=text)

    assert "Replace the text of schools/hill.yaml." in page.text
    assert "cite: §5.1" in school.own_text(number)
    assert "\r" not in school.own_text(number)


def test_a_file_with_mistakes_comes_back_whole_with_each_of_them(
    school: PolicySchool, technician: Browser, number: int
) -> None:
    text = school.own_text(number).replace("video-sharing", "vidio-sharing")

    page = change(technician, number, "file", "?path=schools/hill.yaml", text=text)

    line = text[: text.index("vidio-sharing")].count("\n") + 1
    assert f"hill.yaml, line {line}: `vidio-sharing` is no category" in page.text
    kept = page.form(f"/policy/drafts/{number}/changes/file").fields["text"]
    assert text == kept.removeprefix("\n")


def test_a_file_of_96_kib_fits_and_a_larger_one_is_told(
    school: PolicySchool, technician: Browser, number: int
) -> None:
    own = school.own_text(number)
    padding = "# " + "é" * 40 + "\n"
    count = (MAX_FILE_OCTETS - len(own.encode())) // len(padding.encode())

    large = own + padding * count
    page = change(technician, number, "file", "?path=schools/hill.yaml", text=large)
    assert "Replace the text of" in page.text, page.text[:500]

    path = "?path=schools/hill.yaml"
    page = change(technician, number, "file", path, text=large + padding * 2)
    assert "A file can have 96 KiB at most" in page.text
    change(technician, number, "file", path, text=large * 4)
    assert 413 == technician.status


@pytest.mark.parametrize("username", ["head", "lead"])
def test_the_file_itself_is_for_technicians_alone(school: PolicySchool, username: str) -> None:
    browser = Browser(school).sign_in(username)
    own = begin(browser)
    assert "Edit the file itself" not in browser.get(f"/policy/drafts/{own}/changes").text

    page = browser.get(f"/policy/drafts/{own}/changes/file")

    assert "This page is not for you" in page.text


def test_a_name_from_an_entry_is_shown_as_it_was_typed(technician: Browser, number: int) -> None:
    page = change(technician, number, "document", title="<b>Policy</b> & more")

    assert "The document is <b>Policy</b> & more" in page.text
    assert "<b>Policy" not in technician.last_text


def test_a_day_with_more_bells_than_the_form_first_shows_keeps_them_all(
    school: PolicySchool, technician: Browser, number: int
) -> None:
    bells = {f"bell{n}_at": f"{7 + n}:00" for n in range(1, 13)}
    bells |= {f"bell{n}_is": "break" if n % 2 else "lesson" for n in range(1, 12)}
    query = "?timetable=day&from=monday"
    change(technician, number, "bells", query, **bells, bell12_is="closed")

    change(technician, number, "bells", query, bell13_at="20:00", bell13_is="closed")
    change(technician, number, "bells", query, bell14_at="21:00", bell14_is="closed")

    text = school.decisions.policies.texts(number)["timetables/day.yaml"]
    assert 14 == text.count("{at: ")


def test_half_terms_that_the_form_does_not_show_are_kept(
    school: PolicySchool, technician: Browser, number: int
) -> None:
    path = "calendars/year.yaml"
    text = school.decisions.policies.texts(number)[path]
    one = "{first: 2026-10-26, last: 2026-10-30}"
    two = f"[{one}, {{first: 2026-11-16, last: 2026-11-17}}]"
    change(technician, number, "file", f"?path={path}", text=text.replace(one, two))

    change(technician, number, "terms", t1_half_last="2026-10-29")

    kept = school.decisions.policies.texts(number)[path]
    assert "2026-10-29" in kept
    assert "2026-11-16" in kept
