"""Tuning of a study: the arms and their choices, and the trials by which the choices are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ablate.config.load import ComposedStudy
    from ablate.config.spec import StudySpec
    from ablate.config.trial import TrialConfig
    from ablate.design import DesignPoint
    from ablate.design.point import Cell
    from ablate.design.tuning import Tuning
    from ablate.execute.engines import Engine
    from ablate.plan import Trial
    from ablate.plan.tuning import Arm
    from ablate.store.choices import Choice
    from ablate.study.missing_trials import Retried, Stale
    from ablate.study.observer import Observer
    from ablate.study.study_plan import Plan


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a study tunes, its arms, and what has been chosen for them."""

    tuning: Tuning
    arms: Mapping[Cell, Arm]
    choices: Mapping[Cell, Choice]
    plain: tuple[TrialConfig, ...]
    """The design points' configurations without any choice: two of them must differ in more than what is chosen."""

    @property
    def pending(self) -> tuple[Arm, ...]:
        """The arms without a choice."""
        return tuple(arm for levels, arm in self.arms.items() if levels not in self.choices)

    def chosen(self, levels: Mapping[str, str]) -> Mapping[str, Any]:
        """The settings that were chosen for a design point; none before they are."""
        choice = self.choices.get(self.tuning.arm(levels))
        return {} if choice is None else choice.chosen


def tuned_of(
    study: ComposedStudy,
    spec: StudySpec,
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    choices: Sequence[Choice],
) -> Tuned | None:
    """What a study tunes, with the candidates' configurations; None: nothing.

    Args:
        study: resolves configurations.
        spec: the study, as joined with what is on disk.
        points: its design points.
        configs: their configurations as they are without any choice.
        choices: what is on disk.

    Raises:
        ConfigError: `study.tune` does not fit, a setting is not there, or two candidates are one training.
    """
    from ablate.design.point import cell
    from ablate.design.tuning import tuning_of
    from ablate.plan.tuning import Arm, check_distinct

    tuning = tuning_of(spec)
    if tuning is None:
        return None
    plain = dict(zip([cell(point.levels) for point in points], configs, strict=True))
    arms: dict[Cell, Arm] = {}
    for levels, point in tuning.arms(points).items():
        tried = [_with(study, spec, point, plain[cell(point.levels)], one) for one in tuning.candidates]
        arms[levels] = Arm(levels=levels, point=point, configs=tuple(tried))
        check_distinct(arms[levels], tuning)
    found = {cell(choice.levels): choice for choice in choices if dict(choice.chosen) in tuning.candidates}
    return Tuned(
        tuning=tuning,
        arms=arms,
        choices={levels: found[levels] for levels in arms if levels in found},
        plain=tuple(configs),
    )


def with_choices(
    study: ComposedStudy,
    spec: StudySpec,
    points: Sequence[DesignPoint],
    configs: Sequence[TrialConfig],
    tuned: Tuned,
) -> tuple[TrialConfig, ...]:
    """The configurations with what was chosen; as they are where nothing is yet.

    Raises:
        ConfigError: a setting is not there.
    """
    return tuple(
        _with(study, spec, point, config, chosen) if (chosen := tuned.chosen(point.levels)) else config
        for point, config in zip(points, configs, strict=True)
    )


