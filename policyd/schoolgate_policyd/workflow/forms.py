"""
The forms of a request: what was typed in, what it means, every mistake at once.

Field names are those of the pages; `REQUEST_FIELDS` and the others give them in order.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import (
    MAX_URL_LENGTH,
    Url,
    parse_url,
)
from schoolgate_policyd.core.times import local_date, require_aware
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.requests import RequestForm, ScopeChoice
from schoolgate_policyd.workflow.scopes import is_local

ONESELF = "oneself"
CLASS_PREFIX = "class:"
LONGEST_GRANT = timedelta(days=366)
OLDEST_FORM_DATE = timedelta(days=31)

REQUEST_FIELDS = (
    "staff_name",
    "date",
    "url",
    "site_content",
    "reasons",
    "measures",
    "for_whom",
    "scope",
    "starts_at",
    "ends_at",
)
REVIEW_FIELDS = ("in_place", "why")
DECISION_FIELDS = ("approved", "reasons", "staff_name", "date")
WITHDRAWAL_FIELDS = ("why",)
# What becomes of a changed form has a reason of its own beside the fields.
CHANGE_FIELDS = (*REQUEST_FIELDS, "why")
MAX_REMARK = 1000
HOW_IT_WENT = "Say in a line how it went."

_YES_NO = MappingProxyType({"yes": "yes", "no": "no"})


class ReviewForm(msgspec.Struct, frozen=True):
    """The reviewer's answer: are the control measures in place, and why."""

    are_in_place: bool
    why: str


class DecisionForm(msgspec.Struct, frozen=True):
    """The authoriser's half of the form, in its order."""

    is_approved: bool
    reasons: str
    staff_name: str
    signed_on: date


def parse_form(
    raw: Mapping[str, str],
    *,
    classes: tuple[SchoolClass, ...],
    moment: datetime,
    zone: ZoneInfo,
) -> RequestForm:
    """
    Return the request that was typed in at *moment* (aware, the school's clock).

    Raises InvalidForm with every mistake.
    """
    entry = Entry(raw, REQUEST_FIELDS)
    return _request_form(entry, classes=classes, moment=moment, zone=zone)


def parse_change(
    raw: Mapping[str, str],
    *,
    classes: tuple[SchoolClass, ...],
    moment: datetime,
    zone: ZoneInfo,
) -> tuple[RequestForm, str]:
    """Return the changed form and why it was changed. Raises InvalidForm with every mistake."""
    entry = Entry(raw, CHANGE_FIELDS)
    why = entry.text("why", "Say what you changed and why.", MAX_REMARK)
    return _request_form(entry, classes=classes, moment=moment, zone=zone), why


def parse_remark(raw: Mapping[str, str], field: str, missing: str) -> str:
    """Return the text of a form's only *field*. Raises InvalidForm; *missing* says of nothing."""
    entry = Entry(raw, (field,))
    text = entry.text(field, missing, MAX_REMARK)
    entry.raise_mistakes()
    return text


def _request_form(
    entry: Entry, *, classes: tuple[SchoolClass, ...], moment: datetime, zone: ZoneInfo
) -> RequestForm:
    today = local_date(moment, zone)
    staff_name = entry.line("staff_name", "Enter your name.")
    written_on = _form_date(entry, today)
    url = _url(entry)
    site_content = entry.text("site_content", "Describe what is on the site.")
    reasons = entry.text("reasons", "Give your reasons for access.")
    measures = entry.text("measures", "Describe the risks and the measures that control them.")
    for_class = _for_class(entry, classes)
    scope = _scope(entry, url)
    starts_at = entry.moment("starts_at", zone, "Enter from when it is needed.")
    ends_at = entry.moment("ends_at", zone, "Enter until when: every permission has an end.")
    _check_times(entry, starts_at, ends_at, moment=require_aware(moment), zone=zone)
    entry.raise_mistakes()
    # Each None noted its mistake, so `raise_mistakes` has spoken of it already.
    return RequestForm(
        staff_name=staff_name,
        written_on=_known(written_on),
        url=_known(url),
        site_content=site_content,
        reasons=reasons,
        measures=measures,
        for_class=for_class,
        scope=_known(scope),
        starts_at=_known(starts_at),
        ends_at=_known(ends_at),
    )


