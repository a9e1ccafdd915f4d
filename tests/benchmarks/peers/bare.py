"""The trainings of a list as bare loops on resident tensors, over several processes: `bare.py LIST WORKERS RESULTS`.

LIST is JSON: for each training its id, configuration, seed and replicate, the longest first. It measures no more than
a loop must: the loss of each epoch, validation after each, and the test split at the end where one is asked for.
Networks and splits are built as a trial's are, splits once for each replicate of a process.
"""

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ablate.config.trial import TrialConfig
from ablate.data.source import Arrays
from ablate.execute.train.dataset import shared_splits
from ablate.execute.train.fit import prepare
from ablate.plan.seeds import streams

SPLITS = shared_splits()


def trained(training: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """Trains one network; its id, and losses and accuracies."""
    config = TrialConfig.from_dict(training["config"])
    drawn = streams(training["seed"], training["replicate"])
    network, splits = prepare(config, drawn, make_splits=SPLITS).network, SPLITS(config, seed=drawn.split)
    dtype = torch.float32
    if config.trainer["precision"] == "64-true":
        network, dtype = network.double(), torch.float64
    loss_of, batch = nn.CrossEntropyLoss(), config.data.description.batch_size
    inputs, targets = splits.train.inputs.to(dtype), splits.train.targets
    steps, epochs = len(inputs) // batch, int(config.trainer["max_epochs"])
    optimizer, schedule = _optimizer(network, config, steps * epochs)
    generator = torch.Generator().manual_seed(drawn.order)
    found: dict[str, float] = {}
    for _ in range(epochs):
        network.train()
        total = torch.zeros((), dtype=inputs.dtype)
        order = torch.randperm(len(inputs), generator=generator)
        for minibatch in order[: steps * batch].view(-1, batch):
            loss = loss_of(network(inputs[minibatch]), targets[minibatch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach()
        found = {"train/loss": float(total) / steps, **_evaluated(network, splits.val, "val")}
    if training["is_tested"]:
        found |= _evaluated(network, splits.test, "test")
    return training["id"], found


def _optimizer(network: nn.Module, config: TrialConfig, steps: int):
    """AdamW with one cycle, and nothing else: any other setting is an error."""
    chosen, cycle = dict(config.optimizer.mapping), dict(config.scheduler.mapping)
    names = chosen.pop("_target_"), cycle.pop("_target_"), cycle.pop("total_steps"), cycle.pop("interval")
    wanted = "torch.optim.AdamW", "torch.optim.lr_scheduler.OneCycleLR", "100%", "step"
    if names != wanted or chosen.pop("weight_decay_on") != "all":
        raise ValueError(f"{names}: this loop has {wanted}.")
    optimizer = torch.optim.AdamW(network.parameters(), **chosen, fused=True)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, total_steps=steps, **cycle)


@torch.no_grad()
def _evaluated(network: nn.Module, split: Arrays, name: str) -> dict[str, float]:
    network.eval()
    outputs = network(split.inputs.to(next(network.parameters()).dtype))
    right = (outputs.argmax(1) == split.targets).double().mean()
    return {
        f"{name}/loss": float(nn.functional.cross_entropy(outputs, split.targets)),
        f"{name}/accuracy": float(right),
    }


def main(trainings: Path, workers: int, results: Path) -> None:
    """Trains all of a list, and leaves what came of each."""
    torch.set_num_threads(1)
    listed = json.loads(trainings.read_text(encoding="utf-8"))
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        found = dict(pool.imap_unordered(trained, listed))
    results.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
