"""Networks of the school: what is known of each, and what the school says of it."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, Stale
from schoolgate_policyd.workflow.networks import NetworkRecord, parse_network
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.school_desk import configured_networks, form_page, version_of
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views import school_networks as views

router = APIRouter()

NetworkId = Annotated[str, Path(max_length=80)]


@router.get("/school/networks")
def networks(desk: DeskDep) -> HTMLResponse:
    """Show every network."""
    records = desk.site.decisions.networks.records(configured_networks(desk))
    return desk.page("school_networks.html", networks=views.networks_page(records, desk.member))


@router.get("/school/networks/{network}")
def network_form(desk: DeskDep, network: NetworkId) -> HTMLResponse:
    """Show the form of one network."""
    record = _record(desk, network)
    register_acts.require(desk.member, RegisterAct.KEEP)
    kept = kept_entry(desk, SignedKind.NETWORK, network)
    return form_page(desk, views.network_form(record, desk.member, entered=kept or None))


@router.post("/school/networks/{network}")
def change_network(desk: DeskDep, network: NetworkId, entered: EnteredDep) -> Response:
    """Change what the school says of a network; what may open something the head signs."""
    record, store, by = _record(desk, network), desk.site.decisions.networks, desk.member.id
    try:
        entry = parse_network(entered)
        if store.needs_signature(record.configured, entry, by=by):
            return go_and_sign(desk, SignedKind.NETWORK, network, entered)
        version, at = version_of(entered), desk.now.machine
        store.change(record.configured, entry, version=version, by=by, at=at)
    except InvalidForm as error:
        shown = views.network_form(record, desk.member, entered=entered, invalid=error)
        return form_page(desk, shown)
    except (Stale, NotAllowed) as error:
        shown = views.network_form(
            _record(desk, network), desk.member, entered=entered, refusal=error
        )
        return form_page(desk, shown)
    desk.site.changed()
    return RedirectResponse("/school/networks?done=saved", status.HTTP_303_SEE_OTHER)


def _record(desk: Desk, id_: str) -> NetworkRecord:
    records = desk.site.decisions.networks.records(configured_networks(desk))
    for each in records:
        if each.network.id == id_:
            return each
    raise UnknownObject("there is no such network")
