"""Pages for what went wrong, in plain words: what it is and what to do."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """A title and sentences."""

    title: str
    lines: tuple[str, ...]


NOT_FOUND = Problem(
    "This page is not here",
    ("Check the address. If a link brought you here, what it showed may be gone.",),
)
NOT_FOR_YOU = Problem(
    "This page is not for you",
    ("It is for people with other duties. If it should be for you, ask the ICT technician.",),
)
FORGED = Problem(
    "The form was too old",
    (
        (
            "Nothing was changed. For your safety a form works only for the sign-in it was opened "
            "with, on this site."
        ),
        "Go back, load the page again and send it once more.",
    ),
)
UNREADABLE = Problem("That could not be read", ("Nothing was changed. Go back and try again.",))
FAILED = Problem(
    "Something went wrong",
    (
        "It is not your fault. What you sent was kept whole or not at all.",
        "Try again in a minute. If it happens again, tell the ICT technician.",
    ),
)
STORE_FAILED = Problem(
    "This cannot be kept at the moment",
    (
        "The school’s records cannot be reached, so nothing was changed.",
        "The filter goes on as before. Try again in a minute, or tell the ICT technician.",
    ),
)


def too_often(seconds: int) -> Problem:
    """Return the problem of whoever asked for too many pages; *seconds* is how long to wait."""
    wait = "a second" if seconds == 1 else f"{seconds} seconds"
    return Problem(
        "Too many pages in a short time",
        (
            f"Wait {wait}, then load this page again. You are not locked out.",
            "If you sent a form, it was not looked at: loading this page again sends it again.",
        ),
    )


def by_status(status_code: int) -> Problem:
    """Return the problem that an HTTP status stands for."""
    match status_code:
        case 403:
            return NOT_FOR_YOU
        case 404:
            return NOT_FOUND
        case 400 | 405 | 415 | 422:
            return UNREADABLE
        case _:
            return FAILED
