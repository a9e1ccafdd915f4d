"""A study's trials as jobs: which train as one, in which order, on how many workers, with how many threads each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ablate.plan.bundle import Bundle
from ablate.plan.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Bundles in the order in which they start, and who trains them."""

    bundles: tuple[Bundle, ...]
    workers: int
    """At a time."""
    threads: int
    """CPU threads of each."""
    seconds: float | None
    """From the first start to the last end; None: unknown."""
    notes: tuple[str, ...] = ()

    def of(self, trials: Iterable[Trial]) -> "Schedule":
        """The same with these trials in the places of their equals: one made in another process has copies."""
        mine = {trial.id: trial for trial in trials}
        bundles = (replace(b, trials=tuple(mine[t.id] for t in b.trials)) for b in self.bundles)
        return replace(self, bundles=tuple(bundles))
