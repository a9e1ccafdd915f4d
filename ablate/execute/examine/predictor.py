"""A predictor that is no network: where it can be scored, and one score for all members of a stack that share it."""

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar, cast

import torch
from torch import Tensor

from ablate.execute.train.fit import Fit
from ablate.execute.train.trial_module import TrialModule, at_least_single

T = TypeVar("T")


def split_of(module: TrialModule, split: str) -> tuple[Tensor, Tensor]:
    """The inputs and targets of a split, on its device; floating-point targets in single precision at least."""
    inputs, targets = (cast(Tensor, getattr(module, f"{split}_{kind}")) for kind in ("inputs", "targets"))
    return inputs, at_least_single(targets)


def scores_where_possible(fit: Fit, scores: Callable[[TrialModule], Mapping[str, T]]) -> Mapping[str, T]:
    """What `scores` returns; nothing for a LightningModule, or where loss or metrics refuse the answers."""
    if not isinstance(fit.module, TrialModule):
        return {}
    try:
        with torch.no_grad():
            return scores(fit.module)
    except (RuntimeError, TypeError, ValueError, AttributeError):  # a user-defined loss or metric wants something else
        return {}


def shared_scores(
    scores: Callable[[Fit], Mapping[str, T]], key: Callable[[TrialModule], Hashable]
) -> Callable[[Fit], Mapping[str, T]]:
    """Does as `scores`. Fits of equal keys share what is found."""
    found: dict[Hashable, Mapping[str, T]] = {}

    def make(fit: Fit) -> Mapping[str, T]:
        if not isinstance(fit.module, TrialModule):
            return {}
        known = key(fit.module)
        if known not in found:
            found[known] = scores(fit)
        return found[known]

    return make
