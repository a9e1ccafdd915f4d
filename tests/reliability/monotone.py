"""Checks that progress is monotone: results stay as they are, and the epochs of checkpoints only grow."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class Monotone:
    """Compares a results folder with its state at the last check."""

    def __init__(self) -> None:
        self._results: dict[str, str] = {}
        """Trial → when the training of its result had started: another start is another training."""
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
        records = {path.parent.name: json.loads(path.read_text()) for path in results.glob("*/trials/*/record.json")}
        there = {trial: each["started"] for trial, each in records.items() if each["state"] in ("complete", "diverged")}
        for trial, started in self._results.items():
            if trial not in there:
                yield f"the result of trial {trial} is gone"
            elif there[trial] != started:
                yield f"trial {trial} was trained again, though it had a result"
        for trial, epoch in self._epochs.items():
            if trial not in records and (now := epochs.get(trial, 0)) < epoch:
                yield f"trial {trial} is back from epoch {epoch} to {now}"
        self._results, self._epochs = there, epochs
