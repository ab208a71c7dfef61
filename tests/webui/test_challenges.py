"""Challenges are good for one thing, one browser, five minutes, and once; what is shown, too."""

from datetime import UTC, datetime, timedelta

import pytest

from schoolgate_webui.challenges import LASTS, Challenges, Purpose
from schoolgate_webui.shown_once import WAITS, ShownOnce
from schoolgate_webui.views.browsers import device_words

NOW = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_challenge_is_good_for_its_purpose_and_its_browser_until_its_end() -> None:
    challenges = Challenges()
    challenge = challenges.new(Purpose.SIGN_IN, "browser", NOW)

    assert challenges.is_good(challenge, Purpose.SIGN_IN, "browser", NOW)
    assert challenges.is_good(challenge, Purpose.SIGN_IN, "browser", NOW + LASTS - SECOND)
    assert not challenges.is_good(challenge, Purpose.SIGN_IN, "browser", NOW + LASTS)
    assert not challenges.is_good(challenge, Purpose.SIGN_IN, "another", NOW)
    assert not challenges.is_good(challenge, Purpose.NEW_PASSKEY, "browser", NOW)
    assert not Challenges().is_good(challenge, Purpose.SIGN_IN, "browser", NOW)


@pytest.mark.parametrize("place", [0, 16, 23, 24, 55])
def test_a_challenge_that_was_changed_is_none_of_ours(place: int) -> None:
    challenges = Challenges()
    challenge = bytearray(challenges.new(Purpose.SIGN_IN, "browser", NOW))
    challenge[place] ^= 1

    assert not challenges.is_good(bytes(challenge), Purpose.SIGN_IN, "browser", NOW)
    assert not challenges.is_good(b"", Purpose.SIGN_IN, "browser", NOW)


def test_a_challenge_is_answered_once() -> None:
    challenges = Challenges()
    first, second = (challenges.new(Purpose.SIGN_IN, "browser", NOW) for _ in range(2))

    assert first != second
    assert challenges.answer(first, NOW)
    assert not challenges.answer(first, NOW)
    assert not challenges.is_good(first, Purpose.SIGN_IN, "browser", NOW)
    assert challenges.is_good(second, Purpose.SIGN_IN, "browser", NOW)
    # What is over anyway is forgotten, so a busy day fills no memory.
    assert challenges.answer(second, NOW + LASTS)
    assert 1 == len(challenges._answered)


def test_what_is_shown_once_is_shown_to_its_session_once_and_soon() -> None:
    shown = ShownOnce()
    shown.put(7, "codes", ("a", "b"), NOW)

    assert () == shown.take(8, "codes", NOW)
    assert () == shown.take(7, "tokens", NOW)
    assert ("a", "b") == shown.take(7, "codes", NOW)
    assert () == shown.take(7, "codes", NOW)
    shown.put(7, "codes", ("a",), NOW)
    assert () == shown.take(7, "codes", NOW + WAITS)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Windows",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/126.0.0.0 Safari/537.36"
            ),
            "Chrome on ChromeOS",
        ),
        ("<script>alert(1)</script>", "A browser"),
        ("", "A browser"),
        ("x" * 100_000 + "Firefox/1", "A browser"),
    ],
)
def test_a_browser_is_named_in_words_of_our_own(said: str, expected: str) -> None:
    assert expected == device_words(said)
