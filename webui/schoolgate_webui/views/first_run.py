"""The first-run guide: its steps, their forms, and what is in force at its end."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.sign_in_records import SetupCode
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.first_people import ASKED, name_field, username_field
from schoolgate_policyd.workflow.networks import NetworkRecord
from schoolgate_policyd.workflow.register_people import PersonRecord
from schoolgate_policyd.workflow.school_record import SchoolRecord
from schoolgate_webui.changing.fields import Item
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.school_fields import Link, SchoolForm, Sheet, mistakes_of
from schoolgate_webui.views.school_networks import network_fields
from schoolgate_webui.views.words import AUDIENCES, DEVICES, DUTIES, capitalised, joined

_GUIDE = "/first-run"
_BACK = Link(_GUIDE, "Back to the guide")
# What each preset that comes with Schoolgate does about social media, in a line.
_PRESETS: Mapping[str, tuple[str, str]] = {
    "twiss-green": (
        "Staff at break and lunch, once that is permitted",
        (
            "Blocked for pupils; for staff open in official breaks after the headteacher permits "
            "it and the online safety lead confirms controls."
        ),
    ),
    "broad-square": (
        "Never on the school’s network",
        (
            "Blocked for pupils, staff and visitors at any time but for named leaders who post "
            "for the school."
        ),
    ),
    "longton": (
        "Never, but for who moderates the school’s account",
        "Blocked for everybody; moderators of the school’s own account may use that platform.",
    ),
    "kell-bank": (
        "Never on the premises",
        "Blocked for everybody on every device, at any time of the school day.",
    ),
    "employer-code": (
        "Staff in breaks and outside working hours",
        (
            "Blocked for pupils; for staff open in breaks, and on school computers outside their "
            "working hours."
        ),
    ),
}


_FIRST = (
    "The headteacher and the ICT technician are needed. Whoever holds several duties is entered "
    "with the same name and user name. Everybody else can come later, from a table."
)


class Step(msgspec.Struct, frozen=True):
    """A step of the guide; *is_done* once something is saved for it."""

    title: str
    facts: tuple[str, ...]
    links: tuple[Link, ...]
    is_done: bool


class GuidePage(msgspec.Struct, frozen=True):
    """How far the guide is."""

    steps: tuple[Step, ...]
    may_end: bool


class Invited(msgspec.Struct, frozen=True):
    """Somebody's code, which is shown this once."""

    name: str
    duties: str
    username: str
    code: str


class EndedPage(msgspec.Struct, frozen=True):
    """What is in force, and who signs in how."""

    school_name: str
    policy: str
    invited: tuple[Invited, ...]
    until: str
    address: str


def guide_page(
    record: SchoolRecord | None,
    networks: tuple[NetworkRecord, ...],
    people: tuple[PersonRecord, ...],
) -> GuidePage:
    """Return the steps with what is saved for each."""
    named = record is not None
    facts = () if record is None else (record.name, _preset_words(record.preset)[0])
    link = Link(f"{_GUIDE}/school", _word(is_done=named))
    school = Step("The school’s name and policy", facts, (link,), named)
    nets = Step(
        "Networks",
        tuple(f"{each.name} ({each.network.cidr}): {_network_words(each)}" for each in networks)
        or ("The configuration names none.",),
        tuple(
            Link(f"{_GUIDE}/networks/{each.network.id}", f"Check {each.name}") for each in networks
        ),
        all(each.version for each in networks),
    )
    holders = [each for each in people if each.duties]
    held = {duty.duty for each in holders for duty in each.duties}
    is_manned = {ASKED[0], ASKED[1]} <= held
    first = Step(
        "First people",
        tuple(
            f"{each.entry.name}: {joined([DUTIES[held.duty] for held in each.duties])}"
            for each in holders
        ),
        (Link(f"{_GUIDE}/people", _word(is_done=bool(holders))),),
        is_manned,
    )
    return GuidePage((school, nets, first), named and is_manned)


def _word(*, is_done: bool) -> str:
    return "Change" if is_done else "Enter"


def _network_words(record: NetworkRecord) -> str:
    network = record.network
    trusts = "trusting" if network.inspectable else "not trusting"
    return f"{AUDIENCES[network.audience].lower()}, {DEVICES[network.device]}, {trusts}"


def school_form(
    settings: Settings,
    presets: tuple[str, ...],
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> SchoolForm:
    """Return the form of the school's name and the policy that it starts from."""
    sheet = Sheet({"name": settings.school_name, "preset": settings.school}, entered, invalid)
    items = (Item(each, *_preset_words(each)) for each in presets)
    fields = (
        sheet.line("name", "The school’s name", "It stands on every page."),
        sheet.radios(
            "preset",
            "Social media: which is nearest to your school’s own policy?",
            items,
            "Everything harmful is blocked for everybody in each of them. Change the rest later, "
            "under Policy: your document’s title, its sections, its rules.",
        ),
    )
    return SchoolForm(
        title="The school’s name and policy",
        action=f"{_GUIDE}/school",
        fields=fields,
        button="Save",
        back=_BACK,
        mistakes=mistakes_of(fields),
    )


def _preset_words(preset: str) -> tuple[str, str]:
    return _PRESETS.get(preset, (capitalised(preset.replace("-", " ")), "Your school’s own file."))


def network_form(
    record: NetworkRecord,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> SchoolForm:
    """Return the form of one network."""
    fields = network_fields(record, entered, invalid)
    return SchoolForm(
        title=f"{record.name}: {record.network.cidr}",
        action=f"{_GUIDE}/networks/{record.network.id}",
        fields=fields,
        button="Save",
        back=_BACK,
        mistakes=mistakes_of(fields),
    )


def people_form(
    people: tuple[PersonRecord, ...],
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> SchoolForm:
    """Return the form of the first people."""
    values: dict[str, str] = {}
    for each in people:
        for held in each.duties:
            values[name_field(held.duty)] = each.entry.name
            values[username_field(held.duty)] = each.entry.username or ""
    sheet = Sheet(values, entered, invalid)
    fields = tuple(
        field
        for duty in ASKED
        for field in (
            sheet.line(name_field(duty), f"{capitalised(DUTIES[duty])}: name"),
            sheet.line(username_field(duty), f"{capitalised(DUTIES[duty])}: user name"),
        )
    )
    return SchoolForm(
        title="First people",
        action=f"{_GUIDE}/people",
        fields=fields,
        button="Save",
        back=_BACK,
        intro=(_FIRST,),
        mistakes=mistakes_of(fields),
    )


def ended_page(
    settings: Settings,
    policy: Policy,
    invited: tuple[tuple[PersonRecord, SetupCode], ...],
    now: Now,
) -> EndedPage:
    """Return what is in force, with the codes."""
    lines = tuple(
        Invited(
            record.entry.name,
            capitalised(joined([DUTIES[held.duty] for held in record.duties])),
            record.entry.username or "",
            code.code,
        )
        for record, code in invited
    )
    until = ""
    if invited:
        local = now.recorded(invited[0][1].ends_at)
        until = f"{local:%A} {local.day} {local:%B, %H:%M}"
    return EndedPage(
        settings.school_name,
        policy.document.name,
        lines,
        until,
        f"{settings.web.public_url}/account/setup",
    )
