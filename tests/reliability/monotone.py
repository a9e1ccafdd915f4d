"""Checks that progress is monotone: results stay, and the epochs of checkpoints only grow."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class Monotone:
    """Compares a results folder with its state at the last check."""

    def __init__(self) -> None:
        self._results: set[str] = set()
        self._epochs: dict[str, int] = {}

    def problems(self, results: Path) -> Iterator[str]:
        """What was lost since the last call. Stacks do not count: a stack that is divided starts from the beginning."""
        epochs = {}
        for path in results.glob("*/trials/*/checkpoint.json"):
            with suppress(OSError):  # it has just been removed
                kept = json.loads(path.read_text())
                if len(kept["trials"]) == 1:
                    epochs[path.parent.name] = kept["epoch"]
        # Read after the checkpoints: a checkpoint is removed once its trial's record is written.
        states = {}
        for path in results.glob("*/trials/*/record.json"):
            states[path.parent.name] = json.loads(path.read_text())["state"]
        there = {trial for trial, state in states.items() if state in ("complete", "diverged")}
        yield from (f"the result of trial {trial} is gone" for trial in self._results - there)
        for trial, epoch in self._epochs.items():
            if trial not in states and (now := epochs.get(trial, 0)) < epoch:
                yield f"trial {trial} is back from epoch {epoch} to {now}"
        self._results, self._epochs = there, epochs
