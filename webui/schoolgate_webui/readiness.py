"""What is read once the pages are served, so that the first who ask need not wait for it."""

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_webui.api.app import written
from schoolgate_webui.site import Site

log = structlog.get_logger(__name__)


def read_ahead(site: Site) -> None:
    """
    Read the policy in force with its notes, and write the API's document.

    What cannot be read now is read, and what is the matter said, when a page needs it.
    """
    try:
        policy = site.policy_in_force.policy()
        current = site.acknowledging.in_force(site.now().school)
        if current is not None:
            site.presets_read.of(current, policy)
    except SchoolgateError as error:
        log.warning("nothing was read ahead for the pages", cause=str(error))
    except Exception:  # a mistake of ours: the pages are served, and nobody else would say it
        log.exception("nothing was read ahead for the pages")
    # Last, since fewer wait for it.
    try:
        written()
    except Exception:  # as above
        log.exception("the document of the API was not written ahead")
