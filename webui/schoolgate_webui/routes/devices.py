"""This is my device: what the filter thinks of the address one comes from, and the claim."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow.claims import canonical_address, why_refused
from schoolgate_webui.guard import MemberDep, SiteDep, VisitDep
from schoolgate_webui.rendering import PagesDep
from schoolgate_webui.site import Site
from schoolgate_webui.views.devices import device_page
from schoolgate_webui.views.stages import is_in_force_everywhere

router = APIRouter()


@router.get("/devices")
def this_device(
    request: Request, site: SiteDep, visit: VisitDep, member: MemberDep, pages: PagesDep
) -> HTMLResponse:
    """Show the address they come from and what the filter thinks of it."""
    address = canonical_address(visit.address)
    claim = site.decisions.claims.at_address(visit.address, visit.now.school)
    refusal = why_refused(
        visit.address,
        member.id,
        networks=site.networks(),
        device=next(
            (each for each in site.decisions.people.devices() if each.address == address), None
        ),
        own_addresses=_own_addresses(request, site),
    )
    shown = device_page(
        visit.address,
        site.policy_in_force.snapshot(visit.now.school).subject_at(
            visit.address, visit.now.school
        ),
        claim=claim if claim is not None and claim.person == member.id else None,
        refusal=refusal,
        names=site.decisions.people.names(),
        network_names=site.network_names(),
        member=member,
        now=visit.now,
        is_in_force=is_in_force_everywhere(site.decisions.version(), site.status()),
    )
    return pages.page(request, "devices.html", device=shown)


@router.post("/devices/claim")
def claim(request: Request, site: SiteDep, visit: VisitDep) -> Response:
    """Tell the filter that the device at the address of this request is theirs."""
    if visit.session is not None:
        site.decisions.claims.claim(
            visit.session.id,
            visit.address,
            networks=site.networks(),
            own_addresses=_own_addresses(request, site),
            zone=visit.now.zone,
            at=visit.now.machine,
            moment=visit.now.school,
        )
        site.changed()
    return RedirectResponse("/devices?done=claimed", status.HTTP_303_SEE_OTHER)


@router.post("/devices/release")
def release(site: SiteDep, visit: VisitDep) -> Response:
    """Tell the filter that it is theirs no longer."""
    if visit.session is not None and site.decisions.claims.give_up(
        visit.session.id, visit.address, at=visit.now.machine, moment=visit.now.school
    ):
        site.changed()
    return RedirectResponse("/devices?done=released", status.HTTP_303_SEE_OTHER)


def _own_addresses(request: Request, site: Site) -> tuple[str, ...]:
    settings = site.settings
    own = [settings.web.address, settings.dns.address, settings.proxy.address]
    server = request.scope.get("server")
    if server is not None:
        # Where the connection came in is ours too, also when we listen on every address.
        own.append(str(server[0]))
    return tuple(own)
