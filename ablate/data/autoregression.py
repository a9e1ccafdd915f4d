"""Time series with known coefficients: each step to be predicted from those before it."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float64

from ablate.data.generator import generators, is_fresh
from ablate.data.option import check_at_least
from ablate.data.source import Arrays, Source, subset
from ablate.errors import DataError


def autoregression(
    *,
    coefficients: Sequence[float],
    length: int = 64,
    lead: int = 1,
    examples: int = 1600,
    data_seed: int | None = None,
    replicate_seed: int | None = None,
    limit: int | None = None,
    val_size: int = 200,
    test_size: int = 400,
) -> Source:
    """Series of shape (1, length), each with the target (length,) of the same series `lead` steps on.

    x_t = Σ a_j x_(t−j) + σ ε_t with ε ~ N(0, 1), stationary from the first step, with σ such that x has variance 1:
    the best constant expects an MSE of 1. Target t is x_(t+lead).

    Noise floor: from x_t and all before it no rule expects an MSE below σ² Σ ψ_i² over i < lead, with ψ_0 = 1 and
    ψ_i = Σ a_j ψ_(i−j), and a linear rule on as many values as there are coefficients gets there. For coefficients
    1.2 and −.6 it is .28 at a lead of 1, then .683 and .881. A little more at the start, where less comes before.

    A network whose output t sees x_(t+lead) copies it: floor 0, but at the end. To one that sees h steps ahead and no
    further, a lead of h + 1 is the next unseen value: its floor is that of lead 1, but for the last h outputs, before
    which the inputs end. They raise its MSE by less than h / length: take a length that makes this small.

    Args:
        coefficients: a_1, a_2, …: of a stationary series.
        length: Steps of one series.
        lead: How many steps ahead the target lies.
        examples: How many to generate.
        data_seed: Fixes the series: every replicate splits the same examples. None: a fresh draw for each replicate.
        replicate_seed: Of the replicate, which ablate gives; None: a draw that belongs to none.
        limit: Examples to use at all; None: every one.
        val_size: Examples of the validation split.
        test_size: Examples of the test split.

    Raises:
        DataError: the coefficients are not of a stationary series, or a number is out of its range.
    """
    check_at_least(1, length=length, lead=lead, examples=examples)
    state = _stationary(coefficients)
    for_start, for_steps = generators(data_seed, 2, replicate_seed=replicate_seed)
    order, steps = len(coefficients), length + lead
    noise = np.sqrt(1 / state[0, 0])
    past = noise * for_start.standard_normal((examples, order)) @ np.linalg.cholesky(state).T  # the latest step first
    series = noise * for_steps.standard_normal((examples, steps))
    for step in range(steps):
        series[:, step] += past @ np.asarray(coefficients)
        past = np.concatenate([series[:, step : step + 1], past[:, :-1]], axis=1)
    values = torch.tensor(series, dtype=torch.float32)
    pool = Arrays(inputs=values[:, None, :length].contiguous(), targets=values[:, lead:].contiguous())
    return Source(
        pool=pool.at(subset(examples, limit)),
        val_size=val_size,
        test_size=test_size,
        is_fresh=is_fresh(data_seed, replicate_seed),
    )


def _stationary(coefficients: Sequence[float]) -> Float64[np.ndarray, "order order"]:
    """Covariance P of `order` successive steps at σ = 1: the solution of P = A P Aᵀ + e₁e₁ᵀ, A the companion matrix."""
    order = len(coefficients)
    if order == 0:
        raise DataError("data.coefficients is empty; valid: one number or more, such as [1.2, -0.6].")
    companion = np.eye(order, k=-1)
    companion[0] = coefficients
    if not (np.isfinite(companion).all() and np.abs(np.linalg.eigvals(companion)).max() < 0.999):
        raise DataError(
            f"data.coefficients={list(coefficients)} are of a series that grows or wanders off: valid are those for"
            " which the roots of z^p = a_1 z^(p−1) + … + a_p lie inside the unit circle (below .999)."
        )
    shock = np.zeros(order * order)
    shock[0] = 1
    system = np.eye(order * order) - np.kron(companion, companion)
    return np.linalg.solve(system, shock).reshape(order, order)
