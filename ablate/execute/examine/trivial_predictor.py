"""The trivial predictor of a replicate: one output for every input, the best that the training targets allow."""

import copy
from collections.abc import Callable, Hashable, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from ablate.execute.examine.predictor import scores_where_possible, shared_scores, split_of
from ablate.execute.train.fit import Fit
from ablate.execute.train.network import evaluating
from ablate.execute.train.trial_module import TrialModule, at_least_single

MAX_NUMBERS = 4_000_000
"""Of the constant output repeated for as many examples as it is fitted on at once."""
MAX_ITERATIONS = 100
EVALUATED_AT_ONCE = 4096
"""Examples."""

Scores = Mapping[str, float]


def trivial_scores(fit: Fit) -> Scores:
    """Response → what a network scores that answers every input alike, on the replicate's own splits.

    The answer is the constant of least training loss, found by L-BFGS from 0: the mean for a squared error, the
    logarithms of the classes' shares for a cross-entropy. It depends on targets, loss and metrics alone, not on the
    network.

    Returns:
        `train/loss`, and every metric and the loss on `val` and `test`. Nothing for a user-defined LightningModule, or
        where the outputs are no tensor that the loss takes as they are.
    """
    probe = fit.probe
    return {} if probe is None else scores_where_possible(fit, lambda module: _scores(module, fit.network, probe))


def shared_trivial_scores() -> Callable[[Fit], Scores]:
    """Does as `trivial_scores`. Members of a stack with the same targets, loss and metrics share what is found."""

    def key(module: TrialModule) -> Hashable:
        targets = (split_of(module, split)[1] for split in ("train", "val", "test"))
        return (*((t.shape, t.dtype, t.numpy(force=True).tobytes()) for t in targets), repr(module.loss))

    return shared_scores(trivial_scores, key)


def _scores(module: TrialModule, network: nn.Module, probe: Tensor) -> Scores:
    with evaluating(network), torch.random.fork_rng(devices=[]):
        output = network(probe)
    if not isinstance(output, Tensor):
        return {}
    like = at_least_single(output)[0]
    constant = _constant(module.loss, torch.zeros_like(like), split_of(module, "train")[1])
    scores: dict[str, float] = {}
    for split in ("train", "val", "test"):
        _, wanted = split_of(module, split)
        metrics = None if split == "train" else cast(MetricCollection, module.metrics[split]).clone()
        total = 0.0
        for part in wanted.split(EVALUATED_AT_ONCE):
            predicted = constant.expand(len(part), *constant.shape)
            total += float(module.loss(predicted, part)) * len(part)
            if metrics is not None:
                metrics.to(constant.dtype).update(predicted, part)
        scores[f"{split}/loss"] = total / len(wanted)
        scores |= {} if metrics is None else {name: float(value) for name, value in metrics.compute().items()}
    return scores


def _constant(loss: nn.Module, start: Tensor, targets: Tensor) -> Tensor:
    """The output, of the shape and type of `start`, that has the least mean loss.

    It is found in double precision, so that classes of equal shares are equal when rounded to `start`'s type: their
    order, which decides the accuracy, would else be that of a processor's rounding.
    """
    constant = start.double().requires_grad_()
    loss = copy.deepcopy(loss).double()
    fitted = targets[: max(1, MAX_NUMBERS // max(1, constant.numel()))]
    fitted = fitted.double() if fitted.is_floating_point() else fitted
    search = torch.optim.LBFGS([constant], max_iter=MAX_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(constant.expand(len(fitted), *constant.shape), fitted)
        value.backward()
        return value

    with torch.enable_grad():
        search.step(closure)  # pyright: ignore[reportArgumentType]
    found = constant.detach().to(start.dtype)
    return found if bool(torch.isfinite(found).all()) else torch.zeros_like(found)
