"""`ablate plan`: what would run, what it would cost, and what it could estimate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.cli.arguments import (
    MultirunOption,
    QuickOption,
    ResultsDir,
    TargetOption,
    Words,
    note_multirun,
    request_words,
)
from ablate.cli.exits import reported

if TYPE_CHECKING:
    from ablate.study import Plan


@reported
def plan(
    words: Words = None,
    *,
    target: TargetOption = None,
    quick: QuickOption = False,
    multirun: MultirunOption = False,
    results_dir: ResultsDir = None,
) -> None:
    """Print what a study would run: design points, trials, sizes, time, and what the design can estimate.

    It trains nothing, but it imports and calls what the configuration names: a configuration is code.
    """
    if multirun:
        note_multirun()
    print_plan(request_words(words, results_dir, quick=quick), target)


def print_plan(words: Sequence[str], target: str | None) -> None:
    """Prints the plan of a request, or of a study of a target, on stdout; trains and writes nothing."""
    from ablate import study

    with study.requested(words, target) as asked:
        _print_plan(study.plan(asked.words, conf=asked.conf, request=asked.request))


def _print_plan(planned: "Plan") -> None:
    import sys

    from ablate import study
    from ablate.report.formats.terminal import terminal
    from ablate.report.tables.columns.cost_columns import cost_values
    from ablate.report.tables.plan import plan_document
    from ablate.report.tables.tuning.outlook import tuning_lines

    outlook = study.examine(planned)
    capacity = planned.spec.capacity
    sys.stdout.write(
        terminal(
            plan_document(
                study=planned.directory.name,
                question=planned.spec.question,
                data=planned.spec.data,
                design=planned.spec.design,
                points=[p.levels for p in planned.layout.points],
                baseline_levels={f.name: f.reference for f in planned.spec.factors},
                trials=len(planned.trials),
                finished=planned.finished,
                bundles=outlook.bundles,
                stacked=outlook.stacked,
                alone=outlook.alone,
                workers=outlook.workers,
                threads=outlook.threads,
                gpus=outlook.gpus,
                seconds=outlook.seconds,
                estimates=outlook.can,
                cannot=outlook.cannot,
                claims=outlook.claims,
                identities=[str(node["_target_"]) for node in planned.spec.identities],
                notes=(*planned.layout.notes, *planned.layout.confounding, *outlook.notes, *planned.notes),
                width=capacity.heading if capacity else "width",
                widths=[capacity.width(config.model.content) for config in planned.configs] if capacity else (),
                timed_on=outlook.timed_on,
                tuning=tuning_lines(outlook.tuning),
                tuned=[planned.tuned.chosen(p.levels) for p in planned.layout.points] if planned.tuned else (),
                **cost_values(outlook.costs),
            ),
            sys.stdout,
            None,
        )
    )
