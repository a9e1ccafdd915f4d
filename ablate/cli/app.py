"""The Typer application: its commands and its options."""

from typing import Annotated

import typer

import ablate
from ablate.cli.commands.clean import clean
from ablate.cli.commands.compare import compare
from ablate.cli.commands.doctor import doctor
from ablate.cli.commands.export import export
from ablate.cli.commands.init import init
from ablate.cli.commands.inspect import inspect
from ablate.cli.commands.list import list_
from ablate.cli.commands.plan import plan
from ablate.cli.commands.report import report
from ablate.cli.commands.review import review
from ablate.cli.commands.run import run
from ablate.cli.commands.show import show
from ablate.cli.commands.verdicts import verdicts
from ablate.cli.commands.verify import verify

app = typer.Typer(
    name="ablate",
    help="Answers architecture questions with evidence: designed ablation experiments, trained with PyTorch Lightning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(init)
app.command()(run)
app.command()(plan)
app.command("list")(list_)
app.command()(show)
app.command()(verdicts)
app.command()(compare)
app.command()(report)
app.command()(review)
app.command()(verify)
app.command()(export)
app.command()(clean)
app.command()(inspect)
app.command()(doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"ablate {ablate.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Takes the options that precede the command."""
