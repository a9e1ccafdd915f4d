"""Evaluates a trained network with its modules put out of action, one arm and one kind of lesion after the other."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import nn

from ablate.config.trial import TrialConfig
from ablate.errors import AblateError, ModelError
from ablate.execute.distributed.devices import on_one_device
from ablate.execute.lesion.means import Means
from ablate.execute.lesion.minibatch import Minibatch
from ablate.execute.lesion.replacement import replaced
from ablate.execute.targets.target import error_text
from ablate.execute.train.batches import EvaluationChunks
from ablate.execute.train.callbacks import scalars
from ablate.execute.train.editing.selection import outermost, select
from ablate.execute.train.fit import Fit
from ablate.execute.train.layer_streams import layer_seed
from ablate.execute.train.network import generators_restored
from ablate.execute.train.trainer import trainer as make_trainer
from ablate.execute.train.trial_module import TrialModule
from ablate.plan.lesions import KINDS, LESION_KEY, Lesions
from ablate.plan.trial import Trial

MAX_REASONS = 3
"""Reasons that a record names."""


@dataclass(kw_only=True)
class Lesioned:
    """What was found of the lesions of one trained network."""

    responses: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict[str, dict[str, dict[str, float]]])
    """Arm → kind → response → value, if it is finite."""
    reasons: list[str] = field(default_factory=list[str])
    """Why one is missing, a sentence each."""

    @property
    def reason(self) -> str | None:
        """The first reasons in one line; None: nothing is missing."""
        more = len(self.reasons) - MAX_REASONS
        return "; ".join((*self.reasons[:MAX_REASONS], *((f"and {more} more",) if more > 0 else ()))) or None


def evaluate_lesions(fit: Fit, network: nn.Module, trial: Trial, lesions: Lesions | None, *, folder: Path) -> Lesioned:
    """Evaluates lesions on the test split: what does not work is left out, with the reason.

    Each evaluation begins with torch's, NumPy's and Python's generators as they are at the call, and leaves them so.
    Parameters and buffers stay as they are, as far as evaluating the network changes none.

    Args:
        fit: Trained. Its module is tested again; it is on no device of an accelerator.
        network: What of the module is evaluated, and has the modules: `ablate.execute.train.weights.trained`.
        trial: What was trained. The examples that `resample` takes from follow from its replicate's streams, and are
            the same for all arms.
        lesions: What is evaluated; None: nothing.
        folder: What Lightning takes for its files; nothing is written there.
    """
    found = Lesioned()
    if lesions is None:
        return found
    if fit.test is None:
        found.reasons.append("there is no test split to evaluate lesions on")
        return found
    evaluation = _Evaluation(
        fit=fit, config=on_one_device(trial.config), folder=folder, seed=layer_seed("(lesions)", trial.streams.split)
    )
    arms: dict[str, Mapping[str, nn.Module]] = {}
    for arm, selectors in lesions.arms.items():
        try:
            sites = [outermost(select(network, name, LESION_KEY)) for name in selectors]
            arms[arm] = {path: module for each in sites for path, module in each.items()}
        except AblateError as error:
            found.reasons.append(f"{arm}: {error}")
    means = Means({path: module for sites in arms.values() for path, module in sites.items()})
    try:
        evaluation.collect(means)
    except Exception as error:  # a test_step may refuse training examples, and a mean over some of them is none
        means.discard(f"no mean over the training examples: {_text(error)}")
    for arm, sites in arms.items():
        for kind in KINDS:
            try:
                responses = evaluation.test(sites, kind, means)
                if not math.isfinite(responses.get(lesions.response, math.nan)):
                    raise ModelError(f"it yields no finite {lesions.response}")
            except Exception as error:
                found.reasons.append(f"{kind} of {arm}: {_text(error)}")
            else:
                finite = {name: value for name, value in responses.items() if math.isfinite(value)}
                found.responses.setdefault(arm, {})[kind] = finite
    return found


@dataclass(frozen=True, kw_only=True)
class _Evaluation:
    """Evaluations of one trained module, each by a Trainer of its own, without loggers."""

    fit: Fit
    config: TrialConfig
    folder: Path
    seed: int

    def test(self, sites: Mapping[str, nn.Module], kind: str, means: Means) -> dict[str, float]:
        """The responses on the test split with modules put out of action."""
        assert self.fit.test is not None
        minibatch, trainer = self._trainer()
        with generators_restored(_device(trainer)), replaced(sites, kind, minibatch=minibatch, means=means):
            trainer.test(self.fit.module, verbose=False, **self.fit.test)
        return scalars(trainer)

    def collect(self, means: Means) -> None:
        """Evaluates the training examples: those of a LightningModule by its `test_step`."""
        minibatch, trainer = self._trainer()
        with generators_restored(_device(trainer)), means.collecting(minibatch):
            if isinstance(self.fit.module, TrialModule):
                examples = EvaluationChunks(examples=self.fit.examples["train"])
                trainer.predict(self.fit.module, examples, return_predictions=False)
            else:
                data = self.fit.data["datamodule"]
                trainer.test(self.fit.module, data.train_dataloader(), verbose=False)

    def _trainer(self) -> tuple[Minibatch, pl.Trainer]:
        minibatch, module = Minibatch(self.seed), self.fit.module
        is_plain = isinstance(module, TrialModule)
        made = make_trainer(
            self.config, user_defined=not is_plain, callbacks=(minibatch,), folder=self.folder, module=module
        )
        return minibatch, made


def _device(trainer: pl.Trainer) -> torch.device:
    return trainer.strategy.root_device


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, AblateError) else error_text(error)
