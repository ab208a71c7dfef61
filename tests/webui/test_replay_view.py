"""A replay as pages show it: the counts, the names, and nothing that a name could do to a page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec
import pytest
from chromium import Scheme, chromium, look
from playwright.sync_api import Browser
from web_browser import Page

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.replay.outcome import (
    Certainty,
    Change,
    Effect,
    NameEffect,
    NotReplayed,
    Replay,
    Total,
)
from schoolgate_webui.rendering import environment
from schoolgate_webui.views.replay import replay_view

LONDON = ZoneInfo("Europe/London")
NOTHING = Total()
AT_LUNCH = (Period.LUNCH,)
EFFECTS = (
    Effect(
        Change.LOST, Audience.STAFF, "video-sharing", "Video sharing", AT_LUNCH, Total(9, 1234), 12
    ),
    Effect(Change.GAINED, Audience.PUPIL, "forum", "Forums", tuple(Period), Total(2, 3), None),
    Effect(Change.LOST, Audience.VISITOR, None, "in no category", AT_LUNCH, Total(1, 1), None),
)
NAMES = (
    NameEffect(
        Change.LOST,
        Audience.STAFF,
        "www.youtube.com",
        "video-sharing",
        False,
        ("staff-social-media",),
        Total(9, 1234),
        12,
    ),
    NameEffect(
        Change.GAINED,
        Audience.PUPIL,
        "forum.example",
        "forum",
        True,
        ("pupils-social-media",),
        Total(2, 3),
        None,
    ),
)
REPLAY = Replay(
    before="twiss-green: Social Media Policy, September 2022",
    after="twiss-green: Social Media Policy, draft of November 2026",
    since=datetime(2026, 11, 13, 10, 30, tzinfo=UTC),
    until=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
    total=Total(1000, 12_345),
    gained=Total(2, 3),
    lost=Total(10, 1235),
    still_open=Total(600, 7000),
    still_blocked=Total(300, 4000),
    still_open_in_part=Total(20, 50),
    not_replayed={reason: Total(1, 1) for reason in NotReplayed},
    certainty={
        Certainty.RECORDED: Total(300, 4000),
        Certainty.AS_KNOWN_TODAY: Total(600, 8000),
        Certainty.NO_LONGER_KNOWN: Total(5, 6),
    },
    now_open=Total(1, 2),
    now_blocked=Total(2, 3),
    effects=EFFECTS,
    names=NAMES,
    names_left_out=7,
    faults=("events-2026-11-14.db: is damaged, so its events are left out from there on",),
)


def rendered(replay: Replay, most_names: int = 50, *, shows_names: bool = True) -> str:
    view = replay_view(replay, LONDON, shows_names=shows_names, most_names=most_names)
    return environment().get_template("replay_tables.html").render(replay=view)


def test_it_says_who_gains_and_who_loses_what() -> None:
    text = Page(rendered(REPLAY)).text

    assert (
        "Of 12,345 requests, 3 requests would be newly open and 1,235 requests would be newly "
        "blocked."
    ) in text
    assert "Staff Lose Video sharing At lunch 1,234 12" in text
    assert "Pupils Gain Forums At any time 3 Fewer than 5" in text
    assert "Visitors Lose In no category At lunch 1 Fewer than 5" in text
    assert "www.youtube.com Staff staff-social-media 1,234 12" in text
    assert "forum.example in part Pupils pupils-social-media 3 Fewer than 5" in text
    assert "From Friday 13 November 2026, 10:30 to Friday 20 November 2026, 10:30." in text


@pytest.mark.parametrize(
    "sentence",
    [
        "Unchanged: 7,000 requests open, 4,000 requests blocked.",
        "50 requests went to sites that are open in part before and after",
        "1 request was refused for a disguised name or a tunnel, whatever the policy",
        "1 request is part of a flood whose names were not told apart",
        "1 request asked for something that is no name",
        "Of what was allowed (8,000 requests) only the address was recorded",
        "6 requests came from a person, device or network that the school does not have any more",
        "2 requests recorded as blocked would be allowed today even without the change.",
        "3 requests recorded as allowed would be blocked today even without the change.",
        "7 further names, less asked for, are not listed.",
        "events-2026-11-14.db: is damaged",
    ],
)
def test_it_says_what_the_counts_cannot_tell(sentence: str) -> None:
    assert sentence in Page(rendered(REPLAY)).text


def test_who_may_not_see_blocked_attempts_sees_how_many_names_and_none_of_them() -> None:
    """A name that one pupil asked for can be that pupil's own."""
    text = Page(rendered(REPLAY, shows_names=False)).text

    assert "www.youtube.com" not in text
    assert "forum.example" not in text
    assert "Staff Lose Video sharing At lunch 1,234 12" in text
    assert (
        "1 name is newly opened and 1 name is newly blocked. Names are shown to the online safety "
        "lead and the DSL, who may see blocked attempts."
    ) in text
    assert "Names are shown to" not in Page(rendered(REPLAY)).text


