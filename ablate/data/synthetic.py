"""Regression with a known truth and a known noise floor."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Best, Source, subset
from ablate.errors import DataError, unknown


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of random inputs whose values have mean 0 and variance 1: by calculus, not by a sample."""

    draw: Callable[[np.random.Generator, tuple[int, int]], Float64[np.ndarray, "examples features"]]
    truth: Callable[[Float64[np.ndarray, "examples features"]], Float64[np.ndarray, " examples"]]
    least_features: int = 1


def linear(x: Float64[np.ndarray, "examples features"]) -> Float64[np.ndarray, " examples"]:
    """Σ w_j x_j for x ~ N(0, 1), with w_j ∝ 1, −1/2, 1/3, … of unit norm: y is exactly normal."""
    order = np.arange(1, x.shape[1] + 1)
    weights = np.where(order % 2, 1.0, -1.0) / order
    return x @ (weights / np.linalg.norm(weights))


def sine(x: Float64[np.ndarray, "examples features"]) -> Float64[np.ndarray, " examples"]:
    """√(2/p) Σ sin(2π x_j) for x ~ U(−1, 1): two periods of every feature, each of variance 1/2."""
    return math.sqrt(2 / x.shape[1]) * np.sin(2 * math.pi * x).sum(axis=1)


def friedman1(x: Float64[np.ndarray, "examples features"]) -> Float64[np.ndarray, " examples"]:
    """10 sin(π x₁x₂) + 20 (x₃ − ½)² + 10 x₄ + 5 x₅ for x ~ U(0, 1), standardised; other features say nothing.

    Moments: E sin(πuv) = Cin(π)/π and E sin²(πuv) = ½ − Si(2π)/4π.
    Source: J. Friedman, "Multivariate Adaptive Regression Splines", Annals of Statistics 19, 1991.
    """
    mean, variance = 14.413297342419856, 23.826463771381004
    bend = 10 * np.sin(math.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    return (bend + 10 * x[:, 3] + 5 * x[:, 4] - mean) / math.sqrt(variance)


TESTED_ON = ("seen", "unseen")
"""The range of targets that test examples have, where one is left out of training."""

FUNCTIONS = {
    "linear": Function(draw=lambda rng, shape: rng.standard_normal(shape), truth=linear),
    "sine": Function(draw=lambda rng, shape: rng.uniform(-1, 1, shape), truth=sine),
    "friedman1": Function(draw=lambda rng, shape: rng.uniform(0, 1, shape), truth=friedman1, least_features=5),
}


def synthetic(
    *,
    function: str = "friedman1",
    features: int = 10,
    examples: int = 1600,
    noise: float = 0.1,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    target_shift: float = 0.0,
    target_scale: float = 1.0,
    target_floor: float | None = None,
    unseen_below: float | None = None,
    tested_on: str = "unseen",
    limit: int | None = None,
    val_size: int = 200,
    test_size: int | None = 400,
) -> Source:
    """Examples (features,) with one target, y = scale (√(1 − noise²) truth(x) + noise ε) + shift, where ε ~ N(0, 1).

    Before scale and shift, targets have mean 0 and variance 1, and half of them are negative. So the best constant
    expects an MSE of 1, and no model can expect less than noise²: the noise floor. A larger `examples` with
    the same `data_seed` begins with the same ones. With `target_floor`, targets below it become it, before scale and
    shift: at 0, half of the targets are exactly 0, as rain or sales are on some days.

    With `unseen_below` the test set is every example whose target, but for its noise and before the shift, is below
    it, and the pool all others: tested is what lies below the training range. The noise floor is noise² on both
    sides, which a choice by the noisy target would bias. With a shift of −`unseen_below` the pool is positive and
    the test set negative, noise apart. (A ReLU output's test MSE is .475 or more, for linear, no noise, a cut at −1.)
    Each draw has another number of examples below the cut, and so it takes a `data_seed`, or both `limit` and
    `test_size`. With `tested_on=seen` the pool is the same, and test examples are drawn from it as ever.

    Args:
        function: A name in `FUNCTIONS`.
        features: Length of one input.
        examples: How many to generate.
        noise: SD of the noise, in SD of the target.
        data_seed: Fixes inputs and noise: every replicate splits the same examples. None: a fresh draw for each.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        target_shift: Added to the targets, in their SD where `target_scale` is 1.
        target_scale: What targets are multiplied by, more than 0.
        target_floor: What targets below it become, in their SD; None: they stay.
        unseen_below: Targets below it, in their SD, are in the test set alone; None: splits are random.
        tested_on: With `unseen_below`, the test examples: those below it (`unseen`), or others (`seen`).
        limit: Examples to use at all, those of `unseen_below` apart; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split; None, with `unseen_below`: all that there are.

    Raises:
        DataError: the function is unknown, or a number is out of its range.
    """
    if function not in FUNCTIONS:
        raise DataError(unknown("function", function, FUNCTIONS))
    chosen = FUNCTIONS[function]
    if features < chosen.least_features:
        raise DataError(f"data.features={features}; valid for {function}: {chosen.least_features} or more.")
    if not 0 <= noise < 1:
        raise DataError(f"data.noise={noise} is a share of the target's SD; valid: 0 or more, and less than 1.")
    if not target_scale > 0:
        raise DataError(f"data.target_scale={target_scale}; valid: more than 0.")
    if tested_on not in TESTED_ON:
        raise DataError(unknown("data.tested_on", tested_on, TESTED_ON))
    if tested_on == "seen" and unseen_below is None:
        raise DataError("data.tested_on=seen goes with data.unseen_below: without it no range is unseen.")
    check_at_least(1, examples=examples)
    if unseen_below is not None and data_seed is None and None in (limit, test_size):
        raise DataError(
            f"data.unseen_below={unseen_below} goes with a data.data_seed, such as 0, or with both data.limit and"
            " data.test_size: with another draw for each replicate, each would train and test on another number of"
            " examples."
        )
    for_inputs, for_noise = generators(data_seed, 2, replicate_seed=replicate_seed)
    inputs = chosen.draw(for_inputs, (examples, features))
    truth = math.sqrt(1 - noise**2) * chosen.truth(inputs)
    targets = truth + noise * for_noise.standard_normal(examples)
    if target_floor is not None:
        targets = np.maximum(targets, target_floor)
    pool = Arrays(
        inputs=torch.tensor(inputs, dtype=torch.float32),
        targets=torch.tensor(target_scale * targets, dtype=torch.float32).unsqueeze(1),
    )
    unseen = None
    if unseen_below is not None:
        low = torch.from_numpy(truth < unseen_below)
        if not 0 < low.sum() < examples:
            raise DataError(
                f"data.unseen_below={unseen_below} has all examples on one side; valid: between the least and the"
                f" largest target without its noise, {truth.min():.2f} and {truth.max():.2f}."
            )
        pool, unseen = pool.at(torch.nonzero(~low)[:, 0]), pool.at(torch.nonzero(low)[:, 0])

    def mean(given: Tensor) -> Tensor:
        found = math.sqrt(1 - noise**2) * chosen.truth(given.double().numpy())
        if target_floor is not None:
            found = _mean_above(found, target_floor, noise)
        return torch.from_numpy(target_scale * found).float().unsqueeze(1)

    return Source(
        pool=pool.at(subset(len(pool), limit)),
        test=unseen if tested_on == "unseen" else None,
        val_size=val_size,
        test_size=test_size,
        target_shift=target_shift,
        is_fresh=is_fresh(data_seed, replicate_seed),
        best=Best(predict=mean),
    )


def _mean_above(
    truth: Float64[np.ndarray, " examples"], floor: float, noise: float
) -> Float64[np.ndarray, " examples"]:
    """E max(floor, truth + noise ε): Greene, Econometric Analysis, theorem 19.3 on censored normal variables."""
    if not noise:
        return np.maximum(truth, floor)
    above = torch.from_numpy((truth - floor) / noise)
    density = (-above.square() / 2).exp() / math.sqrt(2 * math.pi)
    return floor + noise * (above * torch.special.ndtr(above) + density).numpy()
