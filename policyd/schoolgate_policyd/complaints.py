"""How a command line says what is wrong: one sentence, and an exit status of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from schoolgate_policyd.core.errors import SchoolgateError

USAGE_ERROR = 2


@contextmanager
def complaining(program: str = "schoolgate") -> Iterator[None]:
    """Turn an error of ours into one sentence of *program*'s and exit code 2."""
    try:
        yield
    except SchoolgateError as error:
        refuse(str(error), program)


def refuse(message: str, program: str = "schoolgate") -> NoReturn:
    """Say what is wrong and end with exit code 2."""
    typer.echo(f"{program}: {message}", err=True)
    raise typer.Exit(USAGE_ERROR)