def _with(
    study: ComposedStudy, spec: StudySpec, point: DesignPoint, plain: TrialConfig, chosen: Mapping[str, Any]
) -> TrialConfig:
    from ablate.design.tuning import overrides
    from ablate.errors import ConfigError

    try:
        made = study.resolve(point.levels, (*point.overrides(spec.factors), *overrides(chosen)))
    except ConfigError as error:
        raise ConfigError(f"study.tune: {' '.join(overrides(chosen))}: {error}") from error
    # Where capacity is matched, the network is that which was solved for: no setting of its own is tuned then.
    return made if spec.capacity is None else replace(made, model=plain.model)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One rung of the arms without a choice: its tuning trials, as a plan of their own."""

    part: Plan
    trials: Mapping[Cell, Mapping[int, tuple[Trial, ...]]]
    """Arm → candidate → a trial on each tuning seed."""

    def scores(self, levels: Cell) -> dict[int, tuple[float | None, ...]]:
        """Candidate → the metric on each tuning seed; each must have a record."""
        records, metric = self.part.contents.records, self.part.spec.response.name
        return {
            candidate: tuple(
                record.value(metric) if record.state == "complete" else None
                for record in (records[trial.id] for trial in trials)
            )
            for candidate, trials in self.trials[levels].items()
        }


def stages(planned: Plan) -> Iterator[Stage]:
    """Each rung of the arms without a choice, in its turn.

    Which candidates go on is read from the records when the next rung is asked for. Where those of a rung are not
    all there, the first candidates stand for the better ones: there will be as many.
    """
    from ablate.plan.tuning import ranked, tuning_trials

    assert planned.tuned is not None
    tuning, arms = planned.tuned.tuning, planned.tuned.pending
    standing = {arm.levels: tuple(range(len(tuning.candidates))) for arm in arms}
    for rung, size in enumerate(tuning.sizes):
        trials = {
            arm.levels: tuning_trials(planned.spec, tuning, arm, rung, sorted(standing[arm.levels][:size]))
            for arm in arms
        }
        yield Stage(part=_part(planned, trials), trials=trials)
        ended = Stage(part=_part(planned, trials), trials=trials)  # read again: they may have been trained meanwhile
        if ended.part.finished == len(ended.part.trials):
            standing = {levels: ranked(ended.scores(levels), tuning.better) for levels in trials}


def _part(planned: Plan, trials: Mapping[Cell, Mapping[int, tuple[Trial, ...]]]) -> Plan:
    """The trials as a plan: their folder, and their metric as the response."""
    from ablate.config.spec import Response
    from ablate.store.choices import tuning_directory
    from ablate.study.study_plan import without_misplaced

    assert planned.tuned is not None
    tuning, directory = planned.tuned.tuning, tuning_directory(planned.directory)
    every = tuple(trial for by_candidate in trials.values() for each in by_candidate.values() for trial in each)
    return replace(
        planned,
        spec=replace(planned.spec, response=Response(name=tuning.metric, better=tuning.better), looks=None),
        trials=every,
        directory=directory.path,
        contents=without_misplaced(directory.contents(), every, tuning.metric),
        is_tuning=True,
    )


def without_stale_choices(planned: Plan) -> Plan:
    """The plan without its choices, if the code of the tuning trials behind them has changed since; else as it is."""
    if planned.tuned is None or not planned.tuned.choices:
        return planned
    from ablate.study.missing_trials import stale_sources

    without = replace(planned, tuned=replace(planned.tuned, choices={}))
    return without if any(stale_sources(stage.part) for stage in stages(without)) else planned


def check_candidates(engine: Engine, planned: Plan) -> None:
    """Builds each candidate's network at one arm and takes a step with it, so that what cannot train is refused.

    Raises:
        AblateError: it does not build or train, or the metric is not logged.
    """
    from ablate.design.tuning import overrides
    from ablate.execute import tasks

    if planned.tuned is None:
        return
    spec = _part(planned, {}).spec
    for arm in planned.tuned.pending[:1]:
        for candidate, config in zip(planned.tuned.tuning.candidates, arm.configs, strict=True):
            try:
                engine.call(tasks.examine, spec, [arm.point], [config])
            except AblateError as error:
                raise type(error)(f"study.tune: {' '.join(overrides(candidate))}: {error}") from error


def tune(engine: Engine, planned: Plan, observer: Observer, *, stale: Stale | None, retry: Sequence[Retried]) -> None:
    """Trains the tuning trials that are missing, rung by rung, and writes what is chosen by them.

    A choice stays: it is frozen before the first trial of its arm.

    Raises:
        AblateError: tuning trials have failed, so that nothing can be chosen; or as `train_missing`.
    """
    from ablate.plan.tuning import ranked
    from ablate.store import StudyDirectory
    from ablate.store.choices import Choice, Tried, write_choices
    from ablate.study.missing_trials import missing_trials
    from ablate.study.training import train_missing

    assert planned.tuned is not None
    tuning, arms = planned.tuned.tuning, planned.tuned.pending
    tried: dict[Cell, list[tuple[Tried, ...]]] = {arm.levels: [] for arm in arms}
    best: dict[Cell, int] = {}
    used: dict[Cell, set[str]] = {arm.levels: set() for arm in arms}
    for rung, stage in enumerate(stages(planned)):
        directory = StudyDirectory(stage.part.directory)
        directory.set_aside(stage.part.contents.unreadable)
        missing = missing_trials(stage.part, stale, observer, retry=retry)
        observer.on_start(stage.part, len(stage.part.trials) - len(missing))
        directory.sweep(train_missing(engine, stage.part, missing, observer))
        ended = Stage(part=_part(planned, stage.trials), trials=stage.trials)
        _check_trained(ended.part)
        for arm in arms:
            scores = ended.scores(arm.levels)
            used[arm.levels] |= {trial.id for trials in ended.trials[arm.levels].values() for trial in trials}
            best[arm.levels] = ranked(scores, tuning.better)[0]
            tried[arm.levels].append(
                tuple(
                    Tried(
                        settings=tuning.candidates[candidate],
                        share=tuning.rungs[rung],
                        values=values,
                    )
                    for candidate, values in scores.items()
                )
            )
    made = [
        Choice(
            levels=dict(levels), chosen=tuning.candidates[best[levels]], rungs=tuple(rungs), trials=len(used[levels])
        )
        for levels, rungs in tried.items()
    ]
    write_choices(StudyDirectory(planned.directory), [*planned.tuned.choices.values(), *made])


def _check_trained(part: Plan) -> None:
    failed = [record for record in part.records if record.state == "failed"]
    if failed:
        first = failed[0]
        raise AblateError(
            f"{len(failed)} of {len(part.trials)} tuning trials failed, the first with: {first.error}. Its traceback "
            f"is in {part.directory / 'trials' / first.id / 'traceback.txt'}. Nothing is chosen before each has a "
            "result: mend it, then run the same command again."
        )
    if lost := len(part.trials) - len(part.records):
        raise AblateError(f"{lost} of {len(part.trials)} tuning trials have no record. Run the same command again.")
