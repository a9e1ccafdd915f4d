"""Keeps the state of a training, and goes on with it in another process."""

import hashlib
import io
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch

from ablate import files
from ablate.errors import StoreError
from ablate.execute.train.checkpoint.generators import generator_states, restore_generators
from ablate.execute.train.job import Job
from ablate.execute.train.provenance import provenance
from ablate.limits import MAX_WEIGHTS_BYTES
from ablate.store.directory import StudyDirectory
from ablate.store.progress import STATE, Progress, keep

OURS = "ablate"
"""The key of a Lightning checkpoint under which is what Lightning does not keep."""


class Keeper(pl.Callback):
    """Keeps the state of a fit as a Lightning checkpoint, when an epoch begins and so many minutes have passed.

    Beside Lightning's own content it holds the global generators, the logged numbers and the time so far. It is read
    with `weights_only=True`: nothing in it is executed. It is of the trials, code, versions, kind of device and number
    of threads that are noted in it, and no other training goes on with it.
    """

    def __init__(self, job: Job, *, every_min: float, threads: int, stacked: bool) -> None:
        """`job`: the trials that train. `stacked`: as one; else there is one, which trains alone."""
        self._job = job
        self._is_stacked = stacked
        self._every_s = 60 * every_min
        self._threads = threads
        self._found: dict[str, Any] | None = None
        """What is gone on with; None: nothing, or it has been restored."""
        self._before_s = 0.0
        self._began = self._kept = time.monotonic()

    @property
    def seconds_before(self) -> float:
        """Seconds that the training had taken in other processes."""
        return self._before_s

    def resume(self, trainer: pl.Trainer, module: pl.LightningModule) -> dict[str, Any]:
        """Prepares a fit to go on with the state that is kept; returns arguments of `Trainer.fit`, none without it."""
        found = self._read(self._key(trainer))
        self._began = self._kept = time.monotonic()
        if found is None:
            return {}
        self._found, self._before_s = found[OURS], found[OURS]["seconds"]
        for name, value in (*module.named_parameters(), *module.named_buffers()):
            if (kept := found["state_dict"].get(name)) is not None:
                value.data = value.data.to(kept.dtype)  # Lightning loads weights before it sets their precision
        strategy = cast(Any, trainer.strategy)
        strategy.checkpoint_io = _Read(found, strategy)
        return {"ckpt_path": self._folder / STATE}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Called by Lightning before every epoch: what came before it is complete."""
        if self._found is not None:
            found, self._found = self._found, None
            restore_generators(found["generators"])
            trainer.callback_metrics.update(found["metrics"])
            if (batches := getattr(trainer.fit_loop, "_data_fetcher", None)) is not None:
                iter(batches)  # a DataLoader draws when it begins; it had begun before the generators were restored
        elif trainer.current_epoch and time.monotonic() - self._kept >= self._every_s:
            with suppress(StoreError):  # a disk that is full takes no record either, and ends the study
                self._keep(trainer)
            self._kept = time.monotonic()

    def _keep(self, trainer: pl.Trainer) -> None:
        content: dict[str, Any] = getattr(trainer, "_checkpoint_connector").dump_checkpoint(weights_only=False)  # noqa: B009
        for name in [name for name in content if "hyper_parameters" in name]:  # arguments, which may be any objects
            del content[name]
        content[OURS] = {
            "of": self._key(trainer),
            "seconds": self._before_s + time.monotonic() - self._began,
            "generators": generator_states(),
            "metrics": {name: value.detach().clone() for name, value in trainer.callback_metrics.items()},
        }
        # Lightning takes an epoch whose batches are all done for one that has yet to end.
        batches = content["loops"]["fit_loop"]["epoch_loop.batch_progress"]
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
        """The state that is kept of the same training; None: there is none, or it cannot be read."""
        try:
            content = io.BytesIO(files.read(self._folder / STATE, limit=MAX_WEIGHTS_BYTES))
            found: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
            return found if found[OURS]["of"] == key else None
        except Exception:  # of a file that is none, or that holds more than tensors and numbers
            return None

    def _key(self, trainer: pl.Trainer) -> str:
        """What a state is of: equal ones go on in the same way."""
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


class _Read:
    """What Lightning reads a checkpoint with: one that has been read, safely, by any version of Lightning."""

    def __init__(self, content: dict[str, Any], strategy: Any) -> None:
        self._content = content
        self._strategy = strategy
        self._former = strategy.checkpoint_io

    def load_checkpoint(self, *_: Any, **__: Any) -> dict[str, Any]:
        """The checkpoint, once: the strategy then has its former reader again."""
        self._strategy.checkpoint_io = self._former
        return self._content


def keeper(job: Job, *, threads: int, stacked: bool = False) -> Keeper | None:
    """What keeps the state of a job's trials; None: `engine.checkpoint_min` is not set."""
    every_min = job.checkpoint_min
    return None if every_min is None else Keeper(job, every_min=every_min, threads=threads, stacked=stacked)
