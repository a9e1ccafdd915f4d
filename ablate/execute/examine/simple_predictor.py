"""A simple predictor on the splits of a replicate: what is reached without a network."""

from collections.abc import Callable, Hashable, Mapping
from typing import cast

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from ablate.execute.examine.predictor import scores_where_possible, shared_scores, split_of
from ablate.execute.train.fit import Fit
from ablate.execute.train.trial_module import TrialModule, at_least_single

MAX_PRODUCTS, MAX_LINEAR_PRODUCTS = 500_000_000, 2_000_000_000
"""Multiplications that each may take, less than a second on one core; where it takes more, fewer training examples are
used."""
AT_ONCE = 1024
"""Examples whose distances to all others are held at a time."""
NEAREST, LINEAR = "1-NN", "least squares"

Scores = Mapping[str, Mapping[str, float]]


def simple_scores(fit: Fit) -> Scores:
    """Simple predictor → response → its score on `val` and `test`; empty where there is none.

    Of classes, in whatever encoding, it answers with the class of the nearest training example (1-NN, by Euclidean
    distance), and has an accuracy alone. Of other numbers it answers with the affine function of the inputs that has
    the least squared error on the training split, and has every metric and the loss. Where that takes too long, the
    first training examples stand for all of them. There is none for a user-defined LightningModule, nor where a network
    gives more than one vector for an example.
    """
    return scores_where_possible(fit, _scores)


def shared_simple_scores() -> Callable[[Fit], Scores]:
    """Does as `simple_scores`. Members of a stack that hold the same data share what is found."""

    def key(module: TrialModule) -> Hashable:
        held = [t for split in ("train", "val", "test") for t in split_of(module, split)]
        return (*((t.data_ptr(), t.shape) for t in held), repr(module.loss), repr(module.metrics))

    return shared_scores(simple_scores, key)


def _scores(module: TrialModule) -> Scores:
    inputs, targets = split_of(module, "train")
    known, asked = _flat(inputs), max(len(split_of(module, split)[0]) for split in ("val", "test"))
    classes = _are_classes(targets)
    products = asked * known.shape[1] if classes else (known.shape[1] + 1) ** 2
    used = min(len(known), max(1, (MAX_PRODUCTS if classes else MAX_LINEAR_PRODUCTS) // max(1, products)))
    answers = _as_outputs(module, targets) if classes else targets
    if answers is None or answers.ndim > 2:
        return {}
    if not classes and used < 2 * known.shape[1]:  # with as many inputs as examples, any targets are fitted exactly
        return {}
    predict = (_nearest if classes else _linear)(known[:used], answers[:used])
    scores: dict[str, float] = {}
    for split in ("val", "test"):
        there, wanted = split_of(module, split)
        predicted = predict(_flat(there))
        metrics = cast(MetricCollection, module.metrics[split]).clone()
        metrics.to(predicted.dtype).update(predicted, wanted)
        found = {name: float(value) for name, value in metrics.compute().items()}
        if classes:
            found = {name: value for name, value in found.items() if name.endswith("accuracy")}
        else:
            found[f"{split}/loss"] = float(module.loss(predicted, wanted))
        scores |= found
    name = (NEAREST if classes else LINEAR) + (f" of {used} examples" if used < len(known) else "")
    return {name: scores} if scores else {}


def _are_classes(targets: Tensor) -> bool:
    """Whether targets are classes: whole numbers, or one-hot, binary or signs in floating point."""
    if not targets.is_floating_point():
        return True
    return bool(((targets == 0) | (targets == 1)).all()) or bool((targets.abs() == 1).all())


def _as_outputs(module: TrialModule, targets: Tensor) -> Tensor | None:
    """Classes as outputs of which the largest, or the sign, is the class; None where an example has several."""
    if targets.is_floating_point():
        return 2 * targets - 1 if bool((targets >= 0).all()) else targets
    if targets.ndim > 1:
        return None
    count = 1 + max(int(split_of(module, split)[1].max()) for split in ("train", "val", "test"))
    return 2 * torch.nn.functional.one_hot(targets.long(), count).to(torch.float32) - 1


def _nearest(known: Tensor, answers: Tensor) -> Callable[[Tensor], Tensor]:
    squares = known.square().sum(dim=1)

    def predict(asked: Tensor) -> Tensor:
        # |x − y|² less |x|², which is the same for all y.
        nearest = [(squares - 2 * part @ known.T).argmin(dim=1) for part in asked.split(AT_ONCE)]
        return answers[torch.cat(nearest)]

    return predict


def _linear(known: Tensor, answers: Tensor) -> Callable[[Tensor], Tensor]:
    wanted = answers.to(torch.float64).reshape(len(known), -1)
    weights = torch.linalg.lstsq(_with_one(known), wanted, driver="gelsy").solution

    def predict(asked: Tensor) -> Tensor:
        return (_with_one(asked) @ weights).reshape(len(asked), *answers.shape[1:]).to(answers.dtype)

    return predict


def _with_one(inputs: Tensor) -> Tensor:
    return torch.cat([inputs.to(torch.float64), torch.ones(len(inputs), 1, dtype=torch.float64)], dim=1)


def _flat(inputs: Tensor) -> Tensor:
    return at_least_single(inputs if inputs.is_floating_point() else inputs.float()).flatten(1)
