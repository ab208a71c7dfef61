"""What every command shares: the application, its options, and how an error is said."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from schoolgate_policyd.clock import MachineClock, open_school_clock
from schoolgate_policyd.complaints import USAGE_ERROR, complaining, refuse
from schoolgate_policyd.config import Settings, load_settings

__all__ = ["USAGE_ERROR", "app", "complaining", "refuse", "school_now", "settings_in_use"]

app = typer.Typer(
    help="Schoolgate, the internet gateway for schools.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class _Options:
    """What stands before the command."""

    config: Path | None = None


@app.callback()
def schoolgate(
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration file; without it the sample school's."),
    ] = None,
) -> None:
    """Schoolgate, the internet gateway for schools."""
    _Options.config = config


def settings_in_use() -> Settings:
    """Return the settings of `--config`. Raises SchoolgateError."""
    return load_settings(_Options.config)


def school_now(settings: Settings) -> datetime:
    """Return the school clock's moment."""
    return open_school_clock(settings, MachineClock()).now()
