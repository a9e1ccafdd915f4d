"""How a study's trials run: which train as one, in which order, on how many workers, with how many threads each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

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

    def with_trials(self, trials: Iterable[Trial]) -> "Schedule":
        """The same with these trials in place of those with equal ids: a schedule from another process has copies."""
        by_id = {trial.id: trial for trial in trials}
        bundles = (replace(b, trials=tuple(by_id[t.id] for t in b.trials)) for b in self.bundles)
        return replace(self, bundles=tuple(bundles))
