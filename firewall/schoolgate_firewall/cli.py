"""The command line, `schoolgate-firewall`: check, show, load or close the packet filter."""

import socket
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schoolgate_firewall import loader
from schoolgate_policyd.complaints import complaining
from schoolgate_policyd.config import Settings, load_settings

_complaining = partial(complaining, "schoolgate-firewall")

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class _Options:
    """What stands before the command."""

    config: Path | None = None


@app.callback()
def schoolgate_firewall(
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration file; without it that of SCHOOLGATE_CONFIG."),
    ] = None,
) -> None:
    """Schoolgate's packet filter."""
    _Options.config = config


@app.command()
def check() -> None:
    """Try whether the ruleset could be loaded, and change nothing."""
    with _complaining():
        settings = _settings()
        loader.check(settings)
        typer.echo("The ruleset can be loaded.")
        _name_the_absent(settings)


@app.command()
def show() -> None:
    """Print the ruleset of the configuration."""
    with _complaining():
        typer.echo(loader.ruleset_for(_settings()), nl=False)


@app.command()
def load() -> None:
    """Put the ruleset of the configuration into force, in one step."""
    with _complaining():
        settings = _settings()
        loader.load(settings)
        firewall = settings.firewall
        mode = "" if firewall is None else f" Mode: {firewall.mode.value}."
        typer.echo(f"The ruleset is in force.{mode}")


@app.command()
def close() -> None:
    """Let nothing through, until a ruleset is loaded again."""
    with _complaining():
        loader.close()
        typer.echo("Nothing passes through. Run `schoolgate-firewall load` to open it again.")


def main() -> None:
    """Run the command line."""
    app()


def _name_the_absent(settings: Settings) -> None:
    """Say which interfaces are not there. It is no error: a VLAN's may come when the rest runs."""
    firewall = settings.firewall
    if firewall is None:
        return
    here = sorted(name for _, name in socket.if_nameindex() if name != "lo")
    for key, names in (("inside", firewall.inside), ("outside", firewall.outside)):
        for name in names:
            if name not in here:
                said = f"firewall.{key}: there is no interface {name} now"
                others = f"write one that is there ({', '.join(here) or 'none is'})"
                typer.echo(f"{said}: unless it is to come, {others}", err=True)


def _settings() -> Settings:
    return load_settings(_Options.config)


if __name__ == "__main__":
    main()
