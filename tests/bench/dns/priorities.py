"""That what measures does not interrupt what is measured, where both share a core."""

import os


def interrupt_nobody() -> None:
    """Have this process, not its children, run only when others leave the core by themselves."""
    how = os.SCHED_BATCH | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(0, how, os.sched_param(0))
