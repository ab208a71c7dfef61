"""A request as the form on paper: its own fields in its own order, ours in a box beside."""

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.workflow.requests import AccessRequest, State
from schoolgate_webui.paper.pdf import Field, Paper
from schoolgate_webui.views.moments import day_and_time, short_day_and_time
from schoolgate_webui.views.request_timeline import timeline
from schoolgate_webui.views.requests import (
    Row,
    Seen,
    added_rows,
    decision_of,
    in_whose_name,
    requester_rows,
    sentence,
)
from schoolgate_webui.views.stages import tag_of

TITLE = "Blocked content access request form"
_BESIDE = "Added by Schoolgate, no part of the form"


def request_pdf(request: AccessRequest, seen: Seen, school_name: str, proof: str = "") -> bytes:
    """
    Return the form of *request*, as it is now, with its history, as a PDF.

    *proof* says by what means the decision was signed.
    """
    printed = day_and_time(seen.now.local(seen.now.school))
    footer = f"{school_name} · request {request.id}, version {request.version} · printed {printed}"
    paper = Paper(footer=footer, at=seen.now.machine)
    paper.title(TITLE)
    paper.section("Requester")
    paper.fields(_fields(requester_rows(request.form)), aside=(_BESIDE, _asked(request, seen)))
    paper.section("Authoriser")
    paper.fields(_authoriser(request, proof), aside=(_BESIDE, _checked(request, seen)))
    paper.section("How it came to this")
    steps = [
        (step.when, step.what, step.why)
        for step in timeline(request, None, seen)
        if step.kind != "ahead"
    ]
    paper.table(("When", "What", "Words"), steps)
    for before in reversed(request.earlier):
        until = day_and_time(seen.now.recorded(before.replaced_at))
        paper.section(f"Version {before.version}, replaced on {until}")
        paper.fields(_fields(requester_rows(before.form)))
    return paper.octets()


def _fields(rows: tuple[Row, ...]) -> list[Field]:
    return [(row.label, row.value) for row in rows]


def _asked(request: AccessRequest, seen: Seen) -> list[Field]:
    state = tag_of(request, seen.now.school, seen.status).text
    return [*_fields(added_rows(request, seen)), ("Where it stands", state)]


def _checked(request: AccessRequest, seen: Seen) -> list[Field]:
    """Return who checked the measures, and by what right and means somebody signed."""
    lines: list[Field] = []
    checked = request.step(State.MEASURES_CONFIRMED) or request.step(State.MEASURES_REFUSED)
    if checked is not None:
        said = "in place" if checked.state is State.MEASURES_CONFIRMED else "not in place"
        on = short_day_and_time(seen.now.recorded(checked.at))
        lines.append(("Control measures", f"{said}, {seen.names.person(checked.actor)}, {on}"))
    decided = decision_of(request)
    if decided is not None:
        lines.append(("Signed at", short_day_and_time(seen.now.recorded(decided.at))))
        if decided.for_head is not None:
            by_right = f"delegation {decided.delegation}"
            lines.append(("By what right", f"{by_right}{in_whose_name(decided, seen)}"))
    if not lines:
        lines.append(("Where it stands", sentence(request, None, seen)))
    return lines


def _authoriser(request: AccessRequest, proof: str) -> list[Field]:
    """Return the authoriser's half; empty frames where nobody has decided yet."""
    step = decision_of(request)
    if step is None or step.signature is None:
        return [(label, "") for label in ("Approved ✓ / ✗", "Reasons", "Staff name", "Date")] + [
            ("Signature", "\n\n")
        ]
    signed = step.signature
    under = f"{proof}\nDigest of the text: {signed.digest}".lstrip()
    return [
        ("Approved", "✓" if step.state is State.APPROVED else "✗"),
        ("Reasons", step.reasons),
        ("Staff name", signed.name),
        ("Date", day_words(signed.signed_on)),
        ("Signature", f"{signed.name}\n{under}"),
    ]
