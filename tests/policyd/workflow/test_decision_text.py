"""What is signed names everything that the form says, and what opens, in the form's own order."""

from datetime import date

import msgspec
import pytest
from office import HEAD, LESSON, LONDON, MACHINE, TEACHER, policy
from request_lives import AFTER, DEPUTY, EVERYBODY, asked, confirmed, decided, submitted

from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.decision_text import Known, WouldOpen, decision_text
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.signed_text import read_signed_text

DECISION = DecisionForm(True, "fine", HEAD.name, LESSON.date())
KNOWN = Known({"heron": "Amara", "swift": "Ngozi", "robin": "Priya"}, {"4B": "Class 4B"}, LONDON)


def opens(request: AccessRequest, *lines: str) -> WouldOpen:
    return WouldOpen(grant_for(request, policy().catalogue), lines or ("Amara: lessons",), ())


def changed(request: AccessRequest) -> AccessRequest:
    other = msgspec.structs.replace(request.form, reasons="Another film")
    return moves.change(
        request,
        by=TEACHER,
        people=EVERYBODY,
        form=other,
        why="Another film",
        at=MACHINE,
        moment=LESSON,
    )


def text(
    request: AccessRequest,
    decision: DecisionForm = DECISION,
    would_open: WouldOpen | None = None,
    by: Member = HEAD,
) -> str:
    step = decided(request, by).steps[-1]
    return decision_text(request, decision, would_open, signer=by, step=step, known=KNOWN)


def test_the_forms_own_fields_stand_in_its_own_order() -> None:
    title, parts = read_signed_text(text(confirmed(), would_open=opens(confirmed())))

    assert "Decision on a request for blocked content" == title
    by_heading = {each.heading: each.fields for each in parts}
    assert [
        ("Staff name", "Amara Quillfeather"),
        ("Date", "20 November 2026"),
        ("Full URL", "https://www.clips.example/watch?v=1"),
        ("Site content", "A film about otters"),
        ("Reasons for access", "Science lesson"),
        ("Identified risks and control measures", "Shown on the board, comments hidden"),
    ] == list(by_heading["Requester"])
    assert [
        ("Approved", "✓ Yes"),
        ("Reasons", "fine"),
        ("Staff name", HEAD.name),
        ("Date", "20 November 2026"),
    ] == list(by_heading["Authoriser"])
    assert ("Signed by", f"{HEAD.name} (swift)") == by_heading["Signature"][0]
    assert ("Confirmed by", "Priya (robin)") == by_heading["Control measures"][0]
    assert ("Opens", "Amara: lessons") in by_heading["What this signature opens"]


@pytest.mark.parametrize(
    "change",
    [
        {"staff_name": "Somebody"},
        {"written_on": date(2026, 11, 19)},
        {"url": "https://www.clips.example/other"},
        {"site_content": "other"},
        {"reasons": "other"},
        {"measures": "none"},
        {"for_class": "4B"},
        {"ends_at": AFTER},
        {"starts_at": MACHINE},
    ],
)
def test_any_change_of_the_form_is_another_text(change: dict[str, object]) -> None:
    before = confirmed()
    if "url" in change:
        change = {"url": msgspec.structs.replace(before.form.url, path="/other")}
    if "ends_at" in change:
        change = {"ends_at": AFTER.replace(hour=AFTER.hour + 1)}
    after = msgspec.structs.replace(before, form=msgspec.structs.replace(before.form, **change))

    assert text(before) != decision_text(
        after, DECISION, None, signer=HEAD, step=decided(before).steps[-1], known=KNOWN
    )


def test_so_is_any_change_of_the_decision_or_of_what_opens() -> None:
    request = confirmed()
    replace = msgspec.structs.replace
    texts = [
        text(request),
        text(request, replace(DECISION, is_approved=False)),
        text(request, replace(DECISION, reasons="fine!")),
        text(request, replace(DECISION, staff_name="N")),
        text(request, replace(DECISION, signed_on=date(2026, 11, 19))),
        text(request, would_open=opens(request)),
        text(request, would_open=opens(request, "somebody else")),
        text(request, by=DEPUTY),
        text(confirmed(changed(submitted()))),
        text(confirmed(changed(asked()))),
    ]

    assert len(texts) == len(set(texts))


def test_a_deputy_signs_in_whose_name_and_by_what_right() -> None:
    _, parts = read_signed_text(text(confirmed(), by=DEPUTY))

    assert (
        ("Signed by", "Dele Sedgeworth (stork)"),
        ("In the name of", "Ngozi (swift)"),
        ("By delegation", "7"),
    ) == parts[-1].fields
