"""How a study's trials run: which train as one, in which order, on how many workers, with how many threads each."""

from collections.abc import Iterable
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

    def with_trials(self, trials: Iterable[Trial]) -> "Schedule":
        """The same with these trials in place of those with equal ids: a schedule from another process has copies.

        They train on `accelerator`.
        """
        by_id = {trial.id: trial for trial in on_accelerator(trials, self.accelerator)}
        bundles = (replace(b, trials=tuple(by_id[t.id] for t in b.trials)) for b in self.bundles)
        return replace(self, bundles=tuple(bundles))


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
