"""The options by which a question is put, the same for every command that answers one."""

from typing import Annotated

import typer

from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty

School = Annotated[
    str | None,
    typer.Option(help="A preset's name; without it the live configuration decides."),
]
Whom = Annotated[Audience | None, typer.Option(help="Without it: pupil.")]
Duties = Annotated[list[Duty] | None, typer.Option(help="May be repeated.")]
Device = Annotated[DeviceKind | None, typer.Option(help="Without it: unknown.")]
At = Annotated[
    str | None,
    typer.Option(help="The school's time, or an ISO time with offset; without it now."),
]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        help="Take as in force: a standing permission, a kind of grant, or supervised-only. "
        "May be repeated."
    ),
]
Uninspectable = Annotated[
    bool, typer.Option("--uninspectable", help="The device lacks the school's authority.")
]
ClientAddress = Annotated[
    str | None, typer.Option(help="Ask for whoever has this address in the live school.")
]
Age = Annotated[int | None, typer.Option(help="The person's age in years.")]
YearGroup = Annotated[int | None, typer.Option(help="The pupil's year group.")]
SchoolClasses = Annotated[
    list[str] | None,
    typer.Option("--class", help="A class that the pupil is in, like 4B. May be repeated."),
]
Hours = Annotated[str | None, typer.Option(help="Own working hours, like 08:30-16:30.")]
Overtime = Annotated[bool, typer.Option("--overtime", help="The person works overtime that day.")]
Platforms = Annotated[
    list[str] | None,
    typer.Option(help="A service on which an account-operator runs accounts."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
