"""How a study's trials run: which train as one, in which order, on how many workers, with how many threads each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ablate.config.trial import TrialConfig
from ablate.plan.bundle import Bundle
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Bundles in the order in which they start, and the workers that train them."""

    bundles: tuple[Bundle, ...]
    workers: int
    """At a time."""
    threads: int
    """CPU threads of each."""
    seconds: float | None
    """From the first start to the last end; None: unknown."""
    notes: tuple[str, ...] = ()
    gpus: int = 0
    """On which the workers train; 0: they train on the processor."""
    places: tuple[int, ...] = ()
    """The GPU of each worker, as `ablate.plan.placement.place` returns it; empty: none is chosen for it."""
    accelerator: str | None = None
    """Where the trials train instead of what `trainer.accelerator` says; None: as it says."""

    def numbered(self, trials: Sequence[Trial]) -> "NumberedSchedule":
        """The same for another process, which has these trials, too."""
        numbers = {trial.id: number for number, trial in enumerate(trials)}
        kinds: dict[Bundle, Bundle] = {}  # few: what bundles share is sent once
        bare = (replace(bundle, trials=()) for bundle in self.bundles)
        return NumberedSchedule(
            settings=replace(self, bundles=()),
            numbers=tuple(tuple(numbers[trial.id] for trial in bundle.trials) for bundle in self.bundles),
            kinds=tuple(kinds.setdefault(bundle, bundle) for bundle in bare),
        )


@dataclass(frozen=True, kw_only=True)
class NumberedSchedule:
    """A schedule that names its trials by number: what it takes to send it to a process that has them."""

    settings: Schedule
    """Without bundles."""
    numbers: tuple[tuple[int, ...], ...]
    """Of each bundle's trials."""
    kinds: tuple[Bundle, ...]
    """The bundles, without trials."""

    def with_trials(self, trials: Sequence[Trial]) -> Schedule:
        """The schedule of these trials, on its `accelerator`."""
        mine = on_accelerator(trials, self.settings.accelerator)
        bundles = (
            replace(kind, trials=tuple(mine[number] for number in numbers))
            for kind, numbers in zip(self.kinds, self.numbers, strict=True)
        )
        return replace(self.settings, bundles=tuple(bundles))


def on_accelerator(trials: Iterable[Trial], accelerator: str | None) -> tuple[Trial, ...]:
    """The same trials with another `trainer.accelerator`, which is no part of what a trial is; None: unchanged."""
    if accelerator is None:
        return tuple(trials)
    configs: dict[TrialConfig, TrialConfig] = {}  # few: the replicates of a design point have equal ones
    moved: list[Trial] = []
    for trial in trials:
        if trial.config not in configs:
            configs[trial.config] = trial.config.with_settings("trainer", accelerator=accelerator)
        moved.append(replace(trial, config=configs[trial.config]))
    return tuple(moved)