def test_without_names_nothing_is_said_of_who_sees_them() -> None:
    nothing = msgspec.structs.replace(REPLAY, names=(), names_left_out=0)

    assert "Names are shown to" not in Page(rendered(nothing, shows_names=False)).text


def test_without_any_change_there_is_no_table() -> None:
    empty = msgspec.structs.replace(
        REPLAY, gained=NOTHING, lost=NOTHING, effects=(), names=(), faults=()
    )

    html = rendered(empty)

    assert "<table" not in html
    assert "Nothing changes for 12,345 requests recorded" in Page(html).text


def test_without_events_it_says_so_and_nothing_else() -> None:
    nothing = msgspec.structs.replace(
        REPLAY, total=NOTHING, gained=NOTHING, lost=NOTHING, effects=(), names=(), faults=()
    )

    html = rendered(nothing)

    assert "No requests were recorded in that time." in Page(html).text
    assert "Unchanged" not in html


def test_at_most_so_many_names_are_listed() -> None:
    lost = tuple(msgspec.structs.replace(NAMES[0], host=f"n{n}.example") for n in range(5))

    text = Page(rendered(msgspec.structs.replace(REPLAY, names=lost), most_names=2)).text

    assert "n1.example" in text
    assert "n2.example" not in text
    assert "and 3 more" in text


def test_markup_in_a_stored_result_is_shown_and_not_obeyed() -> None:
    """A result may be read back from a draft, so even what no host can be is escaped."""
    evil = "<img src=x onerror=alert(1)>\u202egpj.exe"
    replay = msgspec.structs.replace(
        REPLAY,
        names=(msgspec.structs.replace(NAMES[0], host=evil, rules=(evil,)),),
        effects=(msgspec.structs.replace(EFFECTS[0], category_name=evil),),
        before=evil,
        faults=(evil,),
    )

    html = rendered(replay)

    assert "<img" not in html
    assert "\u202e" not in html
    assert "onerror=alert(1)" in Page(html).text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.browser
def test_it_reads_well_at_every_width(browser: Browser) -> None:
    css = (files("schoolgate_webui") / "static" / "schoolgate.css").read_text(encoding="utf-8")
    long_name = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.example"
    replay = msgspec.structs.replace(
        REPLAY, names=(*NAMES, msgspec.structs.replace(NAMES[0], host=long_name))
    )
    page = browser.new_page()
    page.set_content(
        '<!doctype html><html class="govuk-template" lang="en-GB"><head><title>Replay</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style>{css}</style></head><body class="govuk-template__body">'
        '<div class="govuk-width-container"><main class="govuk-main-wrapper">'
        f'<h1 class="govuk-heading-l">The last seven days</h1>{rendered(replay)}</main></div>'
        "</body></html>"
    )
    page.click("summary")
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        look(page, "replay", scheme)
    page.close()
