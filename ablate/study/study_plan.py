"""A plan: a study joined with what is on disk. Nothing is written, and nothing heavy imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import DesignError
from ablate.limits import MAX_TRIALS

if TYPE_CHECKING:
    from ablate.config.load import ComposedStudy
    from ablate.config.spec import StudySpec
    from ablate.config.trial import TrialConfig
    from ablate.design import Layout
    from ablate.plan import Trial
    from ablate.plan.lesions import Lesions
    from ablate.store import Contents, Record
    from ablate.study.tuning import Tuned


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study's design points with their configurations, its trials, and those that are on disk.

    Where an arm's settings are not chosen yet, its configuration is as it is without a choice, and the ids of its
    trials are not those that they will have.

    `notes` says what was changed in the request to join it with the study on disk, and which factors of a name count.
    """

    spec: StudySpec
    layout: Layout
    configs: tuple[TrialConfig, ...]
    trials: tuple[Trial, ...]
    directory: Path
    contents: Contents
    frozen: bytes | None
    """study.yaml as it was when the plan was made; None where there was none."""
    added: tuple[str, ...]
    notes: tuple[str, ...]
    tuned: Tuned | None = None
    """What is tuned, and what has been chosen; None: nothing is tuned."""

    is_tuning: bool = False
    """Whether its trials are tuning trials of one rung, and its response the metric that they are compared by."""

    @property
    def keeps_weights(self) -> bool:
        """Whether the weights of its trained networks are kept; of tuning trials none are."""
        return self.spec.settings.get("keep") == "weights" and not self.is_tuning

    @property
    def lesions(self) -> Lesions | None:
        """Lesions of the trained full network; None: none are asked for, or these are tuning trials."""
        from ablate.plan.lesions import lesions_of

        return None if self.is_tuning else lesions_of(self.spec, self.layout.points, self.configs)

    @property
    def may_use_gpus(self) -> bool:
        """Whether one of its trials may train on a GPU."""
        return any(config.trainer.settings.accelerator != "cpu" for config in self.configs)

    @property
    def records(self) -> Sequence[Record]:
        """The planned trials' records, in the order of the plan."""
        from ablate.store import Selection

        found = self.contents.records
        return Selection(found, [t.id for t in self.trials if t.id in found])

    @property
    def finished(self) -> int:
        """Trials that need no training."""
        return sum(r.state != "failed" for r in self.records)


def plan(
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    conf: Path | None = None,
    request: Sequence[str] | None = None,
) -> Plan:
    """Reads a request such as `["head", "data=cifar10", "model.width=16,32"]`, joined with what is on disk.

    Nothing is written, and nothing heavier than Hydra is imported. Where capacity is to be matched, or components are
    to be found, networks are built, which the engine does.

    Args:
        words: A study's name and Hydra overrides, as after `ablate run`.
        cwd: Where the user's `conf/` is, and what a relative `results_dir` is relative to; default: here.
        conf: A folder of configuration that comes before the user's; None: there is none.
        request: The words that the study keeps as its request; default: `words`, or that it was made in Python where
            it has a folder of configuration.

    Raises:
        AblateError: anything in the request that does not fit, a study on disk that is another one, or an engine that
            cannot start a process to build networks.
    """
    from ablate.analysis.claims.claim import check_claim
    from ablate.analysis.claims.looks import check_looks
    from ablate.analysis.effects.pooling import check_pooling
    from ablate.analysis.review.registry import check_accepted
    from ablate.config.load import load
    from ablate.config.spec import MADE_IN_PYTHON
    from ablate.design import design_of, lay_out
    from ablate.plan import trials
    from ablate.plan.lesions import check_lesions
    from ablate.store import StudyDirectory, as_later, extend
    from ablate.store.choices import read_choices
    from ablate.study.fraction import check_fraction
    from ablate.study.tuning import tuned_of, with_choices

    here = cwd or Path.cwd()
    study = load(words, here, conf)
    asked = tuple(request or (words if conf is None else (MADE_IN_PYTHON, *words)))
    (spec, left_in), added, notes = _with_components(study, asked), (), ()
    if spec.factors:
        design_of(spec)  # before the comparison with the study on disk: an unknown design is the user's first mistake
    directory = StudyDirectory(here / spec.settings["results_dir"] / spec.directory)
    frozen_bytes, contents = directory.read("study.yaml"), directory.contents()
    if frozen_bytes is None and (found := count_results(contents)):
        if spec.claims:
            notes = (
                f"{spec.directory}/study.yaml is not there, and {found} trials are: claims that are stated now may "
                "have been fitted to them, and are exploratory. Restore study.yaml if it was there before the trials.",
            )
        spec = as_later(spec, trials=found)
    elif frozen_bytes is not None:
        frozen = directory.frozen().spec
        spec, added, notes = extend(frozen, spec, trials=count_results(contents))
        if (spec.factors, spec.replicates) == (frozen.factors, frozen.replicates):
            spec = replace(spec, request=frozen.request)  # the first command still makes all of these results
    for claim in (*spec.claims, *spec.later):
        check_claim(claim, spec.response)
    for check in (check_looks, check_pooling, check_accepted):
        check(spec)
    layout = lay_out(spec)
    _check_size(spec, layout)
    if frozen_bytes is not None:
        check_fraction(spec, layout, contents.records.values(), directory.path)
    configs = tuple(study.resolve(p.levels, p.overrides(spec.factors)) for p in layout.points)
    if spec.capacity is not None:
        from ablate.execute import tasks
        from ablate.execute.engines import engine as make_engine

        with closing(make_engine(spec.settings["engine"])) as engine:
            configs = engine.call(tasks.match_capacity, spec, layout.points, configs, study.resolve)
    check_lesions(spec, layout.points, configs)
    planned = trials(spec, layout.points, configs)
    tuned = tuned_of(study, spec, layout.points, configs, read_choices(directory))
    if tuned is not None and tuned.choices:
        configs = with_choices(study, spec, layout.points, configs, tuned)
        planned = trials(spec, layout.points, configs)
    return Plan(
        spec=spec,
        layout=layout,
        configs=configs,
        trials=planned,
        directory=directory.path,
        contents=without_misplaced(contents, planned, spec.response.name),
        frozen=frozen_bytes,
        added=added,
        notes=(*study.notes, *left_in, *notes, *(() if frozen_bytes else _uncrossed(spec, study.swept))),
        tuned=tuned,
    )


