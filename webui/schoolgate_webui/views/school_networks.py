"""The networks of the school, and the form of one."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.workflow.errors import InvalidForm, Stale, WorkflowError
from schoolgate_policyd.workflow.networks import NetworkRecord
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.register_acts import RegisterAct, may
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.views.requests import Row
from schoolgate_webui.views.school_fields import (
    Link,
    SchoolForm,
    Sheet,
    mistakes_of,
    stale_mistake,
)
from schoolgate_webui.views.words import AUDIENCES, DEVICES, capitalised

_NETWORKS = "/school/networks"
_WARNING = (
    "Whoever asks from this network and is not known otherwise counts as what you choose here. "
    "That may open what is blocked now: then you are shown what you change, and sign it."
)
_KEEPERS = (
    "You can give it another name, and say of a network of the school’s devices that they are not "
    "known: that is sure to open nothing. Every other change may open something, so the "
    "headteacher makes it."
)


class NetworkCard(msgspec.Struct, frozen=True):
    """One network; *href* is empty for those who only see it."""

    title: str
    rows: tuple[Row, ...]
    href: str


class NetworksPage(msgspec.Struct, frozen=True):
    """Every network."""

    cards: tuple[NetworkCard, ...]


def networks_page(records: tuple[NetworkRecord, ...], member: Member) -> NetworksPage:
    """Return every network with what is known of it."""
    may_keep = may(member, RegisterAct.KEEP)
    return NetworksPage(
        tuple(
            NetworkCard(
                each.name, _rows(each), f"{_NETWORKS}/{each.network.id}" if may_keep else ""
            )
            for each in records
        )
    )


def _rows(record: NetworkRecord) -> tuple[Row, ...]:
    network, configured = record.network, record.configured
    rows = [
        Row("Addresses", network.cidr),
        Row("Who asks from it", AUDIENCES[network.audience]),
        Row("With what", capitalised(DEVICES[network.device])),
        Row("Trusts the school’s authority", _yes(is_so=network.inspectable)),
        Row("Its name in the configuration", network.id),
    ]
    if network != configured:
        rows.append(
            Row(
                "The configuration says",
                f"{AUDIENCES[configured.audience]}, {DEVICES[configured.device]}, trusting: "
                f"{_yes(is_so=configured.inspectable).lower()}. The school’s word counts.",
            )
        )
    return tuple(rows)


def _yes(*, is_so: bool) -> str:
    return "Yes" if is_so else "No"


def network_form(
    record: NetworkRecord,
    member: Member,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    refusal: WorkflowError | None = None,
) -> SchoolForm:
    """Return the form of one network."""
    network = record.network
    sheet = Sheet({}, entered, invalid)
    why = sheet.text("reasons", "Why is it changed?", "It is kept in the records.")
    fields = (*network_fields(record, entered, invalid), why)
    may_loosen = may(member, RegisterAct.LOOSEN)
    refused: tuple[dict[str, str], ...] = ()
    if isinstance(refusal, Stale):
        refused = (stale_mistake(),)
    elif refusal is not None:
        refused = ({"text": str(refusal), "href": "#audience"},)
    return SchoolForm(
        title=record.name,
        action=f"{_NETWORKS}/{network.id}",
        fields=fields,
        button="Continue" if may_loosen else "Save",
        back=Link(_NETWORKS, "Back to networks"),
        intro=() if may_loosen else (_KEEPERS,),
        hidden=(("version", str(record.version)),),
        mistakes=refused + mistakes_of(fields),
        warning=_WARNING if may_loosen else "",
        now=tuple(f"{row.label}: {row.value}" for row in _rows(record))
        if isinstance(refusal, Stale)
        else (),
    )


def network_fields(
    record: NetworkRecord,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> tuple[ChangeField, ...]:
    """Return the fields of what is known of a network."""
    network = record.network
    values = {
        "name": record.name,
        "audience": network.audience.value,
        "device": network.device.value,
        "inspectable": "yes" if network.inspectable else "no",
    }
    sheet = Sheet(values, entered, invalid)
    return (
        sheet.line("name", "Name"),
        sheet.radios(
            "audience",
            "Who asks from it?",
            (Item(each.value, AUDIENCES[each], _hint(each)) for each in Audience),
        ),
        sheet.radios(
            "device",
            "With what kind of device?",
            (Item(each.value, capitalised(DEVICES[each])) for each in DeviceKind),
        ),
        sheet.radios(
            "inspectable",
            "Do its devices trust the school’s certificate authority?",
            (Item("yes", "Yes"), Item("no", "No: pages cannot be looked into")),
        ),
    )


def _hint(audience: Audience) -> str:
    return "Also for whoever is not known" if audience is Audience.PUPIL else ""
