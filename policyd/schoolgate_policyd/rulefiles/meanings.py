"""
What each key of a rule file means, in a sentence: for editors and for `docs/policy-language.md`.

They stand apart from the readers, which say what a key accepts. A test holds both to the same
keys, so a new key is not forgotten here.
"""

from collections.abc import Mapping

_CONDITION = {
    "audience": "Is `pupil`, `staff` or `visitor`.",
    "duty": "Holds one of these duties.",
    "platform": "Holds the duty for the service asked for, which is one of these.",
    "device": "Asks with such a kind of device, which the network or the register tells.",
    "network": "Asks from one of these networks of the school's configuration.",
    "period": "Is in one of these periods now, by its own timetable.",
    "own_hours": "Is `inside` or `outside` its own working hours.",
    "overtime": "Works overtime today (`true`), or does not (`false`).",
    "year_groups": "Is in one of the years from the first to the last; reception is 0.",
    "age": "`below-minimum`: is younger than the service's minimum age, or of unknown age.",
    "standing": "All of these standing permissions are in force.",
}

_CITED = {
    "cite": "The section that says so.",
    "ours": "`true`: no clause says so.",
}

_SCHOOL = {
    "document": "The school's own document, which rules cite.",
    "include": "Files of rules that the school shares; `baseline` is always among them.",
    "timetable": "The timetable, a file in `rules/timetables/`; or `timetables` where several.",
    "timetables": "Several timetables, each with whom it is for.",
    "calendar": "The calendar, a file in `rules/calendars/`.",
    "staff_hours": "Working hours of staff who have none of their own, like `08:30-16:00`.",
    "zone": "The time zone of the school's clock, like `Europe/London`.",
    "one_off_days": "Days with bells of their own: an early closing, an exam season, a trip.",
    "standing": "Standing permissions that conditions may ask for.",
    "social_media": "What the word `social-media` stands for in this policy.",
    "safe_search": "How strictly the results of search services are filtered, for whom.",
    "rules": "What is blocked, for whom. The order does not matter.",
    "invariants": "What must never happen, whatever is granted otherwise: `prove` checks it.",
    "not_enforced": "Clauses that no gateway can hold up, each with the reason.",
    "contradictions": "Clauses that contradict each other, and how they are read here.",
    "attempts": "What an attempt to get round the filter may lead to.",
    "reports": "Who hears of misuse by whom.",
    "changes": "What the document asks before a change of it takes effect.",
    "examples": "Requests with the verdict that they must get: `prove` checks them.",
}

_RULE = {
    "id": "Its name, new in the school and in what the school includes.",
    "block": "Services, categories and lists by id, or words with a meaning of their own.",
    "for": "Conditions of which one must hold; left out, the rule is for everybody.",
    "unless": "Conditions of which none may hold.",
    "lifted_by": "Kinds of grant that lift it; `locked: true` stands instead where none does.",
    "locked": "`true`: nothing lifts it.",
    "uninspected": (
        "Where nothing can look inside, a host of which only some pages are blocked is blocked "
        "whole, or stays open with `allow`."
    ),
    "cite": "The section of the school's document, or of another document.",
    "ours": "`true`: no clause asks for it, the choice is Schoolgate's or the school's own.",
    "topic": "What it is about, a word for pages.",
}

_INVARIANT = {
    "reaches": "What it must never reach: ids as in a rule's `block`.",
    "without": "Kinds of grant that may open it all the same.",
    "unless": "Conditions for which it is not promised.",
    "uninspected": (
        "`allow`: where nothing can look inside, it is not promised of a part of a site."
    ),
}

_EXAMPLE = {
    "url": "The web address, or a host name alone.",
    "at": "The moment on the school's clock, like `2026-11-20T10:35`.",
    "verdict": "What must come out: `allow`, `block` or `depends`.",
    "audience": "Who asks; `pupil` if left out.",
    "duty": "Duties that the person holds.",
    "device": "The kind of device; `unknown` if left out.",
    "assume": (
        "Taken as in force: standing permissions, kinds of grant for what is asked, "
        "`supervised-only`."
    ),
    "uninspectable": "`true`: the device does not trust the school's authority.",
    "age": "The age of whoever asks; unknown if left out.",
    "year_group": "The year group of whoever asks; reception is 0.",
    "school_class": "Classes that the pupil is in, like `4B`.",
    "hours": "The person's own working hours, like `07:30-12:00`.",
    "overtime": "`true`: the person works overtime on that day.",
    "platform": "The services for which the person runs the school's accounts; all if left out.",
}

_NOTES = {
    "a document": {
        "title": "The document's title.",
        "version": "Its version or date, as it stands on it.",
        "review": "The month by which it is to be reviewed, like `2024-09`.",
    },
    "a standing permission": {
        "id": "Its name, for conditions.",
        "about": "What it permits, for the head who signs it and the lead who confirms it.",
    },
    "social media": {
        "categories": "Categories that count, with every service in them.",
        "services": "Services of other categories that count too.",
        "except_services": "Services of those categories that do not count.",
        "cite": "The section that says what counts.",
        "ours": "Categories that no clause names.",
    },
    "safe search": {
        "pupil": "For pupils and whoever is unknown; `strict` if left out, never off.",
        "visitor": "For visitors; `strict` if left out, never off.",
        "staff": "For staff on devices that are known; `off` if left out.",
    },
    "a citation": {
        "document": "The document's title and version.",
        "section": "The section of it.",
    },
    "an invariant": {"never": "Who must never reach what: a condition, and what it speaks of."},
    "what never happens": _CONDITION | _INVARIANT,
    "what is not enforced": {
        "clause": "The section.",
        "what": "What it asks.",
        "why": "Why a gateway cannot hold it up.",
    },
    "a contradiction": {
        "clauses": "The sections.",
        "text": "How they contradict each other, and which is followed.",
    },
    "what follows an attempt": {
        "restriction": "`supervised-only`, or `none`: an incident for a person to act on.",
        "cite": "The section that says so.",
        "ours": "`true`: no clause says so.",
    },
    "a report": {
        "by": "Whose misuse.",
        "to": "Who hears of it.",
        "cite": "The section that says so.",
        "ours": "`true`: no clause says so.",
    },
    "an example": _EXAMPLE,
    "what a change needs": {
        "notice": "How long it is known before it takes effect.",
        "approval": "Who approves it, beside the head who directs it.",
        "announcement": "Who is told of it.",
    },
    "the notice of a change": {"months": "How many months.", **_CITED},
    "the approval of a change": {"by": "Who approves.", **_CITED},
    "the announcement of a change": {"to": "Who is told.", **_CITED},
}

