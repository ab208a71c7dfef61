"""
What a mail says: a subject and a few sentences, from an alert's kind and facts alone.

Nothing that somebody typed comes in here, so there is nothing that could say anything else.
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.workflow.alerts import AlertKind

type Facts = Mapping[str, str | int]


class Said(msgspec.Struct, frozen=True):
    """A subject, in a few words, and sentences in paragraphs."""

    subject: str
    paragraphs: tuple[str, ...]


def said(kind: str, facts: Facts) -> Said:
    """
    Return what a mail about *kind*, an `AlertKind`, says.

    Of what another version of Schoolgate left in the outbox it says that something waits.
    """
    words = _WORDS.get(kind)
    try:
        return _SOMETHING if words is None else words(facts)
    except (KeyError, ValueError):
        return _SOMETHING


_SOMETHING = Said("Something waits for you", ("Something in Schoolgate waits for you.",))


_TASKS = {
    "check-measures": "Its control measures have to be checked.",
    "decide": "It waits for your decision.",
    "answer": "A question about it waits for your answer.",
    "tell": "It is over: say in a few words how it went.",
    "note": "It is over: note how it went.",
}
_STATES = {
    "measures-confirmed": "Its control measures were confirmed. It goes on to the decision.",
    "measures-refused": "Its control measures were refused.",
    "approved": "It was approved and signed.",
    "refused": "It was refused.",
    "withdrawn": "It was withdrawn, and what it opened is closed.",
}
_STAGES = {
    "waiting-for-governors": "It waits for the governors’ approval.",
    "waiting-for-head": "It waits for the headteacher’s direction.",
    "refused": "It was refused.",
    "to-come": "It was directed, and comes into force on its date.",
    "in-force": "It was directed and is in force.",
}
_COUNTED = (
    ("request-submitted", "Requests for blocked pages"),
    ("request-approved", "Requests approved"),
    ("request-refused", "Requests refused"),
    ("measures-refused", "Requests whose control measures were refused"),
    ("report-made", "Reports of content"),
    ("incident-opened", "Incidents opened"),
    ("incident-closed", "Incidents closed"),
    ("restriction-decided", "Restrictions decided"),
    ("person-looked-at", "Looks at one named person’s record"),
    ("policy-directed", "Versions of the policy directed"),
)


def _request_waits(facts: Facts) -> Said:
    task = _TASKS.get(str(facts.get("task")), "It waits for you.")
    return Said(
        f"Request {facts['number']} waits for you",
        (f"The blocked content access request {facts['number']} waits for you. {task}",),
    )


def _request_moved(facts: Facts) -> Said:
    state = _STATES.get(str(facts.get("state")), "It has moved on.")
    return Said(f"Your request {facts['number']}", (f"Your request {facts['number']}: {state}",))


def _standing_waits(facts: Facts) -> Said:
    task = _TASKS.get(str(facts.get("task")), "It waits for you.")
    return Said(
        f"Request {facts['number']} for a standing permission waits for you",
        (f"Request {facts['number']} for a standing permission waits for you. {task}",),
    )


def _standing_moved(facts: Facts) -> Said:
    number, state = facts["number"], _STATES.get(str(facts.get("state")), "It has moved on.")
    return Said(
        f"Your request {number} for a standing permission",
        (f"Your request {number} for a standing permission: {state}",),
    )


def _permission_ends(facts: Facts) -> Said:
    return Said(
        f"Permission {facts['number']} ends soon",
        (
            f"What your request {facts['number']} opened ends by itself within a day.",
            "If it is needed for longer, make a new request.",
        ),
    )


def _report_arrived(facts: Facts) -> Said:
    return Said(
        f"Report {facts['number']} of content",
        (
            f"Somebody reported content that the filter let through: report {facts['number']}.",
            "You can block it at once, from the report.",
        ),
    )


def _report_answered(facts: Facts) -> Said:
    number = facts["number"]
    return Said(
        f"Your report {number} was answered",
        (f"The content that you reported was looked at: report {number}.",),
    )


def _incident(_: Facts) -> Said:
    return Said(
        "A safeguarding matter needs you now",
        ("Something that is of high risk was recorded and waits for you.",),
    )


def _restriction(_: Facts) -> Said:
    return Said(
        "A safeguarding matter waits for your decision",
        ("A restriction was proposed. A person decides on it: it waits for you.",),
    )


def _decided(_: Facts) -> Said:
    return Said(
        "A safeguarding matter was decided",
        ("It was decided on a restriction that was proposed.",),
    )


def _deputy(_: Facts) -> Said:
    return Said(
        "A deputy for the headteacher was named",
        ("The headteacher has named a deputy for a time. The delegation says for what.",),
    )


def _policy_waits(facts: Facts) -> Said:
    number, stage = facts["number"], _STAGES.get(str(facts.get("stage")), "It waits for you.")
    return Said(
        f"Version {number} of the policy waits for you",
        (f"Version {number} of the school’s policy was proposed. {stage}",),
    )


def _policy_moved(facts: Facts) -> Said:
    number, stage = facts["number"], _STAGES.get(str(facts.get("stage")), "It has moved on.")
    return Said(
        f"Version {number} of the policy",
        (f"Version {number} of the school’s policy, which you drafted: {stage}",),
    )


def _policy_announced(facts: Facts) -> Said:
    return Said(
        "The school’s policy changes",
        (
            "The headteacher directed another version of the policy on what is filtered.",
            "The page says what changes and from when.",
            "When you next sign in after that date, you are asked to acknowledge it.",
            f"It is version {facts['number']}.",
        ),
    )


def _week(facts: Facts) -> Said:
    since = _day(facts["since"])
    return Said(
        f"The week from {since}",
        (f"What was recorded in the week from Monday {since}:", _counts(facts)),
    )


def _term(facts: Facts) -> Said:
    first, last = _day(facts["first"]), _day(facts["last"])
    return Said(
        f"The term from {first} to {last}",
        (f"What was recorded from {first} to {last}, in numbers:", _counts(facts)),
    )


def _review(facts: Facts) -> Said:
    due = _day(facts["due"])
    if facts.get("what") == "standing":
        what = "a standing permission"
        subject = "A standing permission is due for review"
    else:
        what, subject = "the school’s policy", "The policy is due for review"
    return Said(subject, (f"The review of {what} is due on {due}.",))


def _training(facts: Facts) -> Said:
    return Said(
        "Training is due again",
        (f"Training that was recorded is due again on {_day(facts['due'])}.",),
    )


def _education(facts: Facts) -> Said:
    return Said(
        "This term’s online safety education is not recorded",
        (
            f"The term ends on {_day(facts['last'])}.",
            "No online safety education that was given in it is on record yet.",
        ),
    )


def _counts(facts: Facts) -> str:
    lines = [f"{name}: {facts[key]}" for key, name in _COUNTED if facts.get(key)]
    return "\n".join(lines) or "Nothing was recorded."


def _day(text: str | int) -> str:
    day = date.fromisoformat(str(text))
    return day_words(day)


def _checkpoint(facts: Facts) -> Said:
    return Said(
        "Checkpoint of the audit: keep this mail",
        (
            f"The audit has {facts['size']} entries now. In letters it is:",
            str(facts["letters"]),
            (
                "Keep this mail. With the number and the letters anybody can find out later, "
                "without trusting the box, whether an entry was changed or is missing."
            ),
        ),
    )


_WORDS: Mapping[str, Callable[[Facts], Said]] = MappingProxyType(
    {
        AlertKind.REQUEST_WAITS: _request_waits,
        AlertKind.REQUEST_MOVED: _request_moved,
        AlertKind.PERMISSION_ENDS: _permission_ends,
        AlertKind.REPORT_ARRIVED: _report_arrived,
        AlertKind.REPORT_ANSWERED: _report_answered,
        AlertKind.INCIDENT_URGENT: _incident,
        AlertKind.RESTRICTION_WAITS: _restriction,
        AlertKind.RESTRICTION_DECIDED: _decided,
        AlertKind.STANDING_WAITS: _standing_waits,
        AlertKind.STANDING_MOVED: _standing_moved,
        AlertKind.DEPUTY_NAMED: _deputy,
        AlertKind.POLICY_WAITS: _policy_waits,
        AlertKind.POLICY_MOVED: _policy_moved,
        AlertKind.POLICY_ANNOUNCED: _policy_announced,
        AlertKind.CHECKPOINT_MADE: _checkpoint,
        AlertKind.WEEK: _week,
        AlertKind.TERM: _term,
        AlertKind.REVIEW_DUE: _review,
        AlertKind.TRAINING_DUE: _training,
        AlertKind.EDUCATION_DUE: _education,
    }
)
