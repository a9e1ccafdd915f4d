"""`ablate run`: train what is missing, then show the answer."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from ablate.cli.arguments import (
    AsciiOption,
    CfgOption,
    FormatOption,
    MultirunOption,
    QuickOption,
    ResultsDir,
    TableOption,
    TargetOption,
    Words,
    note_multirun,
    request_words,
)
from ablate.cli.commands.plan import print_plan
from ablate.cli.exits import Code, reported
from ablate.cli.study_name import study_name
from ablate.errors import ConfigError, begun


class Stale(StrEnum):
    """What to do with trials whose code has changed since they trained."""

    keep = "keep"
    rerun = "rerun"


class FailOn(StrEnum):
    """Which verdicts make the command fail."""

    contradicted = "contradicted"
    inconclusive = "inconclusive"


class Retry(StrEnum):
    """Of which state finished trials are trained again."""

    timed_out = "timed_out"


@reported
def run(
    words: Words = None,
    *,
    target: TargetOption = None,
    show_plan: Annotated[bool, typer.Option("--plan", help="Only print what would run, as `ablate plan`.")] = False,
    cfg: CfgOption = None,
    table: TableOption = None,
    format: FormatOption = "table",
    ascii_only: AsciiOption = False,
    stale: Annotated[
        Stale | None,
        typer.Option(
            "--stale",
            help="Trials whose code has changed since: keep and pool them, or train them again, with those "
            "that lack weights or a run of the logger asked for now.",
            show_default=False,
        ),
    ] = None,
    retry: Annotated[
        list[Retry] | None,
        typer.Option(
            "--retry", help="Train trials again that ran out of time (trainer.timeout_min).", show_default=False
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            help="Exit with code 3 if a claim is contradicted; with inconclusive, also if one is inconclusive.",
            show_default=False,
        ),
    ] = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", help="Submit what is missing and return (engine=slurm); the same command without it collects."
        ),
    ] = False,
    quick: QuickOption = False,
    multirun: MultirunOption = False,
    results_dir: ResultsDir = None,
) -> None:
    """Train what is missing of a study, with live progress; then show its answer, as `ablate show`."""
    asked = request_words(words, results_dir, quick=quick)
    if multirun:
        note_multirun()
    if show_plan or cfg is not None:
        given = (table, format, ascii_only, stale, retry, fail_on, detach, show_plan and cfg is not None)
        if given != (None, "table", False, *[None] * 3, False, False):
            option, prints, other = ("--plan", "one table", ", --cfg") if show_plan else ("--cfg", "YAML", "")
            raise ConfigError(
                f"{option} trains nothing and prints {prints}: leave out --table, --format, --ascii, --stale, "
                f"--retry, --fail-on, --detach{other}."
            )
        return print_plan(asked, target) if show_plan else print_configuration(asked, target)

    if detach and (table, format, ascii_only, fail_on) != (None, "table", False, None):
        raise ConfigError("--detach returns before there is a result: leave out --table, --format, --ascii, --fail-on.")

    from ablate import study
    from ablate.python.display import Display
    from ablate.python.rendered_summary import rendered_summary
    from ablate.report.document import document
    from ablate.report.formats import registry
    from ablate.report.formats.markdown import markdown
    from ablate.report.live.message import error, note
    from ablate.store.atomic import write

    registry.check(format, table, ascii_only=ascii_only)
    with Display() as display, study.requested(asked, target) as request:
        try:
            summary, directory = study.run(
                request.words,
                conf=request.conf,
                request=request.request,
                observer=display,
                stale=None if stale is None else stale.value,
                retry=[r.value for r in retry or ()],
                detach=detach,
                render=rendered_summary,
            )
        except KeyboardInterrupt:
            display.close()
            note(f"Interrupted: {display.so_far}. Run the same command to go on.")
            raise
    if detach:
        return None
    with begun():
        write(directory / "summary.md", markdown(document(summary, directory.name)).encode())
        registry.show(
            summary,
            format,
            table=table,
            trials=lambda: study.records(directory),
            name=study_name(directory),
            ascii_only=ascii_only,
        )
    if broken := [exact.line for exact in summary.identities if not exact.holds]:
        what = "An identity does" if len(broken) == 1 else f"{len(broken)} identities do"
        error(f"{what} not hold. {'. '.join(broken)}.")
    if summary.diverged and not summary.complete:
        error(f"All {summary.diverged} trainings diverged: nothing was learned that could be compared.")
    if (
        display.is_budget_spent
        or summary.failed
        or summary.timed_out
        or broken
        or (summary.diverged and not summary.complete)
    ):
        raise typer.Exit(Code.SOME_FAILED)
    # Where no claim was stated before the trials, as after study.yaml was lost, those given later must not pass unseen.
    outcomes = {verdict.outcome for verdict in summary.verdicts or summary.later}
    if fail_on is not None and outcomes & FAILS[fail_on]:
        raise typer.Exit(Code.CLAIM_FAILED)
    return None


def print_configuration(words: Sequence[str], target: str | None) -> None:
    """Prints the composed configuration of a request as YAML on stdout, as Hydra's `--cfg job` does."""
    from ablate import study
    from ablate.report.live.message import note

    with study.requested(words, target) as asked:
        sys.stdout.write(study.configuration(asked.words, conf=asked.conf))
    note("Each design point sets the levels of its factors on top of this: 'ablate plan' lists them.")


FAILS: dict[FailOn, set[str | None]] = {
    FailOn.contradicted: {"contradicted"},
    FailOn.inconclusive: {"contradicted", "inconclusive", None},
}
"""--fail-on → the outcomes with which the command fails. None: a claim with too few replicates for a verdict."""
