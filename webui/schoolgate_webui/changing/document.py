"""Forms about the document itself, working hours, standing permissions, and files as text."""

import re

from schoolgate_policyd.drafting.changes import (
    Change,
    DefineStanding,
    ReplaceText,
    SetDocument,
    SetStaffHours,
)
from schoolgate_webui.changing.fields import ChangeField
from schoolgate_webui.changing.sheet import Asked, Choice, Form, Reading, Sheet

MAX_FILE_OCTETS = 96 * 1024

_REVIEW = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


def _document_fields(asked: Asked) -> tuple[ChangeField, ...]:
    known = asked.preset.policy.document
    values = {"title": known.title, "version": known.version, "review": known.review or ""}
    sheet = Sheet(asked, values)
    return (
        sheet.line("title", "Title"),
        sheet.line("version", "Version", "As on the document, for example: September 2026"),
        sheet.line("review", "Next review", "A year and month, like 2027-09."),
    )


def _document_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    del asked
    title = reading.line("title", "Enter the title.")
    version = reading.line("version", "Enter the version.")
    review = reading.optional_line("review")
    if review is not None and _REVIEW.fullmatch(review) is None:
        reading.mistake("review", "Enter a year and month, like 2027-09.")
    return (SetDocument(title, version, review),)


def _hours_fields(asked: Asked) -> tuple[ChangeField, ...]:
    hours = asked.preset.policy.school_time.staff_hours
    sheet = Sheet(asked, {"start": f"{hours.start:%H:%M}", "end": f"{hours.end:%H:%M}"})
    return (sheet.time("start", "From"), sheet.time("end", "Until"))


def _hours_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    del asked
    start = reading.time("start", "Enter when work begins.")
    end = reading.time("end", "Enter when work ends.")
    if start is None or end is None:
        return ()
    if start >= end:
        reading.mistake("end", "The end must be after the beginning.")
    return (SetStaffHours(start, end),)


def _standing_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked)
    return (
        sheet.line("id", "Short name", "In small letters, like staff-break-access."),
        sheet.line("about", "What it permits", "For example: staff use social media at break"),
    )


def _standing_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    id_ = reading.line("id", "Give it a short name.", 60)
    if id_ and _ID.fullmatch(id_) is None:
        reading.mistake("id", "Use small letters, digits and hyphens alone.")
    if id_ in {each.id for each in asked.preset.policy.standing}:
        reading.mistake("id", "There is a standing permission of that name already.")
    return (DefineStanding(id_, reading.line("about", "Say what it permits.")),)


def _file_choices(asked: Asked) -> tuple[Choice, ...]:
    return tuple(Choice(path, {"path": path}) for path in sorted(asked.texts))


def _file_fields(asked: Asked) -> tuple[ChangeField, ...]:
    path = asked.get("path")
    sheet = Sheet(asked, {"text": asked.texts.get(path, "")})
    return (sheet.hidden("path"), sheet.code("text", path))


def _file_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    text = asked.get("text").replace("\r\n", "\n").replace("\r", "\n")
    size = len(text.encode("utf-8", "surrogatepass"))
    if not text.strip():
        reading.mistake("text", "The file must not be empty.")
    elif size > MAX_FILE_OCTETS:
        reading.mistake("text", f"A file can have {MAX_FILE_OCTETS // 1024} KiB at most.")
    return (ReplaceText(asked.get("path"), text if text.endswith("\n") else f"{text}\n"),)


DOCUMENT = Form(
    "The document: title, version, review",
    "Pages name the document by these, and remind of its review.",
    _document_fields,
    _document_read,
)
STAFF_HOURS = Form(
    "Working hours of staff",
    "For whoever has no hours of their own on record.",
    _hours_fields,
    _hours_read,
)
STANDING = Form(
    "Name a standing permission",
    (
        "An exception can ask for a standing permission: it holds once the headteacher permits it "
        "and the online safety lead confirms the controls, and while both stand."
    ),
    _standing_fields,
    _standing_read,
)
FILE = Form(
    "Edit the file itself",
    "For technicians. The file is checked as a whole; every mistake is shown with its line.",
    _file_fields,
    _file_read,
    about="path",
    choices=_file_choices,
    button="Put the file into the draft",
)
