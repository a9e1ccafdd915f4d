"""The same trials trained by ablate and by what a person would use instead, each as processes of their own.

Whoever trains leaves the responses of every trial, by its settings and replicate, so that they can be compared.
"""

import itertools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from tests.benchmarks._plain import HERE

PEERS = Path(__file__).parent / "peers"
PEER = PEERS / "train.py"

Losses = dict[tuple[str, ...], dict[str, float]]
"""Settings and replicate of a trial → its responses."""

CHECKED = ("train/loss", "val/loss", "test/loss")
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Every combination of `varied`, `replicates` times, of one network; keys are ablate's and the peer's alike."""

    model: str
    varied: Mapping[str, Sequence[str]]
    replicates: int
    epochs: int | None = None
    """None: the default of both sides."""
    steps: int | None = None
    """Minibatches of an epoch that train; None: all."""
    precision: str = "32-true"

    @property
    def trials(self) -> int:
        """How many there are."""
        return len([*itertools.product(*self.varied.values())]) * self.replicates

    def ablate(self, folder: Path, *extra: str) -> Losses:
        """`ablate run`, cold: engine=local on two workers."""
        words = [f"{key}={','.join(values)}" for key, values in self.varied.items()]
        chosen = self._trainer("trainer.lightning.")
        study = ["plain", f"model={self.model}"]
        engine = ["engine=local", "engine.workers=2", "trainer.accelerator=cpu", f"results_dir={folder}"]
        rest = [f"seed={SEED}", f"replicates={self.replicates}", *chosen, *engine, *words, *extra]
        _call([sys.executable, "-m", "ablate", "run", *study, *rest], cwd=HERE)
        records = [msgspec.json.decode(path.read_bytes()) for path in folder.glob("*/trials/*/record.json")]
        return {self._key(record["config"], record["replicate"]): record["responses"] for record in records}

    def multirun(self, folder: Path, *launcher: str) -> Losses:
        """`--multirun` of the peer's program; without a launcher it is Hydra's basic one, in-process and serial."""
        words = [f"{key}={','.join(values)}" for key, values in self.varied.items()]
        numbers = ",".join(map(str, range(self.replicates)))
        _call(
            [
                *(sys.executable, str(PEER), "--multirun", *launcher, f"hydra.sweep.dir={folder}"),
                *(f"model={self.model}", f"seed={SEED}", f"replicate={numbers}", *self._trainer("trainer."), *words),
            ]
        )
        return self._results(folder)

    def joblib(self, folder: Path) -> Losses:
        """`--multirun` with the joblib launcher on two processes."""
        return self.multirun(folder, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

    def ray(self, folder: Path) -> Losses:
        """Ray Tune, on two actors."""
        numbers = ",".join(map(str, range(self.replicates)))
        words = [f"{key}={','.join(values)}" for key, values in self.varied.items()]
        fixed = [f"model={self.model}", f"seed={SEED}", *self._trainer("trainer.")]
        _call([sys.executable, str(PEERS / "ray_tune.py"), str(folder), *fixed, *words, f"replicate={numbers}"])
        return self._results(folder)

    def processes(self, folder: Path) -> Losses:
        """A shell loop: a process of the peer's program for each trial."""
        cells = itertools.product(*self.varied.values(), map(str, range(self.replicates)))
        lines = ["set -e"]
        for number, cell in enumerate(cells):
            words = " ".join(f"{key}={value}" for key, value in zip((*self.varied, "replicate"), cell, strict=True))
            rest = " ".join((f"model={self.model}", f"seed={SEED}", *self._trainer("trainer.")))
            lines.append(f"{sys.executable} {PEER} hydra.run.dir={folder}/{number} {words} {rest}")
        _call(["sh", "-c", "\n".join(lines)])
        return self._results(folder)

    def agree(self, ours: Losses, theirs: Losses, *, tolerance: float) -> None:
        """Holds the losses of every trial of one side against the other's.

        Args:
            ours: Of one side.
            theirs: Of the other.
            tolerance: The largest difference, relative to the larger loss or to 1, whichever is more.

        Raises:
            RuntimeError: trials are missing, or their losses differ: there is no ratio.
        """
        if len(ours) != self.trials or set(ours) != set(theirs):
            raise RuntimeError(f"{self.trials} trials: {len(ours)} and {len(theirs)} are there. There is no ratio.")
        for key, responses in ours.items():
            for name in CHECKED:
                mine, wanted = responses[name], theirs[key][name]
                if not abs(mine - wanted) <= tolerance * max(abs(mine), abs(wanted), 1):
                    raise RuntimeError(f"{key}: {name} is {mine:.9g} and {wanted:.9g}. There is no ratio.")

    def _results(self, folder: Path) -> Losses:
        results = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/result.json")]
        return {self._key(result["config"], result["config"]["replicate"]): result["responses"] for result in results}

    def _key(self, config: Mapping[str, Mapping[str, object]], replicate: int) -> tuple[str, ...]:
        groups = (key.split(".") for key in self.varied)
        return (*(str(config[group][name]) for group, name in groups), str(replicate))

    def _trainer(self, lightning: str) -> list[str]:
        words = [f"trainer.precision={self.precision}"]
        words += [] if self.epochs is None else [f"trainer.max_epochs={self.epochs}"]
        plus = "+" if "lightning" in lightning else ""
        return words + ([] if self.steps is None else [f"{plus}{lightning}limit_train_batches={self.steps}"])


RAY_TUNE_NEEDS = "tensorboardX"
"""A package that `ray[tune]` brings and `ray`, which the tests need anyway, does not."""


def is_installed(package: str) -> bool:
    """Whether a peer is there to be compared with."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _call(command: Sequence[str], *, cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1500:]}")
