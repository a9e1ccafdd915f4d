"""Configurations, fits and modules of one's own, as small as they can be."""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
import yaml

from ablate.config.load import ComposedStudy, load
from ablate.config.trial import TrialConfig
from ablate.execute.process.isolation import isolated_process
from ablate.execute.train import compilation
from ablate.execute.train.callbacks import Curve, Divergence, scalars
from ablate.execute.train.fit import Fit, prepare
from ablate.execute.train.trainer import trainer
from ablate.execute.train.trial_module import TrialModule
from ablate.plan.seeds import Streams, streams
from tests.threads import THREADS

OWN = """
    import pytorch_lightning as pl
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset, random_split


    class Net(pl.LightningModule):
        def __init__(self, lr: float = 0.1, width: int = 8, weight_decay: float = 0.0, probe: bool = True,
                     freeze_until: int = 0, ignored: int = 0):
            super().__init__()
            self.lr, self.weight_decay, self.freeze_until = lr, weight_decay, freeze_until
            self.layers = nn.Sequential(nn.Linear(6, width), nn.Dropout(0.2), nn.ReLU(), nn.Linear(width, 1))
            if probe:
                self.example_input_array = torch.linspace(-1, 1, 24).reshape(4, 6)

        def forward(self, x):
            return self.layers(x)

        def training_step(self, batch, batch_idx):
            x, y = batch
            loss = nn.functional.mse_loss(self(x), y)
            self.log("train/own_loss", loss)
            return loss

        def validation_step(self, batch, batch_idx):
            x, y = batch
            self.log("val/mse", nn.functional.mse_loss(self(x), y))

        def test_step(self, batch, batch_idx):
            x, y = batch
            self.log("test/mse", nn.functional.mse_loss(self(x), y))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.lr, weight_decay=self.weight_decay)


    class Data(pl.LightningDataModule):
        def __init__(self, examples: int = 60, batch_size: int = 10):
            super().__init__()
            self.examples, self.batch_size = examples, batch_size

        def setup(self, stage):
            x = torch.linspace(-2, 2, self.examples * 6).sin().reshape(self.examples, 6)
            self.parts = random_split(TensorDataset(x, x.sum(1, keepdim=True)), [0.5, 0.25, 0.25])

        def train_dataloader(self):
            return DataLoader(self.parts[0], batch_size=self.batch_size, shuffle=True)

        def val_dataloader(self):
            return DataLoader(self.parts[1], batch_size=self.batch_size)

        def test_dataloader(self):
            return DataLoader(self.parts[2], batch_size=self.batch_size)
"""


@pytest.fixture(autouse=True)
def threads() -> None:
    torch.set_num_threads(THREADS)


@pytest.fixture
def processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is timed is the work of this process: other work on the machine adds nothing to it."""
    monkeypatch.setattr(time, "perf_counter", time.process_time)


@pytest.fixture
def resolve(here: Path) -> Callable[..., TrialConfig]:
    """A study's configuration under overrides; `with_settings` and `with_groups` change what overrides cannot."""

    def resolved(*words: str, study: str = "smoke") -> TrialConfig:
        place = str(here) if (here / "conf").exists() else None
        if (study, place) not in STUDIES:
            STUDIES[study, place] = load([study], here)
        return STUDIES[study, place].resolve({}, words)

    return resolved


STUDIES: dict[tuple[str, str | None], ComposedStudy] = {}
"""Composed studies by name, and by directory where it has a conf/ of its own: composing takes Hydra a while."""


@pytest.fixture
def project(here: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Writes a file of the user's own into the working directory, which is on the import path."""
    monkeypatch.syspath_prepend(str(here))
    before = set(sys.modules)

    def write(name: str, text: str) -> Path:
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(here)):
            del sys.modules[name]


@pytest.fixture
def plain(project: Callable[[str, str], Path]) -> Callable[..., None]:
    """Writes the study `plain`, of a plain nn.Module of one's own: class Net of net.py, with its options."""

    def write(code: str, **options: object) -> None:
        project("net.py", code)
        project("conf/model/net.yaml", yaml.safe_dump({"_target_": "net.Net", **options}))
        project(
            "conf/study/plain.yaml",
            """
            # @package _global_
            defaults:
              - override /model: net
            study:
              name: plain
              question: Does it?
              design: one_at_a_time
              factors: []
              response: test/accuracy
            data: {limit: 200, val_size: 40, test_size: 60, batch_size: 20}
            trainer: {max_epochs: 1}
            """,
        )

    return write


@pytest.fixture
def own(project: Callable[[str, str], Path]) -> tuple[str, ...]:
    """The words for a study of a LightningModule of one's own."""
    project("own.py", OWN)
    project(
        "conf/model/own.yaml",
        "_target_: own.Net\nlr: 0.1\nwidth: 8\nweight_decay: 0.0\nprobe: true\nfreeze_until: 0\nignored: 0\n",
    )
    project("conf/data/own.yaml", "_target_: own.Data\nexamples: 60\nbatch_size: 10\n")
    project(
        "conf/study/own.yaml",
        """
        # @package _global_
        defaults:
          - override /model: own
          - override /data: own
          - override /objective: none
          - override /optimizer: none
        study:
          name: own
          question: Does it?
          design: one_at_a_time
          factors: []
          response: {name: test/mse, better: lower}
        trainer: {max_epochs: 2}
        """,
    )
    return ("own",)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A fit that has ended."""

    fit: Fit
    trainer: pl.Trainer
    responses: dict[str, float]
    curve: str
    divergence: Divergence

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        return {k: v.detach().cpu().clone() for k, v in self.fit.network.state_dict().items()}


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Done]:
    """Fits and tests a configuration as a trial does."""

    def trained(config: TrialConfig, seeds: Streams | None = None, *, callbacks: tuple[pl.Callback, ...] = ()) -> Done:
        with isolated_process(threads=THREADS):
            fit = prepare(config, seeds or streams(0, 0))
            curve, divergence = Curve(), Divergence(config.trainer.settings.max_loss)
            made = trainer(
                config,
                user_defined=not isinstance(fit.module, TrialModule),
                callbacks=(curve, divergence, *callbacks),
                folder=tmp_path / "trial",
            )
            made.fit(fit.module, **fit.data)
            responses = scalars(made)
            if fit.test is not None:
                made.test(fit.module, verbose=False, **fit.test)
                responses |= scalars(made)
        return Done(fit=fit, trainer=made, responses=responses, curve=curve.as_csv(), divergence=divergence)

    return trained


@pytest.fixture
def traced(monkeypatch):
    """Torch's compiler without its code generation, which takes seconds; gives the graphs that it has seen."""
    graphs = []

    def backend(graph, examples):
        graphs.append(graph)
        return graph.forward

    def compiled(call, device):
        return torch.compile(call, dynamic=False, backend=backend)

    monkeypatch.setattr(compilation, "_compiled", compiled)
    return graphs
