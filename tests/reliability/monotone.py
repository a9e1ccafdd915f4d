"""Progress that never goes back: what has a result keeps it, and what is kept of a training only grows."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class Monotone:
    """Compares a results folder with how it was before."""

    def __init__(self) -> None:
        self._results: set[str] = set()
        self._epochs: dict[str, int] = {}

    def problems(self, results: Path) -> Iterator[str]:
        """What has gone back since the last call. Stacks do not count: one that is taken apart begins anew."""
        epochs = {}
        for path in results.glob("*/trials/*/checkpoint.json"):
            with suppress(OSError):  # it has just been removed
                kept = json.loads(path.read_text())
                if len(kept["trials"]) == 1:
                    epochs[path.parent.name] = kept["epoch"]
        # Read after those: what is kept of a training is removed when its record is there.
        states = {}
        for path in results.glob("*/trials/*/record.json"):
            states[path.parent.name] = json.loads(path.read_text())["state"]
        there = {trial for trial, state in states.items() if state in ("complete", "diverged")}
        yield from (f"the result of trial {trial} is gone" for trial in self._results - there)
        for trial, epoch in self._epochs.items():
            if trial not in states and (now := epochs.get(trial, 0)) < epoch:
                yield f"trial {trial} is back from epoch {epoch} to {now}"
        self._results, self._epochs = there, epochs