def parse_review(raw: Mapping[str, str]) -> ReviewForm:
    """Return the reviewer's answer. Raises InvalidForm."""
    entry = Entry(raw, REVIEW_FIELDS)
    in_place = entry.choice("in_place", _YES_NO, "Say whether the measures are in place.")
    why = entry.text("why", "Say why.")
    entry.raise_mistakes()
    return ReviewForm(in_place == "yes", why)


def parse_decision(raw: Mapping[str, str], *, moment: datetime, zone: ZoneInfo) -> DecisionForm:
    """Return the authoriser's decision, typed in at *moment* (aware). Raises InvalidForm."""
    entry = Entry(raw, DECISION_FIELDS)
    approved = entry.choice("approved", _YES_NO, "Say whether it is approved.")
    reasons = entry.text("reasons", "Give your reasons, whether it is approved or not.")
    staff_name = entry.line("staff_name", "Enter your name.")
    signed_on = _form_date(entry, local_date(moment, zone))
    entry.raise_mistakes()
    return DecisionForm(approved == "yes", reasons, staff_name, _known(signed_on))


def parse_withdrawal(raw: Mapping[str, str]) -> str:
    """Return why something is withdrawn. Raises InvalidForm."""
    entry = Entry(raw, WITHDRAWAL_FIELDS)
    why = entry.text("why", "Say why it is withdrawn.")
    entry.raise_mistakes()
    return why


def _known[T](value: T | None) -> T:
    if value is None:
        raise AssertionError("a form without mistakes lacks a value")
    return value


def _for_class(entry: Entry, classes: tuple[SchoolClass, ...]) -> str | None:
    options = {ONESELF: ONESELF} | {f"{CLASS_PREFIX}{each.id}": each.id for each in classes}
    chosen = entry.choice("for_whom", options, "Choose whom it is for: yourself or a class.")
    return None if chosen == ONESELF else chosen


def _form_date(entry: Entry, today: date) -> date | None:
    written_on = entry.day("date", "Enter the date.")
    if written_on is None:
        return None
    if written_on > today:
        entry.mistake("date", "The date must not be in the future.")
    elif written_on < today - OLDEST_FORM_DATE:
        entry.mistake("date", "The date must not be more than a month ago.")
    return written_on


def _url(entry: Entry) -> Url | None:
    text = entry.line("url", "Enter the full address of the page.", MAX_URL_LENGTH)
    if not text:
        return None
    try:
        url = parse_url(text)
    except NameSyntaxError:
        entry.mistake("url", "Enter a web address, like https://www.example.org/page.")
        return None
    if url.scheme not in {"http", "https"}:
        entry.mistake("url", "Enter a web address that starts with https:// or http://.")
    elif is_local(url.host):
        entry.mistake(
            "url", "This address is not on the internet: give the page's public address."
        )
    return url


def _scope(entry: Entry, url: Url | None) -> ScopeChoice | None:
    chosen = entry.choice(
        "scope",
        {each.value: each.value for each in ScopeChoice},
        "Choose this page, this part of the site, or the whole site.",
    )
    if chosen is None:
        return None
    scope = ScopeChoice(chosen)
    if url is not None and scope is ScopeChoice.PART and url.path.strip("/") == "":
        entry.mistake("scope", "The address is the site's front page: choose the whole site.")
    return scope


def _check_times(
    entry: Entry,
    starts_at: datetime | None,
    ends_at: datetime | None,
    *,
    moment: datetime,
    zone: ZoneInfo,
) -> None:
    if starts_at is not None:
        if local_date(starts_at, zone) < local_date(moment, zone):
            entry.mistake("starts_at", "It cannot start before today.")
        elif starts_at > moment + LONGEST_GRANT:
            entry.mistake("starts_at", "It must start within a year.")
    if ends_at is None:
        return
    if starts_at is not None and ends_at <= starts_at:
        entry.mistake("ends_at", "The end must be after the start.")
    elif ends_at <= moment:
        entry.mistake("ends_at", "The end must be in the future.")
    elif ends_at > (moment + LONGEST_GRANT if starts_at is None else starts_at) + LONGEST_GRANT:
        entry.mistake("ends_at", "It can last a year at most: a permission is looked at again.")
