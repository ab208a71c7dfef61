"""
Who may see which object and do what with it: written out from the policies, not from the code.

People are those of `object_world`. Whom an object is not for, for them there is none: they get
what anybody gets who asks for one that does not exist, whatever page or endpoint they try.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

# What an action is called, where it is more than looking at the page itself.
LOOK = "look"


@dataclass(frozen=True)
class Rule:
    """
    Who sees an object, and who is let through to an action on it: names, one space between them.

    Whoever sees it is refused an action of others; for one that is not named here it only holds
    that whoever sees the object is answered. None: nobody is let through, as things are.
    """

    sees: str
    does: dict[str, str] = field(default_factory=dict)

    def is_seen_by(self, person: str) -> bool:
        """Whether *person* sees it."""
        return person in people(self.sees)

    def is_let(self, person: str, action: str) -> bool | None:
        """Whether *person* is let through to *action*; None where nothing is said of it."""
        return person in people(self.does[action]) if action in self.does else None


def people(words: str) -> frozenset[str]:
    """Return the people whom *words* name."""
    return frozenset(words.split(", ")) if words else frozenset()


OVERSEE = "head, head elsewhere, chair, lead, dsl, deputy"
HEAD = "head, head elsewhere"
REGISTER = f"{HEAD}, chair, lead, dsl, technician"
STAFF = f"teacher, colleague, deputy, {HEAD}, lead, dsl, technician, operator"
VERSIONS = f"{HEAD}, chair, governor, lead, dsl, technician"
AUDIT = f"{HEAD}, chair, dsl"
KEEP = f"{HEAD}, technician"
DRAFT = f"{HEAD}, lead, technician"
SIGNED_IN = f"{STAFF}, chair, governor, visitor, pupil"

_NOTHING_YET = {"answer": "", "decide": "", "tell": "", "note": "", "check": "", "ask": ""}
_INCIDENT = ("take-up", "note", "action", "close")

# By the kind of an object: what tells it from others of its kind, and the rule for it.
RULES: MappingProxyType[str, dict[str, Rule]] = MappingProxyType(
    {
        "request": {
            "of the teacher": Rule(
                f"teacher, {OVERSEE}",
                {
                    **_NOTHING_YET,
                    "change": "teacher",
                    "check": "lead",
                    "ask": "lead",
                    "withdraw": f"teacher, {HEAD}, chair, deputy",
                },
            ),
            "of the teacher, to decide": Rule(
                f"teacher, {OVERSEE}",
                {
                    **_NOTHING_YET,
                    "change": "teacher",
                    "decide": f"{HEAD}, deputy",
                    "withdraw": f"teacher, {HEAD}, chair, deputy",
                },
            ),
            # The head's own goes to the chair of governors.
            "of the head, to decide": Rule(
                OVERSEE, {**_NOTHING_YET, "change": HEAD, "decide": "chair"}
            ),
            # Nobody checks their own measures.
            "of the lead": Rule(
                OVERSEE, {**_NOTHING_YET, "change": "lead", "check": "dsl", "ask": "dsl"}
            ),
            # Whoever left asks for nothing any more.
            "of who left": Rule(OVERSEE, {**_NOTHING_YET, "change": ""}),
        },
        "request draft": {
            "of the teacher": Rule("teacher"),
            "of the head": Rule(HEAD),
        },
        "standing request": {
            "to check": Rule(
                VERSIONS,
                {"check": "lead", "decide": "", "withdraw": "technician"},
            ),
            "permitted": Rule(VERSIONS, {"check": "", "decide": "", "withdraw": ""}),
        },
        "standing record": {
            "head-permission": Rule(VERSIONS, {"withdraw": HEAD}),
            "confirmed-controls": Rule(VERSIONS, {"withdraw": "lead"}),
        },
        "delegation": {
            "": Rule(f"{STAFF}, chair, governor", {"withdraw": f"{HEAD}, chair, deputy"})
        },
        # Whoever reported sees it; nobody handles one about themselves (twiss-green §8, §9).
        "report": {
            "of the teacher": Rule(
                f"teacher, {HEAD}, lead, dsl", {"handle": f"{HEAD}, lead, dsl"}
            ),
            "of a colleague about the lead": Rule(
                f"colleague, {HEAD}, dsl", {"handle": f"{HEAD}, dsl"}
            ),
            "of a pupil about the head": Rule(
                "pupil, chair, lead, dsl", {"handle": "chair, lead, dsl"}
            ),
        },
        "block": {"": Rule(REGISTER, {"lift": HEAD})},
        # A pupil's matter is for the DSL, of staff for the head, the head's for the chair.
        "incident": {
            "about a pupil": Rule(
                f"{HEAD}, lead, dsl", dict.fromkeys(_INCIDENT, "lead, dsl") | {"name": ""}
            ),
            "about nobody known": Rule(
                f"{HEAD}, lead, dsl",
                dict.fromkeys((*_INCIDENT, "name"), "lead, dsl") | {"propose": ""},
            ),
            "about the teacher": Rule(HEAD, dict.fromkeys(_INCIDENT, HEAD)),
            "about the lead": Rule(HEAD, dict.fromkeys(_INCIDENT, HEAD)),
            "about the DSL": Rule(HEAD, dict.fromkeys(_INCIDENT, HEAD)),
            "about the head": Rule("chair", dict.fromkeys(_INCIDENT, "chair")),
        },
        "restriction": {
            "proposed": Rule(f"{HEAD}, lead, dsl", {"decide": f"{HEAD}, dsl", "end": ""}),
            "in force": Rule(f"{HEAD}, lead, dsl", {"decide": "", "end": f"{HEAD}, dsl"}),
        },
        "supervised session": {"": Rule(STAFF, {"end": STAFF})},
        "assigned device": {"": Rule(STAFF, {"give back": STAFF})},
        # employer-code §3.1: nobody opens their own record, and the head's only the chair.
        "record of": {
            "p-7": Rule("lead, dsl"),
            "pupil": Rule("lead, dsl"),
            "teacher": Rule(f"{HEAD}, lead"),
            "dsl": Rule(f"{HEAD}, lead"),
            "lead": Rule(HEAD),
            "head": Rule("chair"),
            "leaver": Rule(f"{HEAD}, lead"),
        },
        "pseudonym": {"that the DSL sees": Rule("dsl")},
        "hold": {
            "on the teacher": Rule(AUDIT, {"lift": AUDIT}),
            "on the head": Rule("chair, dsl", {"lift": "chair, dsl"}),
            "on the DSL": Rule(f"{HEAD}, chair", {"lift": f"{HEAD}, chair"}),
        },
        "checkpoint": {"": Rule(AUDIT)},
        "suggested site": {"": Rule(f"{HEAD}, lead", {"remove": f"{HEAD}, lead"})},
        "different day": {"": Rule(REGISTER, {"withdraw": HEAD})},
        # Nobody changes their own line; the head's own the chair of governors as well.
        "person": {
            "teacher": Rule(
                REGISTER,
                {
                    "keep": KEEP,
                    "leave": KEEP,
                    "duties": f"{HEAD}, chair",
                    "forget": "",
                    "back": "",
                },
            ),
            "technician": Rule(
                REGISTER,
                {"keep": HEAD, "leave": HEAD, "duties": f"{HEAD}, chair", "forget": ""},
            ),
            "head": Rule(
                REGISTER,
                {"keep": "chair, technician", "leave": "chair", "duties": "chair", "forget": ""},
            ),
            "p-7": Rule(REGISTER, {"keep": KEEP, "leave": KEEP, "duties": "", "forget": ""}),
            "leaver": Rule(
                REGISTER, {"keep": "", "leave": "", "duties": "", "back": KEEP, "forget": HEAD}
            ),
        },
        # What somebody is in cannot go away.
        "class": {
            "4b": Rule(REGISTER, {"keep": KEEP, "remove": ""}),
            "5c": Rule(REGISTER, {"keep": KEEP, "remove": KEEP}),
        },
        "device": {"pc-1": Rule(REGISTER, {"keep": KEEP})},
        "network": {"pupil-computers": Rule(REGISTER, {"keep": KEEP})},
        # What a version says is for everybody with a duty; who does what, `moves` and its tests.
        "draft": {"of the technician": Rule(VERSIONS)},
        "version": {"in force": Rule(VERSIONS)},
        "passkey": {"of the teacher": Rule("teacher"), "of the head": Rule(HEAD)},
        "token": {"of the teacher": Rule("teacher"), "of the head": Rule(HEAD)},
        "session": {"of the teacher": Rule("teacher"), "of the head": Rule(HEAD)},
        # Of the session in which it was begun, and of no other of the same person.
        "signing": {"of the head": Rule("head", {"ask": ""})},
    }
)
# By kind, object and action: whoever may do it is refused all the same, as things are.
STILL_REFUSED = frozenset(
    {
        # Nobody is left without the duty that only one who can sign in has.
        ("person", "technician", "leave"),
        ("person", "head", "leave"),
    }
)
# By kind, object and person: once it is about nobody any more, a report is not for the chair, and
# a program is answered that there is none.
GONE_ONCE_DONE = frozenset({("report", "of a pupil about the head", "chair")})
