"""A simple predictor on the splits of a replicate, and the best rule: what is reached without a network."""

from collections.abc import Callable, Hashable, Mapping
from typing import cast

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from ablate.errors import DataError
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
    """Predictor → response → its score on `val` and `test`; empty where there is none.

    Of classes, in whatever encoding, it answers with the class of the nearest training example (1-NN, by Euclidean
    distance), and has an accuracy alone. Of other numbers it answers with the affine function of the inputs that has
    the least squared error on the training split, and has every metric and the loss. Where that takes too long, the
    first training examples stand for all of them. There is none for a user-defined LightningModule, nor of token ids,
    nor of data that are streamed, nor where a network gives more than one vector for an example.

    Beside it stands the best rule that there is, where the data state it: `ablate.data.Best`.
    """
    module = fit.module
    with torch.no_grad():
        answers = _best_answers(module) if isinstance(module, TrialModule) else {}
    best = scores_where_possible(fit, lambda found: _best(found, answers))
    return {**scores_where_possible(fit, _simple), **best}


def shared_simple_scores() -> Callable[[Fit], Scores]:
    """Does as `simple_scores`. Members of a stack that hold the same data share what is found."""

    def key(module: TrialModule) -> Hashable:
        held = [t for split in ("train", "val", "test") for t in split_of(module, split)]
        return (*((t.data_ptr(), t.shape) for t in held), id(module.best), repr(module.loss), repr(module.metrics))

    return shared_scores(simple_scores, key)


def _simple(module: TrialModule) -> Scores:
    inputs, targets = split_of(module, "train")
    # Of token ids, neither distances nor multiples mean anything.
    if module.is_streamed or not inputs.is_floating_point():
        return {}
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
    name = (NEAREST if classes else LINEAR) + (f" of {used} examples" if used < len(known) else "")
    return _evaluated(module, name, lambda split: predict(_flat(split_of(module, split)[0])), are_classes=classes)


def _best_answers(module: TrialModule) -> dict[str, Tensor]:
    """Split → what the best rule that there is says of it; empty where the truth of the data is not known.

    Raises:
        DataError: it does not answer as the targets are.
    """
    if module.best is None:
        return {}
    answers: dict[str, Tensor] = {}
    for split in ("val", "test"):
        inputs, targets = split_of(module, split)
        answers[split] = found = module.best.predict(inputs.float().cpu()).to(targets.device)
        if found.shape != targets.shape or found.is_floating_point() != targets.is_floating_point():
            raise DataError(
                f"data: the best rule gives {str(found.dtype).removeprefix('torch.')} of shape {list(found.shape)} for "
                f"targets of shape {list(targets.shape)} ({str(targets.dtype).removeprefix('torch.')}). "
                "Best(predict=…) must answer as the targets are encoded, one for each example."
            )
    return answers


def _best(module: TrialModule, answers: Mapping[str, Tensor]) -> Scores:
    if module.best is None:
        return {}
    classes = _are_classes(split_of(module, "train")[1])

    def predict(split: str) -> Tensor | None:
        found = answers[split]
        return _as_outputs(module, found) if classes else found.to(split_of(module, split)[1].dtype)

    return _evaluated(module, module.best.name, predict, are_classes=classes)


def _evaluated(module: TrialModule, name: str, predict: Callable[[str], Tensor | None], *, are_classes: bool) -> Scores:
    """The scores of a predictor on `val` and `test`: of classes the accuracies, of other numbers all and the loss."""
    scores: dict[str, float] = {}
    for split in ("val", "test"):
        wanted, predicted = split_of(module, split)[1], predict(split)
        if predicted is None:
            return {}
        metrics = cast(MetricCollection, module.metrics[split]).clone()
        metrics.to(predicted.dtype).update(predicted, wanted)
        found = {name: float(value) for name, value in metrics.compute().items()}
        if are_classes:
            found = {name: value for name, value in found.items() if name.endswith("accuracy")}
        else:
            found[f"{split}/loss"] = float(module.loss(predicted, wanted))
        scores |= found
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
