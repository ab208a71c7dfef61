"""Which passwords are good enough."""

import time

import pytest

from schoolgate_policyd.workflow.passwords import LONGEST, why_not_good

OWN = ("Hana Head", "hhead", "Willow Lane Primary School")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "tuesday otter marmalade",
        "abcd-efgh-jkmn-pqrs",
        "пароль очень длинный",
        "七つの海を渡る猫の大きな冒険",
        "x" * 4 + "yzvwkjqbtrsu",
        " leading and trailing ",
        "marmalade" + "z" * (LONGEST - 9),
    ],
)
def test_long_passwords_that_nobody_tries_first_are_good(password: str) -> None:
    assert why_not_good(password, OWN) is None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "at least 12"),
        ("elevenchars", "at least 12"),
        ("m" * (LONGEST + 1), "at most"),
        ("otter\nmarmalade lamp", "cannot be seen"),
        ("aaaaaaaaaaaa", "repeats itself"),
        ("112211221122", "repeats itself"),
        ("Password123!", "tried first"),
        ("P@ssw0rd1234", "tried first"),
        ("passwordpassword", "tried first"),
        ("summer2024summer", "tried first"),
        ("qwertyuiop[]", "tried first"),
        ("Liverpool!!2024", "tried first"),
        ("welcome-to-1234", "tried first"),
        ("123456789012", "tried first"),
        ("hana head 12345", "tried first"),
        ("hhead--2026--", "tried first"),
        ("WillowLane2026", "tried first"),
    ],
)
def test_short_common_and_own_passwords_are_refused_with_a_reason(
    password: str, said: str
) -> None:
    assert said in (why_not_good(password, OWN) or "")


def test_no_password_takes_long_to_judge() -> None:
    """A search over ways to take words together must not be one over all of them."""
    began_s = time.process_time()
    # Of these words it can be put together in billions of ways, but for its end.
    why_not_good("abc" * 40 + "zqzqxj", ("abc", "abcabc", "abcabcabc"))
    assert 0.5 > time.process_time() - began_s
