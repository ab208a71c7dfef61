"""
`schoolgate policy`: the versions of the school's policy, from the command line.

It can do no more than the pages: whoever acts is named, and a version is put in force only by
the head's signature, past the same gate. What is not proved is put in force by nobody.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate_policyd.cli.frame import app, refuse
from schoolgate_policyd.cli.policy_bench import Bench, bench, diff_of, read_text, wake
from schoolgate_policyd.cli.signing import sign_here

if TYPE_CHECKING:
    from schoolgate_policyd.workflow.policy_versions import PolicyVersion

policy = typer.Typer(
    help="The versions of the school's policy: show, compare, propose, bring back, activate.",
    no_args_is_help=True,
)
app.add_typer(policy, name="policy")

Number = Annotated[int, typer.Argument(help="A version's number.", min=1)]
By = Annotated[str, typer.Option(help="The user name of whoever does it.")]


@policy.command()
def versions() -> None:
    """List every version, the newest last."""
    from rich.console import Console
    from rich.table import Table

    from schoolgate_policyd.workflow.policy_versions import stage_at

    with bench() as tools:
        every = tools.workshop.every()
        names = {each.id: each.name for each in tools.store.people.members()}
        table = Table("Version", "Stands", "On", "By", "Summary")
        for each in every:
            stage = stage_at(each, every, tools.moment).value.replace("-", " ")
            base = "" if each.base is None else str(each.base)
            by = names.get(each.author or "", "rule files")
            table.add_row(str(each.number), stage, base, by, each.summary)
        Console().print(table)


@policy.command()
def show(
    number: Annotated[
        int | None, typer.Argument(help="A version's number; without it, the one in force.")
    ] = None,
    *,
    texts: Annotated[bool, typer.Option("--texts", help="Print its YAML as well.")] = False,
) -> None:
    """Show a version: where it stands, what it changes, what its proof said."""
    with bench() as tools:
        version = (
            tools.workshop.in_force(tools.moment)
            if number is None
            else tools.store.policies.find(number)
        )
        _show(tools, version)
        if texts:
            for path, text in sorted(tools.store.policies.texts(version.number).items()):
                typer.echo(f"\n# rules/{path}\n{text}")


@policy.command()
def compare(
    earlier: Number,
    later: Number,
    *,
    texts: Annotated[bool, typer.Option("--texts", help="Show the lines that differ.")] = False,
) -> None:
    """Say in plain words what a version says otherwise than another."""
    with bench() as tools:
        sentences = tools.workshop.compare(earlier, later)
        for sentence in sentences:
            typer.echo(f"- {sentence}")
        if not sentences:
            typer.echo("They say the same.")
        if texts:
            policies = tools.store.policies
            typer.echo(diff_of(policies.texts(earlier), policies.texts(later)), nl=False)


@policy.command()
def propose(
    file: Annotated[Path, typer.Argument(help="A school's file, edited.")],
    *,
    by: By,
    summary: Annotated[str, typer.Option(help="What changes, in a sentence.")],
    reasons: Annotated[str, typer.Option(help="Why it should.")],
    timetable: Annotated[
        list[Path] | None, typer.Option(help="A timetable's file as well. May be repeated.")
    ] = None,
    calendar: Annotated[
        list[Path] | None, typer.Option(help="A calendar's file as well. May be repeated.")
    ] = None,
) -> None:
    """Draft a version from files, prove it, and propose it where the proof holds."""
    from schoolgate_policyd.drafting.changes import ReplaceText

    with bench() as tools:
        person = tools.member(by).id
        files = [(f"timetables/{each.name}", each) for each in timetable or ()]
        files += [(f"calendars/{each.name}", each) for each in calendar or ()]
        files.append((f"schools/{tools.school}.yaml", file))
        read = [ReplaceText(path, read_text(source)) for path, source in files]
        held = tools.store.policies.texts(tools.workshop.in_force(tools.moment).number)
        changes = [each for each in read if held.get(each.path) != each.text]
        if not changes:
            refuse("this is what is in force: nothing was proposed")
        # Mistakes are told before anything is kept.
        tools.workshop.check(changes, moment=tools.moment)
        begun = tools.workshop.begin(
            by=person, summary=summary, at=tools.machine, moment=tools.moment
        )
        for change in changes:
            tools.workshop.change(begun.number, change, by=person, at=tools.machine)
        version = _prove(tools, begun.number, person)
        if version.is_proved:
            tools.store.policies.propose(
                version.number,
                by=person,
                reasons=reasons,
                shared=tools.workshop.shared(version.number),
                at=tools.machine,
                moment=tools.moment,
            )
            typer.echo(f"Version {version.number} is proposed: the headteacher directs it.")
        else:
            typer.echo(f"Version {version.number} stays a draft: its proof failed.", err=True)
            raise typer.Exit(1)


@policy.command()
def prove(number: Number, *, by: By) -> None:
    """Prove a version against the one that it was drafted on."""
    with bench() as tools:
        if not _prove(tools, number, tools.member(by).id).is_proved:
            raise typer.Exit(1)


@policy.command()
def restore(
    number: Number,
    *,
    by: By,
    summary: Annotated[str, typer.Option(help="Why it comes back, in a sentence.")],
) -> None:
    """Begin a draft that says what an earlier version said."""
    with bench() as tools:
        version = tools.workshop.bring_back(
            number,
            by=tools.member(by).id,
            summary=summary,
            at=tools.machine,
            moment=tools.moment,
        )
        _show(tools, version)
        typer.echo(f"Version {version.number} is a draft: prove and propose it in the pages.")


@policy.command()
def activate(
    number: Number,
    *,
    by: By,
    reasons: Annotated[str, typer.Option(help="Why it is directed.")],
    from_: Annotated[
        datetime | None,
        typer.Option("--from", help="When it takes effect, school time; without it now."),
    ] = None,
    announced: Annotated[
        datetime | None, typer.Option(help="The day on which it was announced.")
    ] = None,
    for_safety: Annotated[
        bool, typer.Option("--for-safety", help="It opens nothing and cannot wait for notice.")
    ] = False,
) -> None:
    """Direct a proposed version: for the headteacher, who is shown what it does and signs."""
    from schoolgate_policyd.core.times import local_date
    from schoolgate_policyd.store.signed_directions import DirectionToSign
    from schoolgate_policyd.workflow.direction_text import DirectionForm
    from schoolgate_policyd.workflow.policy_gate import require_proof

    with bench() as tools:
        head = tools.member(by)
        zone = tools.zone()

        def picture() -> DirectionToSign:
            now = tools.again()
            shared = now.workshop.shared(number)
            require_proof(now.store.policies.find(number), shared)
            form = DirectionForm(
                reasons=reasons,
                staff_name=head.name,
                signed_on=local_date(now.moment, zone),
                starts_at=None if from_ is None else from_.replace(tzinfo=zone),
                announced_on=None if announced is None else announced.date(),
                is_for_safety=for_safety,
            )
            return DirectionToSign(
                number=number,
                by=head.id,
                form=form,
                differences=now.workshop.differences(number),
                shared=shared,
                zone=zone,
                at=now.machine,
                moment=now.moment,
            )

        sign_here(tools.store, picture)
        wake()
        typer.echo(f"Version {number} is directed.")


def _show(tools: Bench, version: "PolicyVersion") -> None:
    from schoolgate_policyd.workflow.policy_gate import SAYS
    from schoolgate_policyd.workflow.policy_versions import stage_at

    stage = stage_at(version, tools.workshop.every(), tools.moment)
    typer.echo(f"Version {version.number} {SAYS[stage]}: {version.summary}")
    for step in version.steps:
        typer.echo(f"  {step.at:%Y-%m-%d %H:%M} UTC  {step.move.value}: {step.reasons}")
    for sentence in tools.workshop.differences(version.number):
        typer.echo(f"- {sentence}")
    _show_proof(version)


def _show_proof(version: "PolicyVersion") -> None:
    proof = version.proof
    if proof is None:
        return
    typer.echo("The proof holds." if version.is_proved else "The proof does not hold.")
    for title, sentences in (
        ("It fails", proof.faults),
        ("It opens", proof.openings),
        ("It closes", proof.closings),
        ("It gives up", proof.loosenings),
    ):
        for sentence in sentences:
            typer.echo(f"- {title}: {sentence}")


def _prove(tools: Bench, number: int, person: str) -> "PolicyVersion":
    version = tools.workshop.prove(number, by=person, at=tools.machine)
    _show_proof(version)
    return version