_CATALOGUE = {
    "a category": {
        "id": "Its name, for services, lists and rules.",
        "name": "What pages call it.",
        "circumvention": "`true`: it is a way round the filter, so a locked rule must block it.",
    },
    "a list": {
        "list": "Its name, for rules.",
        "category": "The category that everything in it is of.",
        "source": "Where the names come from, and when.",
        "domains": "Host names, which cover what is under them, and addresses.",
    },
    "a service": {
        "id": "Its name, for rules.",
        "name": "What pages call it.",
        "category": "Its category.",
        "minimum_age": "The age that its own terms ask for.",
        "domains": "Host names that are the service, with everything under them.",
        "excluding": "Names under `domains` that are not the service.",
        "companions": "Hosts of others that it needs: a block leaves them, a grant opens them.",
        "urls": "Parts of hosts that others share, like `mumsnet.com/talk`.",
        "source": "Where the names and the age come from, and when.",
    },
    "a help line": {
        "id": "Its name.",
        "name": "What pages call it.",
        "phone": "The number to call.",
        "about": "What it helps with.",
        "domains": "Host names that are never blocked, and visits to which are never recorded.",
        "source": "Where this comes from, and when.",
    },
    "a group of sites": {
        "name": "What the sites have in common.",
        "domains": "Host names, with everything under them.",
        "source": "Where they come from, and when.",
    },
    "a file of categories": {"categories": "Every category that there is."},
    "a file of services": {"services": "Services, one after the other."},
    "a file of help lines": {"help_lines": "Help lines, one after the other."},
    "a file of essentials": {"essentials": "What is open to everybody when no policy is known."},
    "a file of sites never inspected": {"never_inspected": "What the proxy never looks into."},
    "a search service": {
        "id": "Its name.",
        "name": "What pages call it.",
        "hosts": "The exact names that it is asked by, without what is under them.",
        "strict": "The name that is looked up instead, so that results are filtered.",
        "moderate": "The same for its more open mode, if it has one.",
        "source": "Where it is documented.",
    },
    "a file of safe search": {"safe_search": "Search services that can be filtered."},
    "a file of rules": {"rules": "Rules for every school that includes the file."},
}

_DAYS = {
    "a timetable": {
        "timetable": "Its name, which is the file's name.",
        "days": "Weekdays with their bells; a day that is not named is closed.",
    },
    "a group of days": {
        "weekdays": "The days that have these bells.",
        "bells": "When each period begins, in order; the last one is `closed`.",
    },
    "a bell": {
        "at": 'The time on the school\'s clock, in quotation marks: `"08:50"`.',
        "period": "The period that begins then.",
    },
    "a calendar": {
        "calendar": "Its name, which is the file's name.",
        "terms": "The terms, in order; both days are school days.",
        "inset_days": "Days without pupils, on which staff keep the timetable.",
        "nation": "Whose bank holidays close the school: they need not be listed.",
        "bank_holidays": "Further days on which the school is closed.",
    },
    "a term": {
        "first": "The first day.",
        "last": "The last day.",
        "half_term": "Holidays in it, one or several.",
    },
    "a half-term": {"first": "The first day.", "last": "The last day."},
    "a timetable in use": {
        "timetable": "The timetable, a file in `rules/timetables/`.",
        "for": "Whom it is for; everybody if left out.",
    },
    "whom it is for": {
        "audience": "Pupils, staff or visitors.",
        "year_groups": "The years from the first to the last; reception is 0.",
        "classes": "Classes by name.",
    },
    "a one-off day": {
        "date": "The day; or `first` and `last` where there are several.",
        "first": "The first of several days.",
        "last": "The last of them.",
        "name": "What the day is, for pages and explanations.",
        "timetable": "The timetable of that day, or",
        "bells": "its bells, or",
        "closed": "`true`: the school is closed.",
        "for": "Whom it is for; everybody if left out.",
    },
}

_LISTS = {
    "a subscription": {
        "subscription": "The list's name, by which rules block it.",
        "category": "What the list is of, by the id of a category.",
        "format": "How the list is written.",
        "url": "Where it is fetched from; or",
        "file": "the path of a file, or of a tree; a relative one begins at this file.",
        "member": "The folder of a UT1 or squidGuard tree, like `adult`.",
        "locked": "`true`: it is blocked for everybody, and nobody can lift that.",
        "update_hours": "How often it is asked for; 24 if left out.",
        "max_megabytes": "The most that is fetched; 100 if left out.",
        "source": "Who publishes it, and under which terms.",
    },
}

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "a school's file": _SCHOOL,
    "a rule": _RULE,
    "a condition": _CONDITION,
    **_NOTES,
    **_CATALOGUE,
    **_DAYS,
    **_LISTS,
}
"""What each key means, by the form (as readers call it) that it stands in."""