def configuration(words: Sequence[str], *, cwd: Path | None = None, conf: Path | None = None) -> str:
    """The configuration that a request composes to, as YAML with its interpolations, before any level of a factor.

    Args:
        words: As of `plan`.
        cwd: As of `plan`.
        conf: As of `plan`.

    Raises:
        ConfigError: anything in the request that does not fit.
    """
    from ablate.config.load import load

    return load(words, cwd or Path.cwd(), conf).text


def _with_components(study: ComposedStudy, request: tuple[str, ...]) -> tuple[StudySpec, tuple[str, ...]]:
    """The study with a factor for each of its components, and a note on the modules that stay in.

    Args:
        study: As it was composed; its spec is replaced where it has components.
        request: What it keeps as its request.
    """
    from ablate.config.model.components import component_factors
    from ablate.execute import tasks
    from ablate.execute.engines import engine as make_engine

    spec = replace(study.spec, request=request)
    if not spec.components:
        return spec, ()
    levels = {factor.name: factor.reference for factor in spec.factors}
    overrides = [override for factor in spec.factors for override in factor.levels[factor.reference]]
    with closing(make_engine(spec.settings["engine"])) as engine:
        config = study.resolve(levels, overrides)
        paths, refused = engine.call(tasks.components, spec.components, config, seed=spec.seed)
    study.spec = replace(spec, factors=(*spec.factors, *component_factors(spec, paths)))
    shown = "; ".join(f"{path} ({why})" for path, why in list(refused.items())[:MAX_LEFT_IN])
    more = f"; and {len(refused) - MAX_LEFT_IN} more" if len(refused) > MAX_LEFT_IN else ""
    return study.spec, (f"study.components leaves in what cannot be left out: {shown}{more}.",) if refused else ()


def _uncrossed(spec: StudySpec, swept: Sequence[str]) -> Iterator[str]:
    """Says that the design does not cross the factors that are swept on the command line: Hydra's sweeps are."""
    from ablate.design import design_of

    others = [name for name in spec.names if name not in swept]
    if swept and len(spec.factors) > 1 and not design_of(spec).crosses_factors:
        crossed = f" with {', '.join(others)}" if others else " with each other"
        yield (
            f"The values of {', '.join(swept)} are not crossed{crossed}: `design: {spec.design}` changes one factor at "
            "a time. study.design=factorial crosses them."
        )


MAX_LEFT_IN = 4
"""Modules that a note names."""


def _check_size(spec: StudySpec, layout: Layout) -> None:
    from ablate.design.tuning import tuning_of

    points, tuning = layout.points, tuning_of(spec)
    asked = len(points) * spec.replicates
    said = f"{len(points):,} design points × {spec.replicates:,} replicates are {asked:,} trials"
    if asked > MAX_TRIALS:
        raise DesignError(f"{said}; the limit is {MAX_TRIALS:,}. Ask for fewer replicates, factors or levels.")
    tried = 0 if tuning is None else len(tuning.arms(points)) * tuning.trials_per_arm
    if asked + tried > MAX_TRIALS:
        raise DesignError(
            f"{said}, beside {tried:,} tuning trials; the limit of both together is {MAX_TRIALS:,}. Tune fewer values, "
            "or by the levels of fewer factors (study.tune.by)."
        )


def without_misplaced(contents: Contents, trials: Sequence[Trial], response: str) -> Contents:
    """Counts a record that does not fit the trial whose id it has as one that cannot be read."""
    misplaced: dict[str, str] = {}
    for trial in trials:
        record = contents.records.get(trial.id)
        if record is None or record.state == "failed":
            continue
        if (dict(record.levels), record.replicate) != (dict(trial.point.levels), trial.replicate):
            misplaced[trial.id] = "it is of another design point or replicate than its trial"
        elif record.state == "complete" and record.value(response) is None:
            misplaced[trial.id] = f"it is complete, but has no {response}"
    if not misplaced:
        return contents
    records = contents.records.without(misplaced)
    return replace(contents, records=records, unreadable={**contents.unreadable, **misplaced})


def count_results(contents: Contents) -> int:
    """The number of trials that have a result."""
    return sum(record.is_result for record in contents.records.values())
