"""`schoolgate install`: units, users, folders and a configuration, laid out on a machine."""

from pathlib import Path
from typing import Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining

_MACHINE = Path("/")
# Where docs/install.md puts it.
_USUAL = Path("/opt/schoolgate")
_NEXT = """
next:
  1. edit /etc/schoolgate/schoolgate.yaml, then run `schoolgate install` again
  2. schoolgate check-rules && schoolgate-firewall check
  3. systemctl restart unbound
  4. timedatectl, which must say that the system clock is synchronized
  5. systemctl enable --now schoolgate-firewall-boot.service schoolgate.target
  6. runuser -u schoolgate-policyd -- schoolgate first-run, which prints the code for the first-run
     guide, where the school says its name, its policy and its first people
docs/install.md says how to see that it works"""


@app.command()
def install(
    root: Annotated[
        Path, typer.Option(help="The folder that stands for `/`: for packages and tests.")
    ] = _MACHINE,
    program: Annotated[
        Path | None,
        typer.Option(
            help=f"Where the program's folder will be; without it where it is now, below another "
            f"root {_USUAL}."
        ),
    ] = None,
) -> None:
    """
    Lay out what makes this machine a gateway: units, users, folders, configuration.

    What was edited is kept, and nothing is started. Run it again after an update, and after a
    change of the networks or of the number of proxies.
    """
    # Imported here, since no other command needs it.
    from schoolgate_policyd.installation.installing import cautions, program_in_use
    from schoolgate_policyd.installation.installing import install as lay_out

    with complaining():
        if program is None:
            program = program_in_use() if root == _MACHINE else _USUAL
        done = lay_out(root, program)
        dangerous = cautions(root)
    for line in done or ["everything is as it should be"]:
        typer.echo(line)
    for line in dangerous:
        typer.echo(f"warning: {line}")
    typer.echo(_NEXT)
