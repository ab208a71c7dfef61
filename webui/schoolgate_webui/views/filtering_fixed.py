"""What is the same in every school's page about what is filtered: how Schoolgate itself works."""

from schoolgate_policyd.workflow.looks import REASONS
from schoolgate_webui.views.public_parts import Link, Part

IN_SHORT = Part(
    "in-short",
    "In short",
    bullets=(
        "Everybody who uses this network is filtered and monitored: pupils, staff and visitors.",
        "That is so on school devices, and on people’s own while they are on this network.",
        "What is blocked depends on who you are, on which device, and on the time of day.",
        "Help lines are never blocked, and nobody sees that you went there.",
        "A page that is blocked says why, and until when.",
    ),
)

# Each is true of what events hold (docs/limits.md), so that nobody is told of less.
MONITORED = Part(
    "monitored",
    "What is monitored",
    bullets=(
        (
            "When a page is blocked: the time, the device, the person where the network knows "
            "them, the name of the site and the rule."
        ),
        "An attempt to get round the filter: the same, with what was tried.",
        (
            "What opens is counted: how often a device opened which site, minute by minute. Which "
            "pages there is not recorded."
        ),
        (
            "On devices that the school has set up for it, the address of a blocked page. "
            "Banking, health, help lines, government and password managers are never looked into."
        ),
        "The online safety lead and the designated safeguarding lead read these records.",
        (
            "A matter about a member of staff goes to the headteacher, one about the headteacher "
            "to the chair of governors."
        ),
    ),
)

LOOKS = Part(
    "looks",
    "When one person’s record is opened",
    paragraphs=(
        (
            "The records show pseudonyms. Whose they are is opened for a reason alone, and who "
            "opened it, when and why is recorded too. The reasons are:"
        ),
    ),
    bullets=tuple(REASONS.values()),
)

ASKING = Part(
    "asking",
    "How to ask for a page, and how to tell us",
    paragraphs=(
        (
            "Pupils ask their teacher. Staff sign in and fill in a request: the online safety "
            "lead checks the control measures and the headteacher decides."
        ),
        "Anybody can tell us about a page that should not have opened. One line is enough.",
    ),
    links=(
        Link("Ask for a blocked page", "/requests/new", "for staff"),
        Link("Tell us what you saw", "/report", "for everybody"),
    ),
)

NO_GATEWAY_DOES = (
    "It does not see mobile data: a phone with its own 4G or 5G goes past it.",
    "It does not see devices at home, or anywhere else outside the school’s network.",
    (
        "It does not see inside apps and pages that are encrypted, on devices that the school has "
        "not set up: there it knows the name of a site and no more."
    ),
    "It does not read what people write to each other.",
)
