"""Writes checkpoints of a training, and lets another process go on from the last one."""

import hashlib
import io
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch

from ablate import files
from ablate.errors import ModelError, StoreError
from ablate.execute.targets.lightning_private import checkpoint_content, restart_batches
from ablate.execute.train.checkpoint.generators import generator_states, restore_generators
from ablate.execute.train.job import Job
from ablate.execute.train.provenance import provenance
from ablate.limits import MAX_WEIGHTS_BYTES
from ablate.store.directory import StudyDirectory
from ablate.store.progress import STATE, Progress, keep

SECTION = "ablate"
"""The key of a Lightning checkpoint under which ablate adds what Lightning does not write."""


TENSORS = ("callbacks", "state_dict", "optimizer_states", SECTION)
"""Keys of a Lightning checkpoint that hold tensors or are checked one by one: the rest is small."""


class Keeper(pl.Callback):
    """Writes a Lightning checkpoint when an epoch begins and so many minutes have passed since the last one.

    Beside Lightning's own content it holds the states of the global generators, the logged numbers and the time so far.
    It is read with `weights_only=True`: nothing in it is executed. A training goes on from it only if the trials, their
    code, the versions, the kind of device and the number of threads are the same.
    """

    def __init__(self, job: Job, *, every_min: float, threads: int, stacked: bool) -> None:
        """`job`: the trials that train. `stacked`: as one; else there is one, which trains alone."""
        self._job = job
        self._is_stacked = stacked
        self._every_s = 60 * every_min
        self._threads = threads
        self._to_restore: dict[str, Any] | None = None
        """The section of the checkpoint from which it goes on, until the first epoch has restored it; else None."""
        self._before_s = 0.0
        self._began = self._last_written = time.monotonic()

    @property
    def seconds_before(self) -> float:
        """Seconds that the training had taken in other processes."""
        return self._before_s

    def resume(self, trainer: pl.Trainer, module: pl.LightningModule) -> dict[str, Any]:
        """Prepares a fit to go on from its checkpoint; returns arguments of `Trainer.fit`, none where there is none."""
        found = self._read(self._key(trainer))
        self._began = self._last_written = time.monotonic()
        if found is None:
            return {}
        self._to_restore, self._before_s = found[SECTION], found[SECTION]["seconds"]
        for name, value in (*module.named_parameters(), *module.named_buffers()):
            if (kept := found["state_dict"].get(name)) is not None:
                value.data = value.data.to(kept.dtype)  # Lightning loads weights before it sets their precision
        strategy = cast(Any, trainer.strategy)
        strategy.checkpoint_io = _InMemory(found, strategy)
        return {"ckpt_path": self._folder / STATE}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before every epoch: restores what Lightning has not, or writes the next checkpoint."""
        if self._to_restore is not None:
            found, self._to_restore = self._to_restore, None
            restore_generators(found["generators"])
            trainer.callback_metrics.update(found["metrics"])
            restart_batches(trainer)
        elif self._is_due(trainer):
            with suppress(StoreError):  # a disk that is full takes no record either, and ends the study
                self._keep(trainer)
            self._last_written = time.monotonic()

    def _is_due(self, trainer: pl.Trainer) -> bool:
        """Whether the next checkpoint is to be written, by this process: of several, the first one writes."""
        waited_s = time.monotonic() - self._last_written
        return trainer.is_global_zero and trainer.current_epoch > 0 and waited_s >= self._every_s

    def _keep(self, trainer: pl.Trainer) -> None:
        content = checkpoint_content(trainer)
        for name in [name for name in content if "hyper_parameters" in name]:  # arguments, which may be any objects
            del content[name]
        content[SECTION] = {
            "of": self._key(trainer),
            "seconds": self._before_s + time.monotonic() - self._began,
            "generators": generator_states(),
            "metrics": {name: value.detach().clone() for name, value in trainer.callback_metrics.items()},
        }
        _check_readable({**content["callbacks"], **{k: v for k, v in content.items() if k not in TENSORS}})
        loops = content["loops"]["fit_loop"]
        # After a restart Lightning leaves out the current epoch when it counts those that began. A second restart
        # would then draw the order of its examples twice.
        for progress in loops["epoch_progress"].values():
            progress["ready"] = progress["started"] + 1
        # Lightning takes an epoch whose batches are all done for one that has yet to end.
        batches = loops["epoch_loop.batch_progress"]
        batches["current"] = dict.fromkeys(batches["current"], 0)
        batches["is_last_batch"] = False
        written = io.BytesIO()
        torch.save(content, written)
        bundle = self._job.bundle
        progress = Progress(
            trials=tuple(trial.id for trial in bundle.trials),
            stacked=self._is_stacked,
            conv_as_matmul=bundle.conv_as_matmul,
            epoch=trainer.current_epoch,
        )
        keep(self._folder, progress, written.getvalue())

    def _read(self, key: str) -> dict[str, Any] | None:
        """The checkpoint of the same training; None: there is none, or it cannot be read."""
        try:
            content = io.BytesIO(files.read(self._folder / STATE, limit=MAX_WEIGHTS_BYTES))
            found: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
            return found if found[SECTION]["of"] == key else None
        except Exception:  # of a file that is none, or that holds more than tensors and numbers
            return None

    def _key(self, trainer: pl.Trainer) -> str:
        """A digest of all that a checkpoint depends on: a training goes on only from one with the same digest."""
        bundle, made = self._job.bundle, provenance(device="", threads=self._threads, engine="", source="", commit=None)
        of = [
            *([trial.id, source] for trial, source in zip(bundle.trials, self._job.sources, strict=True)),
            [self._is_stacked, bundle.conv_as_matmul, self._threads, trainer.strategy.root_device.type],
            [made.ablate, made.python, made.torch, made.lightning],
        ]
        return hashlib.sha256(json.dumps(of).encode()).hexdigest()

    @property
    def _folder(self) -> Path:
        return StudyDirectory(self._job.directory).trial(self._job.bundle.trials[0].id)


class _InMemory:
    """A reader of checkpoints that hands Lightning one that is in memory: it was read with `weights_only=True`."""

    def __init__(self, content: dict[str, Any], strategy: Any) -> None:
        self._content = content
        self._strategy = strategy
        self._former = strategy.checkpoint_io

    def load_checkpoint(self, *_: Any, **__: Any) -> dict[str, Any]:
        """The checkpoint. The strategy then gets its own reader back."""
        self._strategy.checkpoint_io = self._former
        return self._content


def _check_readable(states: Mapping[str, Any]) -> None:
    """Refuses states from which no training could go on, as they hold more than `weights_only=True` reads.

    Raises:
        ModelError: names whose state it is.
    """
    for name, state in states.items():
        written = io.BytesIO()
        try:
            torch.save(state, written)
            written.seek(0)
            torch.load(written, weights_only=True)
        except Exception as error:  # whatever pickling raises
            owner = name.partition("{")[0]
            raise ModelError(
                f"engine.checkpoint_min: the state of {owner} cannot be kept in a checkpoint. It may hold numbers, "
                "text, tensors, and lists and mappings of these. Have its state_dict leave out the rest, or train "
                "without engine.checkpoint_min."
            ) from error


def keeper(job: Job, *, threads: int, stacked: bool = False) -> Keeper | None:
    """The callback that writes checkpoints of a job's trials; None: `engine.checkpoint_min` is not set."""
    every_min = job.checkpoint_min
    return None if every_min is None else Keeper(job, every_min=every_min, threads=threads, stacked=stacked)
