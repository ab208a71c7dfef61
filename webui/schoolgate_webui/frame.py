"""The frame of every page: made here for handlers and error pages alike."""

import structlog
from fastapi import Request

from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.site import Site
from schoolgate_webui.views.incident_notices import NOTICES as INCIDENT_NOTICES
from schoolgate_webui.views.shared import Notice, shared
from schoolgate_webui.waiting import waiting_for

log = structlog.get_logger(__name__)

_NOTICES = {
    "sent": Notice("Your request was sent. You can see here at any time how far it is."),
    "kept": Notice("Your draft was saved. Nobody else sees it until you send it."),
    "deleted-draft": Notice("The draft was deleted."),
    "changed-request": Notice(
        "The changed request was sent. It is checked and decided from the beginning."
    ),
    "said-question": Notice("Your question was sent. The request waits for the answer."),
    "said-answer": Notice("Your answer was sent."),
    "said-how-it-went": Notice("Thank you: what you said was recorded."),
    "named-deputy": Notice("The delegation was signed. It ends by itself."),
    "said-note": Notice("Your note was recorded."),
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
    "answered": Notice("Your answer was recorded. Whoever reported it can read it."),
    "recorded": Notice("It was recorded."),
    "blocked": Notice("It is blocked at once."),
    "lifted": Notice("The block was lifted."),
    "checkpoint-wanted": Notice(
        "The checkpoint is being made. Open this page again in a few seconds to print it."
    ),
    "hold-placed": Notice("The legal hold is in force. Nothing under it is deleted."),
    "hold-lifted": Notice("The legal hold was lifted."),
    "added": Notice("It was added."),
    "saved": Notice("It was saved."),
    "removed": Notice("It was removed."),
    "duties": Notice("The duties were saved. They hold from now on."),
    "forgotten": Notice("They are forgotten: the register knows nothing but their pseudonym."),
    "leaving": Notice("It was saved that they leave."),
    "imported": Notice("The table was taken up."),
    "moved-up": Notice("Everybody was moved up by a year."),
    "day-directed": Notice("It was signed. The filter takes it up once it is proved."),
    "signed-out": Notice("You are signed out."),
    "acknowledged": Notice("You acknowledged the policy. Thank you."),
    "site-listed": Notice("The site is on the list."),
    "site-removed": Notice("The site was taken off the list."),
    "training-recorded": Notice("It was recorded."),
    "email-set": Notice("Your e-mail address was changed."),
    **INCIDENT_NOTICES,
    "password-changed": Notice("Your password was changed. You are signed out everywhere else."),
    "session-ended": Notice("That browser is signed out."),
    "sessions-ended": Notice("You are signed out everywhere else."),
    "codes-set-up": Notice("One-time codes are set up. You are asked for one when you sign in."),
    "codes-removed": Notice("One-time codes are taken off."),
    "passkey-added": Notice("The passkey was added."),
    "passkey-renamed": Notice("The passkey has its new name."),
    "passkey-removed": Notice("The passkey was removed: it opens nothing any more."),
    "token-revoked": Notice("The token was revoked: it opens nothing any more."),
    "account-set-up": Notice("Your account is set up, and you are signed in."),
}


class Frame:
    """Gives each page what its frame prints; called once for each page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, request: Request) -> dict[str, object]:
        """
        Return what the frame of the answer to *request* prints.

        Where its state says that *is_brief*, nothing that waits is counted.
        """
        site = self._site
        member: Member | None = None
        csrf = ""
        waiting: dict[str, int] = {}
        try:
            visit = site.visit(request)
            now, member, csrf = visit.now, visit.member, visit.csrf
            if member is not None and not getattr(request.state, "is_brief", False):
                waiting = waiting_for(site, member, now)
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
