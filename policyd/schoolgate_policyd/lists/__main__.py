"""`python -m schoolgate_policyd.lists`: update what is due, as policyd has it done."""

import sys

import structlog

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.lists.child import be_modest, update_lists
from schoolgate_policyd.logs import configure_logs

log = structlog.get_logger(__name__)


def main() -> int:
    """Update what is due with the settings that the environment names; return the status."""
    configure_logs("lists")
    be_modest()
    try:
        outcome = update_lists(load_settings())
    except (SchoolgateError, OSError) as error:
        log.error("the lists are not updated", cause=str(error))  # noqa: TRY400 - the cause says all
        return 1
    for fault in outcome.faults:
        log.warning("a list is not as it should be", fault=fault)
    if outcome.renewed:
        log.info("lists renewed", lists=list(outcome.renewed), names=outcome.names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
