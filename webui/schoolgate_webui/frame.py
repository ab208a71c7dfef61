"""The frame of every page: made here for handlers and error pages alike."""

import structlog
from fastapi import Request

from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.site import Site
from schoolgate_webui.views.shared import Notice, shared

log = structlog.get_logger(__name__)

_NOTICES = {
    "sent": Notice("Your request was sent. You can see here at any time how far it is."),
    "checked": Notice("Your answer was recorded."),
    "signed": Notice("Your decision was signed and recorded."),
    "withdrawn": Notice("It was withdrawn."),
    "claimed": Notice("You said that this is your device."),
    "released": Notice("You said that this is no longer your device."),
    "drafted": Notice("The draft was begun. Nothing of it is in force yet."),
    "changed": Notice("The change is in the draft. Nothing of it is in force yet."),
    "undone": Notice("The change was taken out of the draft."),
    "proposed": Notice("The draft was proposed."),
    "approved": Notice("The governors’ approval was recorded."),
    "directed": Notice("The version was directed and signed."),
    "refused": Notice("The proposal was refused."),
    "signed-out": Notice("You are signed out."),
}


class Frame:
    """Gives each page what its frame prints; called once for each page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, request: Request) -> dict[str, object]:
        """Return what the frame of the answer to *request* prints."""
        site = self._site
        member: Member | None = None
        csrf = ""
        waiting: dict[str, int] = {}
        try:
            visit = site.visit(request)
            now, member, csrf = visit.now, visit.member, visit.csrf
            if member is not None:
                requests = site.decisions.requests.waiting_for(
                    member.id, at=now.machine, moment=now.school
                )
                waiting = {"/requests": len(requests), "/policy": site.policies_waiting(visit)}
        except StoreError:
            # The page says that the store fails; its frame must not fail with it.
            log.exception("the frame of a page is made without the store")
            now = site.now()
        printed = shared(
            site.settings.school_name,
            now,
            member,
            path=request.url.path,
            csrf=csrf,
            waiting=waiting,
            notice=_NOTICES.get(request.query_params.get("done", "")),
        )
        return {"shared": printed}
